"""The outlet: all or nothing over required channels, optional ones after, nothing twice, every wait ends."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from flumepy.channels.memory import MemoryChannel
from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel
from flumepy.core.component import Context, Interceptor, Selector
from flumepy.core.delivery import Commit
from flumepy.core.errors import (
    BatchTooLargeError,
    ChannelError,
    ChannelFullError,
    FlumeError,
    InterceptorError,
    StoppedError,
)
from flumepy.core.offer import Done, Line, Offer
from flumepy.core.options import NoOptions
from flumepy.core.outlet import REMEMBERED_BATCHES, Outlet
from flumepy.core.route import Route
from flumepy.core.threads import start_thread
from flumepy.testing.conformance.channel_tools import put, take
from flumepy.testing.fakes import ListChannel, ToAll, build, wait_until


class SomeOptional(Selector[NoOptions]):
    """Sends everything everywhere; channels named o… are optional."""

    def route(self, batch: EventBatch) -> list[Route]:
        return [Route(channel, batch, not channel.name.startswith("o")) for channel in self.channels]

    def required_channels(self) -> list[Channel[Any]]:
        return [channel for channel in self.channels if not channel.name.startswith("o")]


class Add(Interceptor[NoOptions]):
    """Adds a header, drops what is empty, counts its calls."""

    def __init__(self) -> None:
        super().__init__(Context("add"), NoOptions())
        self.calls = 0
        self.states: list[str] = []

    def start(self) -> None:
        self.states.append("start")

    def stop(self) -> None:
        self.states.append("stop")

    def intercept(self, batch: EventBatch) -> EventBatch:
        self.calls += 1
        if batch.bodies == [b"bad"]:
            raise ValueError("bad event")
        return batch.filter(batch.bodies).with_header("n", str(self.calls))


def outlet(*channels: Channel[Any], interceptors: list[Interceptor[Any]] | None = None) -> Outlet:
    """Return a started outlet; channels named o… are optional."""
    made = Outlet("r1", interceptors or [], SomeOptional(Context("s"), NoOptions(), list(channels)))
    made.start()
    return made


def memory(name: str, capacity: int, keep_alive_s: int = 60) -> MemoryChannel:
    """Return a memory channel."""
    texts = {"capacity": str(capacity), "transactionCapacity": str(capacity), "keep-alive": str(keep_alive_s)}
    return build(MemoryChannel, texts, name=name)


def test_every_channel_gets_the_intercepted_batch() -> None:
    one, two = ListChannel("c1"), ListChannel("c2")
    outlet(one, two, interceptors=[Add(), Add()]).put(EventBatch([b"1", b"", b"2"]))
    assert one.bodies == two.bodies == [b"1", b"2"]
    assert one.events[0].headers == {"n": "1"}


def test_what_interceptors_drop_counts_as_done() -> None:
    channel = ListChannel()
    out = outlet(channel, interceptors=[Add()])
    out.put(EventBatch([b""]))
    out.put(EventBatch([]))
    assert channel.size == 0
    assert channel.put_batches == []


def test_interceptors_start_and_stop_with_the_outlet() -> None:
    add = Add()
    out = outlet(ListChannel(), interceptors=[add])
    out.stop()
    assert add.states == ["start", "stop"]


def test_an_error_of_an_interceptor_belongs_to_the_tree() -> None:
    out = outlet(ListChannel(), interceptors=[Add()])
    with pytest.raises(InterceptorError, match="bad event"):
        out.submit(EventBatch([b"bad"]))


def test_the_limit_is_the_smallest_transaction_capacity_of_required_channels() -> None:
    channels = [memory("c1", 50), memory("c2", 40), memory("o1", 5), ListChannel("c3")]
    assert outlet(*channels).limit == 40
    assert outlet(ListChannel("c1")).limit == 1 << 31
    assert outlet(*channels).room() == 40


def test_a_full_required_channel_keeps_the_batch_out_of_the_others() -> None:
    one, two = ListChannel("c1"), ListChannel("c2", capacity=1)
    out = outlet(one, two)
    with pytest.raises(ChannelFullError):
        out.put(EventBatch([b"1", b"2"]))
    assert one.bodies == two.bodies == []


def test_held_room_is_given_back_when_another_channel_is_full() -> None:
    one, two = memory("c1", 4), memory("c2", 4, keep_alive_s=0)
    put(two, b"x")
    out = outlet(one, two)
    with pytest.raises(ChannelFullError):
        out.put(EventBatch([b"1", b"2", b"3", b"4"]))
    assert (one.room(), two.room()) == (4, 3)


def test_two_sources_over_the_same_channels_do_not_block_each_other() -> None:
    one, two = memory("c1", 2), memory("c2", 2)
    outlets = [outlet(one, two), outlet(two, one)]

    def fill(out: Outlet) -> None:
        for number in range(100):
            out.put(EventBatch([b"%d" % number] * 2))

    threads = [start_thread(f"fill-{number}", lambda out=out: fill(out)) for number, out in enumerate(outlets)]
    for channel in (one, two):
        threads.append(start_thread("drain", lambda channel=channel: drain(channel, 400)))
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)


def drain(channel: Channel[Any], count: int) -> None:
    """Take so many events."""
    while count:
        count -= len(take(channel, 10))


def test_optional_channels_fail_without_consequence(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    required, full, fine = ListChannel("c1"), ListChannel("o1", capacity=0), ListChannel("o2")
    out = outlet(full, required, fine)
    out.put(EventBatch([b"1", b"2"]))
    assert required.bodies == fine.bodies == [b"1", b"2"]
    assert full.bodies == []
    assert out.optional_failures == 2
    assert "Optional channel o1 does not take events (2 so far)" in caplog.text


def test_optional_channels_get_nothing_when_a_required_one_fails() -> None:
    required, optional = ListChannel("c1", capacity=0), ListChannel("o1")
    with pytest.raises(ChannelFullError):
        outlet(optional, required).put(EventBatch([b"1"]))
    assert optional.bodies == []


def test_only_optional_channels_never_fail() -> None:
    outlet(ListChannel("o1", capacity=0), ListChannel("o2")).put(EventBatch([b"1"]))


def test_a_retry_goes_only_where_the_batch_is_still_owed() -> None:
    first, second, optional = ListChannel("c1"), ListChannel("c2"), ListChannel("o1")
    add = Add()
    out = outlet(first, second, optional, interceptors=[add])
    second.commit_failures = [ChannelError("disk"), ChannelError("disk")]
    batch = EventBatch([b"1"])
    for _ in range(3):
        with pytest.raises(ChannelError) as caught:
            out.put(batch)
        assert caught.value.committed
        assert (first.bodies, second.bodies, optional.bodies) == ([b"1"], [], [])
        if not second.commit_failures:
            second.failures = [ChannelFullError("full")]
    second.failures.clear()
    out.put(batch)
    assert (first.bodies, second.bodies, optional.bodies) == ([b"1"], [b"1"], [b"1"])
    assert add.calls == 1, "a retried batch was intercepted again"
    out.put(batch)
    assert first.bodies == [b"1", b"1"], "the same batch is a new one once it was delivered"


def test_a_commit_that_fails_first_leaves_nothing_anywhere() -> None:
    first, second = ListChannel("c1"), ListChannel("c2")
    out = outlet(first, second)
    first.commit_failures = [ChannelError("disk")]
    with pytest.raises(ChannelError) as caught:
        out.put(EventBatch([b"1"]))
    assert not caught.value.committed
    assert first.bodies == second.bodies == []


def test_a_commit_that_fails_with_any_error_of_ours_ends_the_commit() -> None:
    first, second = ListChannel("c1"), ListChannel("c2")
    out = outlet(first, second)
    second.commit_failures = [StoppedError("stopped")]
    batch = EventBatch([b"1"])
    with pytest.raises(StoppedError):
        out.put(batch)
    out.put(batch)
    assert first.bodies == second.bodies == [b"1"]


class SlowOffer(Offer):
    """Held room whose commit ends when the test says so."""

    __slots__ = ("_channel", "batch", "ending")

    def __init__(self, channel: "SlowChannel", batch: EventBatch) -> None:
        super().__init__()
        self._channel = channel
        self.batch = batch
        self.is_done = True
        self.ending: Callable[[FlumeError | None], None] | None = None

    def commit(self) -> None:
        self._channel.said.append("commit blocks")
        self._channel.queue.append(self.batch)

    def commit_then(self, done: Callable[[FlumeError | None], None]) -> None:
        self._channel.said.append("commit")
        self.ending = done

    def withdraw(self) -> None:
        self._channel.said.append("withdraw")


class SlowChannel(ListChannel):
    """A channel whose held offers commit later, as those of a disk do."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.said: list[str] = []
        self.held: list[SlowOffer] = []

    def offer(
        self, batch: EventBatch, done: Done, *, hold: bool = False, wait: bool = True, line: Line | None = None
    ) -> Offer:
        self.held.append(SlowOffer(self, batch))
        done(self.held[-1])
        return self.held[-1]

    def end(self, error: FlumeError | None) -> None:
        ending = self.held[-1].ending
        assert ending is not None
        ending(error)


def test_channels_whose_commits_take_time_are_committed_one_after_the_other_without_blocking() -> None:
    first, second = SlowChannel("c1"), SlowChannel("c2")
    commit = outlet(first, second).submit(EventBatch([b"1"]))
    assert (first.said, second.said) == (["commit"], [])
    first.end(None)
    assert (first.said, second.said, commit.is_done) == (["commit"], ["commit"], False)
    second.end(None)
    commit.wait()


def test_a_slow_commit_that_fails_first_leaves_nothing_anywhere() -> None:
    first, second = SlowChannel("c1"), SlowChannel("c2")
    commit = outlet(first, second).submit(EventBatch([b"1"]))
    first.end(ChannelError("disk"))
    with pytest.raises(ChannelError) as caught:
        commit.wait()
    assert not caught.value.committed
    assert second.said == ["withdraw"]


def test_after_a_slow_commit_that_fails_second_only_that_channel_is_owed() -> None:
    first, second = SlowChannel("c1"), SlowChannel("c2")
    out, batch = outlet(first, second), EventBatch([b"1"])
    commit = out.submit(batch)
    first.end(None)
    second.end(ChannelError("disk"))
    with pytest.raises(ChannelError) as caught:
        commit.wait()
    assert caught.value.committed
    out.submit(batch)
    assert (len(first.held), len(second.held)) == (1, 2)


def test_a_thread_that_waits_anyway_commits_itself() -> None:
    first, second = SlowChannel("c1"), SlowChannel("c2")
    outlet(first, second).put(EventBatch([b"1"]))
    assert (first.said, second.said) == (["commit blocks"], ["commit blocks"])


def test_what_is_remembered_is_bounded() -> None:
    first, second = ListChannel("c1"), ListChannel("c2")
    out = outlet(first, second)
    batches = [EventBatch([b"%d" % number]) for number in range(REMEMBERED_BATCHES + 1)]
    for batch in batches:
        second.commit_failures = [ChannelError("disk")]
        with pytest.raises(ChannelError):
            out.put(batch)
    for batch in batches:
        out.put(batch)
    assert sorted(second.bodies) == sorted(body for batch in batches for body in batch.bodies)
    assert len(first.bodies) == len(batches) + 1, "only the oldest may be doubled"


def test_a_batch_may_wait_while_the_next_one_is_submitted_and_both_keep_their_order() -> None:
    channel = memory("c1", 2)
    put(channel, b"1", b"2")
    out = outlet(channel)
    commits = [out.submit(EventBatch([b"3", b"4"])), out.submit(EventBatch([b"5"]))]
    assert not any(commit.is_done for commit in commits)
    assert take(channel, 2) == [b"1", b"2"]
    assert take(channel, 2) == [b"3", b"4"]
    for commit in commits:
        commit.wait()
    assert take(channel, 2) == [b"5"]


def test_without_waiting_a_full_channel_answers_at_once() -> None:
    channel = memory("c1", 1)
    put(channel, b"1")
    commit = outlet(channel).submit(EventBatch([b"2"]), wait=False)
    assert isinstance(commit.error, ChannelFullError)


def test_too_many_events_are_refused_for_good() -> None:
    with pytest.raises(BatchTooLargeError):
        outlet(memory("c1", 2)).put(EventBatch([b"x"] * 3))


@pytest.mark.parametrize("names", [["c1"], ["c1", "c2"], ["c2", "c1"]])
def test_an_interrupt_ends_every_wait_and_leaves_no_trace(names: list[str]) -> None:
    channels = [memory(name, 2) for name in names]
    full = next(channel for channel in channels if channel.name == names[-1])
    put(full, b"1", b"2")
    out = outlet(*channels)
    commits = [out.submit(EventBatch([b"3"])) for _ in range(3)]
    blocked: list[FlumeError] = []

    def block() -> None:
        try:
            out.put(EventBatch([b"4"]))
        except FlumeError as error:
            blocked.append(error)

    thread = start_thread("block", block)
    out.interrupt()
    thread.join(10)
    assert not thread.is_alive()
    assert [type(commit.error) for commit in commits] == [StoppedError] * 3
    assert [type(error) for error in blocked] == [StoppedError] or isinstance(blocked[0], ChannelFullError)
    assert take(full, 10) == [b"1", b"2"]
    assert [channel.room() for channel in channels] == [2] * len(channels)
    with pytest.raises(StoppedError):
        out.put(EventBatch([b"5"]))
    out.start()
    out.put(EventBatch([b"6"]))
    assert take(full, 10) == [b"6"]


def test_an_interrupt_at_any_moment_loses_nothing_that_was_acknowledged() -> None:
    for turn in range(60):
        one, two = memory("c1", 1), memory("c2", 1)
        put(one, b"x")
        out = outlet(one, two)
        commit = out.submit(EventBatch([b"1"]))
        threads = [start_thread("interrupt", out.interrupt), start_thread("take", lambda one=one: take(one, 1))]
        if turn % 2:
            threads.reverse()
        for thread in threads:
            thread.join(10)
        wait_until(lambda commit=commit: commit.is_done, what="the end of the commit")
        stored = [take(channel, 5) for channel in (one, two)]
        assert stored == ([[b"1"], [b"1"]] if commit.error is None else [[], []])
        assert (one.room(), two.room()) == (1, 1)


def test_a_channel_that_cannot_even_open_a_transaction_fails_the_commit() -> None:
    class Broken(ListChannel):
        def transaction(self) -> Any:
            raise ChannelError("c1: the log is closed")

    with pytest.raises(ChannelError, match="the log is closed"):
        outlet(Broken("c1")).put(EventBatch([b"1"]))


def test_a_commit_calls_back_once_whenever_asked() -> None:
    commit, seen = Commit(), []
    commit.on_done(seen.append)
    assert seen == []
    commit.resolve(None)
    commit.resolve(ChannelError("late"))
    assert seen == [commit]
    assert commit.error is None
    commit.on_done(seen.append)
    assert seen == [commit, commit]


def test_a_commit_can_be_waited_for_on_another_thread() -> None:
    commit = Commit()
    ended = threading.Event()

    def wait() -> None:
        with pytest.raises(ChannelError):
            commit.wait()
        ended.set()

    start_thread("wait", wait)
    commit.resolve(ChannelError("full"))
    assert ended.wait(10)


def test_the_fake_selector_sends_to_all() -> None:
    channels = [ListChannel("c1"), ListChannel("c2")]
    routes = ToAll(Context("s"), NoOptions(), list(channels)).route(EventBatch([b"1"]))
    assert [route.channel for route in routes] == channels
