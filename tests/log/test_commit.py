"""Group commit with threads: order, failure and closing reach everybody, and no wake-up is lost."""

import errno
import random
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flumepy.core.threads import Wakeup, start_thread
from flumepy.log.errors import LogFailedError
from flumepy.log.ticket import Level
from flumepy.log.waiter import Waiter
from flumepy.testing.disks import FaultyDisk, GatedDisk, WatchedDisk
from flumepy.testing.fakes import wait_until
from flumepy.testing.forgetful_disk import ForgetfulDisk
from tests.log.logs import fill, frame, new_log, opened, read_texts

FOLDER = Path("/group-commit")
THREADS = 16


class JitteryDisk(WatchedDisk):
    """Gives way to other threads now and then, at any call."""

    def __init__(self, seed: int) -> None:
        super().__init__(ForgetfulDisk())
        self._random = random.Random(seed)

    def before(self, call: str) -> None:
        if self._random.random() < 0.3:
            threading.Event().wait(self._random.choice([0, 0.0001, 0.0005]))


def run(count: int, work: Callable[[int], None]) -> list[threading.Thread]:
    return [start_thread(f"test-{number}", lambda number=number: work(number)) for number in range(count)]


def join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(30)
    assert [thread.name for thread in threads if thread.is_alive()] == []


@pytest.mark.parametrize("seed", range(20))
def test_no_thread_waits_forever_whatever_the_timing(seed: int) -> None:
    folder = FOLDER / f"timing-{seed}"
    done: list[int] = []
    called: list[int] = []

    with opened(folder, disk=JitteryDisk(seed), segment_bytes=2048) as log:

        def work(number: int) -> None:
            chance = random.Random(seed * 100 + number)
            for _ in range(12):
                ticket = log.append(frame("x" * chance.randint(0, 300)))
                level = chance.choice(list(Level))
                match chance.choice(["wait", "wait", "call", "sync"]):
                    case "wait":
                        ticket.wait(level)
                        assert ticket.is_done(level)
                    case "call":
                        gate = threading.Event()
                        ticket.call_when(level, lambda error, gate=gate: (called.append(error is None), gate.set()))
                        assert gate.wait(20)
                    case "sync":
                        log.sync()
                        assert ticket.is_done()
            done.append(number)

        join(run(THREADS, work))
        assert sorted(done) == list(range(THREADS))
        assert all(called)
        assert len(read_texts(log)) == THREADS * 12


def test_threads_share_syncs() -> None:
    disk = FaultyDisk(ForgetfulDisk())
    gated = GatedDisk(disk)
    with opened(FOLDER / "share", disk=gated, segment_bytes=1 << 20) as log:
        log.append(frame()).wait()
        gated.hold()
        tickets = [log.append(frame(str(number))) for number in range(THREADS)]
        first = run(1, lambda _: tickets[0].wait())
        wait_until(lambda: gated.held)
        before = disk.calls["sync"]
        others = run(THREADS, lambda number: log.append(frame(f"second {number}")).wait())
        wait_until(lambda: len(log._commit._waiters) == THREADS, what="everybody waits")
        gated.free()
        join(first + others)
        assert disk.calls["sync"] - before == 2  # the one that was held, and one for all


def test_callbacks_come_in_the_order_of_their_frames() -> None:
    order: list[int] = []
    with opened(FOLDER / "order", disk=ForgetfulDisk()) as log:
        tickets = [log.append(frame(str(number))) for number in range(200)]
        shuffled = list(range(200))
        random.Random(3).shuffle(shuffled)
        with log._commit.paused():
            second = [log.append(frame(str(number))) for number in range(200)]
            for number in shuffled:
                second[number].call_when(Level.SYNCED, lambda error, number=number: order.append(number))
        wait_until(lambda: len(order) == 200)
        assert order == list(range(200))
        assert tickets[-1].is_done()


def test_a_late_callback_does_not_overtake_one_that_is_being_made() -> None:
    order: list[str] = []
    entered, goes_on = threading.Event(), threading.Event()
    with opened(FOLDER / "overtake", disk=ForgetfulDisk()) as log:
        first, second = log.append(frame("a")), log.append(frame("b"))

        def slow(error: object) -> None:
            entered.set()
            goes_on.wait(10)
            order.append("a")

        first.call_when(Level.SYNCED, slow)
        assert entered.wait(10)
        assert second.is_done()
        second.call_when(Level.SYNCED, lambda error: order.append("b"))
        assert order == []
        goes_on.set()
        wait_until(lambda: len(order) == 2)
    assert order == ["a", "b"]


def test_a_callback_for_what_is_done_is_made_at_once() -> None:
    called: list[object] = []
    with opened(FOLDER / "at-once", disk=ForgetfulDisk()) as log:
        ticket = log.append(frame())
        ticket.wait()
        ticket.call_when(Level.SYNCED, called.append)
        assert called == [None]
        log.call_when(Level.SYNCED, called.append)
        assert called == [None, None]


def test_a_callback_may_append_and_ask_for_another() -> None:
    finished = threading.Event()
    with opened(FOLDER / "again", disk=ForgetfulDisk()) as log:

        def again(error: object, left: int = 5) -> None:
            if not left:
                finished.set()
                return
            log.append(frame()).call_when(Level.SYNCED, lambda error: again(error, left - 1))

        again(None)
        assert finished.wait(10)


@pytest.mark.parametrize("call", ["write", "sync"])
def test_a_failure_reaches_every_waiter_and_every_callback(call: str) -> None:
    disk = FaultyDisk(ForgetfulDisk())
    gated = GatedDisk(disk)
    log = new_log(FOLDER / f"failure-{call}", disk=gated, segment_bytes=1 << 20)
    log.open()
    log.append(frame()).wait()
    gated.hold()
    errors: list[BaseException] = []
    called: list[object] = []

    def work(number: int) -> None:
        try:
            log.append(frame(str(number))).wait()
        except LogFailedError as error:
            errors.append(error)

    first = run(1, lambda _: log.append(frame("before")).wait())
    wait_until(lambda: gated.held)
    threads = run(THREADS, work)
    wait_until(lambda: len(log._commit._waiters) == THREADS)
    log.append(frame("called")).call_when(Level.SYNCED, called.append)
    disk.fail(call, errno.EIO, nth=2 if call == "sync" else 1)
    gated.free()
    join(first + threads)
    wait_until(lambda: called, what="the callback")
    assert len(errors) == THREADS
    assert {*errors, *called} == {log.failure}
    assert isinstance(log.failure.__cause__, OSError)
    with pytest.raises(LogFailedError, match="the disk failed"):
        log.append(frame())
    with pytest.raises(LogFailedError):
        log.sync()
    log.close()


def test_after_a_failure_nothing_is_written_or_synced_any_more() -> None:
    disk = FaultyDisk(ForgetfulDisk())
    log = new_log(FOLDER / "untouched", disk=disk)
    log.open()
    log.append(frame()).wait()
    disk.fail("sync")
    ticket = log.append(frame())
    with pytest.raises(LogFailedError):
        ticket.wait()
    before = dict(disk.calls)
    with pytest.raises(LogFailedError):
        ticket.wait()
    log.close()
    assert (disk.calls["write"], disk.calls["sync"]) == (before["write"], before["sync"])


def test_closing_lets_the_leader_finish_and_fails_those_who_come_later() -> None:
    gated = GatedDisk(ForgetfulDisk())
    log = new_log(FOLDER / "closing", disk=gated, segment_bytes=1 << 20)
    log.open()
    log.append(frame()).wait()
    gated.hold()
    results: list[str] = []

    def work(number: int) -> None:
        try:
            for turn in range(1000):
                log.append(frame(f"{number} {turn}")).wait()
                gated.free()
        except LogFailedError as error:
            results.append(str(error))

    threads = run(THREADS, work)
    wait_until(lambda: gated.held)
    closing = run(1, lambda _: log.close())
    gated.free()
    join(threads + closing)
    assert len(results) == THREADS
    assert all("the log is closed" in result for result in results)


def test_what_was_appended_is_written_by_close_even_if_nobody_waited() -> None:
    disk = ForgetfulDisk()
    log = new_log(FOLDER / "unwaited", disk=disk)
    log.open()
    log.append(frame("alone"))
    log.close()
    with opened(FOLDER / "unwaited", disk=disk.crash(1)) as log:
        assert read_texts(log) == ["alone"]


def test_closing_twice_or_without_open_does_no_harm() -> None:
    log = new_log(FOLDER / "twice", disk=ForgetfulDisk())
    log.close()
    log = new_log(FOLDER / "twice", disk=ForgetfulDisk())
    log.open()
    log.append(frame()).call_when(Level.SYNCED, lambda error: None)
    log.close()
    log.close()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("log-sync")] == []


@pytest.mark.parametrize(("threads", "most"), [(8, 85), (40, 90)])
def test_those_who_come_back_share_the_next_round(threads: int, most: int) -> None:
    """Two groups that take turns need almost twice as many syncs as there are rounds."""
    rounds = 50

    class SlowDisk(WatchedDisk):
        def before(self, call: str) -> None:
            if call == "sync":
                syncs.append(threading.get_ident())
                threading.Event().wait(0.002)

    syncs: list[int] = []

    with opened(FOLDER / f"come-back-{threads}", disk=SlowDisk(ForgetfulDisk()), segment_bytes=1 << 22) as log:

        def work(_: int) -> None:
            for _ in range(rounds):
                log.append(frame()).wait()

        before = len(syncs)
        join(run(threads, work))
        assert rounds <= len(syncs) - before <= most


def test_a_callback_does_not_wait_for_threads_to_come_back() -> None:
    disk = GatedDisk(ForgetfulDisk())
    with opened(FOLDER / "calls-go-on", disk=disk) as log:
        log.append(frame()).wait()
        ticket = log.append(frame())
        disk.hold()
        log._commit._waiters.append(Waiter(ticket.end, Level.SYNCED))  # of a thread that does not get to run
        leader = run(1, lambda _: ticket.wait())
        wait_until(lambda: disk.held, what="the leader syncs")
        called: list[object] = []
        log.append(frame()).call_when(Level.SYNCED, called.append)
        disk.free()
        wait_until(lambda: called == [None], what="the next round")
        join(leader)


def test_an_interrupted_thread_that_was_to_hand_the_lead_over_does_so() -> None:
    class InterruptedWakeup(Wakeup):
        def wait(self, timeout_s: float | None) -> bool:
            raise KeyboardInterrupt

    with opened(FOLDER / "handing-over", disk=ForgetfulDisk()) as log:
        waiter = Waiter(0, Level.SYNCED)
        waiter.gate = InterruptedWakeup()
        waiter.hands_over = True
        log._commit._is_led = True  # a round has just ended, and this thread is to be woken last
        others = run(1, lambda _: log.append(frame()).wait())
        wait_until(lambda: log._commit._waiters, what="another one waits")
        with pytest.raises(KeyboardInterrupt):
            log._commit._follow(waiter)
        join(others)


def test_an_interrupted_leader_fails_the_log_instead_of_leaving_everybody_waiting() -> None:
    class InterruptedDisk(WatchedDisk):
        def before(self, call: str) -> None:
            if call == "sync" and armed:
                raise KeyboardInterrupt

    armed: list[int] = []
    log = new_log(FOLDER / "interrupted", disk=InterruptedDisk(ForgetfulDisk()))
    log.open()
    log.append(frame()).wait()
    armed.append(1)
    with pytest.raises(KeyboardInterrupt):
        log.append(frame()).wait()
    with pytest.raises(LogFailedError, match="interrupted"):
        log.append(frame())
    log.close()


def test_written_is_reached_without_a_sync() -> None:
    disk = FaultyDisk(ForgetfulDisk())
    with opened(FOLDER / "written", disk=disk, segment_bytes=1 << 20) as log:
        log.append(frame()).wait()
        before = disk.calls["sync"]
        ticket = log.append(frame())
        ticket.wait(Level.WRITTEN)
        assert ticket.is_done(Level.WRITTEN)
        assert not ticket.is_done()
        assert disk.calls["sync"] == before
        ticket.wait()
        assert disk.calls["sync"] == before + 1


def test_listeners_hear_of_every_advance_on_the_committing_thread() -> None:
    heard: list[tuple[int, int]] = []
    with opened(FOLDER / "advance", disk=ForgetfulDisk()) as log:
        log.on_advance(lambda: heard.append((log.written_end, log.synced_end)))
        end = log.append(frame()).end
        log.sync()
        assert heard == [(end, 0), (end, end)]


@pytest.fixture(autouse=True)
def quick_switches() -> Iterator[None]:
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(0.00005)
    yield
    sys.setswitchinterval(interval_s)


def test_who_waits_for_the_write_does_not_wait_for_the_sync_of_the_same_round() -> None:
    disk = GatedDisk(ForgetfulDisk())
    written = threading.Event()
    with opened(FOLDER, disk=disk) as log:
        fill(log, ["makes the file"])
        disk.hold()
        threads = [start_thread("test-first", log.append(frame("1")).wait)]
        wait_until(lambda: disk.held == 1)
        second, third = log.append(frame("2")), log.append(frame("3"))
        threads.append(start_thread("test-synced", second.wait))
        wait_until(lambda: len(log._commit._waiters) == 1, what="the thread that leads next")

        def wait_for_the_write() -> None:
            third.wait(Level.WRITTEN)
            written.set()

        threads.append(start_thread("test-written", wait_for_the_write))
        wait_until(lambda: len(log._commit._waiters) == 2)
        disk.let_pass()
        wait_until(lambda: disk.held == 2, what="the sync of the second round")
        assert written.wait(10)
        assert not third.is_done(Level.SYNCED)
        disk.free()
        join(threads)
