"""Who rests when a process is woken too often, and who never does."""

import heapq
from collections.abc import Sequence

import pytest

from flumepy.core.pace import COUNT_S, LONG_STEP_S, LONGEST_REST_S, SHORT_STEP_S, SINK_SHARE, Pace, Rhythm
from flumepy.core.threads import Wakeup


class Clock:
    """A time that the test sets."""

    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        return self.s


class SleepingWakeup(Wakeup):
    """A wake-up on the test's clock: nobody sets it, each wait takes its time."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.waits_s: list[float] = []

    def wait(self, timeout_s: float | None) -> bool:
        assert timeout_s is not None
        self.waits_s.append(timeout_s)
        self.clock.s += timeout_s
        return False


class Flow:
    """A thread whose work comes every `interval_s`; many share one clock, each told the time at which it looks."""

    def __init__(self, clock: Clock, pace: Pace, interval_s: float) -> None:
        self.wakeup = SleepingWakeup(clock)
        self.rhythm = Rhythm(self.wakeup, pace)
        self.clock = clock
        self.interval_s = interval_s

    def forget_waits(self) -> None:
        """Begin to count anew."""
        self.wakeup.waits_s.clear()

    def work(self) -> float:
        """Do what has come, rest where that is wanted, and return when the next work is seen."""
        self.rhythm.work_came()
        now_s = self.clock.s
        self.rhythm.rest()
        next_s = (int(now_s / self.interval_s + 1e-6) + 1) * self.interval_s
        ready_s, self.clock.s = max(self.clock.s, next_s), now_s
        return ready_s


class PairedFlow(Flow):
    """A source, and the sink that is woken by its put and looks again after each of its rests."""

    def __init__(self, clock: Clock, pace: Pace, interval_s: float) -> None:
        super().__init__(clock, pace, interval_s)
        self.sink_wakeup = SleepingWakeup(clock)
        self._sink = Rhythm(self.sink_wakeup, pace, share=SINK_SHARE)
        self._sink_rests_until_s = 0.0

    def forget_waits(self) -> None:
        super().forget_waits()
        self.sink_wakeup.waits_s.clear()

    def work(self) -> float:
        now_s = self.clock.s
        self.clock.s = max(now_s, self._sink_rests_until_s)
        self._sink.work_came()
        self._sink.rest()
        self._sink_rests_until_s, self.clock.s = self.clock.s, now_s
        return super().work()


def wake_ups_in_a_second(clock: Clock, flows: Sequence[Flow]) -> int:
    """Run the flows until they have settled, then count for a second; their waits are those of that second."""
    queue = [(clock.s, number) for number in range(len(flows))]
    began_s, count = clock.s + 3, 0
    while queue[0][0] < began_s + 1:
        clock.s, number = queue[0]
        if clock.s >= began_s:
            if not count:
                for flow in flows:
                    flow.forget_waits()
            count += 1
        heapq.heapreplace(queue, (flows[number].work(), number))
    return count


@pytest.mark.parametrize("threads", [40, 200, 400])
def test_many_threads_are_woken_no_more_often_than_the_pace_allows(threads: int) -> None:
    clock = Clock()
    pace = Pace(clock)
    flows = [Flow(clock, pace, 0.01) for _ in range(threads)]
    allowed = max(1 / LONG_STEP_S, threads / LONGEST_REST_S)
    assert wake_ups_in_a_second(clock, flows) <= allowed * 1.25
    assert max(wait_s for flow in flows for wait_s in flow.wakeup.waits_s) <= LONGEST_REST_S + 1e-9


def test_a_single_flow_rests_for_a_moment_only_however_often_it_is_woken() -> None:
    clock = Clock()
    pace = Pace(clock)
    flow = [Flow(clock, pace, 0.0001) for _ in range(2)]
    wake_ups_in_a_second(clock, flow)
    for one in flow:
        one.forget_waits()
    assert wake_ups_in_a_second(clock, flow) == pytest.approx(1 / SHORT_STEP_S, rel=0.25)
    assert max(wait_s for one in flow for wait_s in one.wakeup.waits_s) <= 4 * SHORT_STEP_S + 1e-9


def test_threads_that_have_become_idle_count_no_longer() -> None:
    clock = Clock()
    pace = Pace(clock)
    for thread in range(100):
        pace.next_moment_s(clock.s, thread)
    for _ in range(2):
        clock.s += COUNT_S
        pace.next_moment_s(clock.s, 0)
    clock.s += 1
    moments = [pace.next_moment_s(clock.s, 0) for _ in range(100)]
    assert moments[-1] - moments[-2] == pytest.approx(SHORT_STEP_S)


def test_while_they_are_few_nobody_rests() -> None:
    clock = Clock()
    pace = Pace(clock)
    flows = [Flow(clock, pace, 0.01) for _ in range(4)]
    assert wake_ups_in_a_second(clock, flows) == pytest.approx(400, abs=10)
    assert not any(flow.wakeup.waits_s for flow in flows)


def test_a_thread_that_is_woken_seldom_never_rests_however_busy_others_are() -> None:
    clock = Clock()
    pace = Pace(clock)
    flows = [Flow(clock, pace, 0.01) for _ in range(200)]
    seldom = Flow(clock, pace, LONGEST_REST_S * 0.6)
    wake_ups_in_a_second(clock, [*flows, seldom])
    assert flows[0].wakeup.waits_s
    assert not seldom.wakeup.waits_s


def test_a_thread_whose_work_stops_coming_stops_resting() -> None:
    clock = Clock()
    pace = Pace(clock)
    rhythm = Rhythm(SleepingWakeup(clock), pace)
    for _ in range(200):
        pace.next_moment_s(clock.s, 0)
    rhythm.rest()
    clock.s += 0.001
    rhythm.work_came()
    assert rhythm.rest()
    clock.s += 5  # nothing came during the rest, nor soon after it
    rhythm.work_came()
    for _ in range(200):
        pace.next_moment_s(clock.s, 0)
    assert not rhythm.rest()


@pytest.mark.parametrize("pairs", [20, 100])
def test_a_sink_whose_source_rests_soon_needs_no_rest(pairs: int) -> None:
    clock = Clock()
    pace = Pace(clock)
    flows = [PairedFlow(clock, pace, 0.01) for _ in range(pairs)]
    wake_ups_in_a_second(clock, flows)
    assert all(flow.wakeup.waits_s for flow in flows)
    sinks_waits = sum(len(flow.sink_wakeup.waits_s) for flow in flows)
    sources_waits = sum(len(flow.wakeup.waits_s) for flow in flows)
    assert sinks_waits < 0.25 * sources_waits


def test_work_that_comes_soon_is_expected_soon() -> None:
    clock = Clock()
    rhythm = Rhythm(SleepingWakeup(clock), Pace(clock))
    assert not rhythm.expects_work_within(1)
    rhythm.rest()
    clock.s += 0.25
    rhythm.work_came()
    assert rhythm.expects_work_within(0.5)
    assert not rhythm.expects_work_within(0.125)


def test_a_set_ends_a_rest() -> None:
    wakeup = Wakeup()
    pace = Pace()
    rhythm = Rhythm(wakeup, pace)
    rhythm.rest()
    rhythm.work_came()
    for _ in range(400):
        pace.next_moment_s(pace.now_s(), 0)
    wakeup.set()
    assert rhythm.rest()
    assert not wakeup.wait(0)
