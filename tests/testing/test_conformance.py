"""The suites find what breaks the law: each broken component here fails the test that is about its fault."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel
from flumepy.core.component import Context, Interceptor, Selector, Sink, SinkProcessor, Source, Status
from flumepy.core.errors import FlumeError
from flumepy.core.offer import Done, Offer
from flumepy.core.options import NoOptions
from flumepy.core.route import Route
from flumepy.core.serializer import Serializer
from flumepy.core.threads import start_thread
from flumepy.core.transaction import Transaction
from flumepy.testing.conformance import (
    ChannelConformance,
    ComponentConformance,
    InterceptorConformance,
    ProcessorConformance,
    SelectorConformance,
    SerializerConformance,
    SinkConformance,
    SourceConformance,
)
from flumepy.testing.fakes import ListChannel, ListTransaction
from flumepy.testing.sinks import RecordingSink


def assert_caught(test: Callable[[], None]) -> None:
    """Assert that a test of a suite fails."""
    with pytest.raises((AssertionError, FlumeError, pytest.fail.Exception)):
        test()


GATE = threading.Event()


class Greedy(RecordingSink):
    """Starts a thread when built."""

    def __init__(self) -> None:
        super().__init__()
        start_thread("sink-greedy", lambda: GATE.wait(20) and None)


class Leaky(RecordingSink):
    """Leaves a thread behind."""

    def start(self) -> None:
        start_thread("sink-leaky", lambda: GATE.wait(20) and None)


def test_threads_of_init_and_threads_after_stop_are_caught() -> None:
    class GreedySuite(ComponentConformance):
        def make(self) -> Greedy:
            return Greedy()

    class LeakySuite(ComponentConformance):
        def make(self) -> Leaky:
            return Leaky()

    GATE.clear()
    try:
        assert_caught(GreedySuite().test_building_starts_no_thread_and_opens_no_file)
        assert_caught(LeakySuite().test_everything_started_has_ended_after_stop)
    finally:
        GATE.set()


class Forgetful(ListTransaction):
    """Loses what was taken and rolled back."""

    def do_rollback(self) -> None:
        self.taken.clear()
        super().do_rollback()


class Tail(ListTransaction):
    """Gives back to the tail."""

    def do_rollback(self) -> None:
        self.channel.queue += self.taken


class Eager(ListTransaction):
    """Shows puts before their commit."""

    def do_put(self, batch: EventBatch) -> None:
        self.channel.queue.append(batch)


class Silent(ListChannel):
    """Wakes nobody."""

    def wake_listeners(self) -> None:
        return


class Twice(ListChannel):
    """Calls back twice."""

    def offer(self, batch: EventBatch, done: Done, *, hold: bool = False, wait: bool = True) -> Offer:
        def both(offer: Offer) -> None:
            done(offer)
            done(offer)

        return super().offer(batch, both, hold=hold, wait=wait)


def channel_suite(channel: Callable[[], Channel[Any]]) -> ChannelConformance:
    """Return a suite over a channel."""

    class Suite(ChannelConformance):
        counts = False

        def make(self) -> Channel[Any]:
            return channel()

    return Suite()


def with_transactions(transaction: type[ListTransaction]) -> ChannelConformance:
    """Return a suite over a channel with such transactions."""

    class Made(ListChannel):
        def transaction(self) -> ListTransaction:
            return transaction(self)

    return channel_suite(Made)


def test_channels_that_lose_reorder_or_show_too_early_are_caught() -> None:
    assert_caught(with_transactions(Forgetful).test_an_error_in_the_block_undoes_puts_and_takes)
    assert_caught(with_transactions(Tail).test_a_rolled_back_take_stands_before_later_puts)
    assert_caught(with_transactions(Eager).test_puts_are_invisible_before_their_commit)


def test_channels_that_wake_nobody_or_call_twice_are_caught() -> None:
    assert_caught(channel_suite(Twice).test_an_offer_puts_and_calls_back_once)

    class Impatient(ChannelConformance):
        wait_s = 0.01

        def make(self) -> Silent:
            return Silent()

    assert_caught(lambda: Impatient().test_listeners_are_woken_by_what_takers_can_see("transaction"))


class Racy(ListChannel):
    """Takes without looking at what other threads do: the same events go to two takers."""

    def transaction(self) -> Transaction:
        class Take(ListTransaction):
            def do_take(self, limit: int) -> list[EventBatch]:
                head = self.channel.queue[:1]
                threading.Event().wait(0.0001)
                self.channel.queue = self.channel.queue[1:]
                self.taken += head
                self.channel.taken += sum(map(len, head))
                return head

        return Take(self)


def test_a_channel_that_doubles_under_load_is_caught() -> None:
    assert_caught(channel_suite(Racy).test_many_threads_lose_nothing_and_double_nothing)


class Spoiler(Interceptor[NoOptions]):
    """Does one wrong thing."""

    def __init__(self, wrong: Callable[[EventBatch], EventBatch]) -> None:
        super().__init__(Context("i1"), NoOptions())
        self.wrong = wrong

    def intercept(self, batch: EventBatch) -> EventBatch:
        return self.wrong(batch)


def interceptor_suite(wrong: Callable[[EventBatch], EventBatch]) -> InterceptorConformance:
    """Return a suite over an interceptor that does one wrong thing."""

    class Suite(InterceptorConformance):
        def make(self) -> Spoiler:
            return Spoiler(wrong)

    return Suite()


def change_in_place(batch: EventBatch) -> EventBatch:
    """Change the given batch."""
    batch.headers["spoiled"] = "yes"
    return batch


def test_interceptors_that_change_their_input_or_spoil_columns_are_caught() -> None:
    assert_caught(interceptor_suite(change_in_place).test_the_given_batch_stays_as_it_is)
    short = interceptor_suite(lambda batch: EventBatch(batch.bodies, {"n": ["x"] * (len(batch) - 1)}))
    assert_caught(short.test_columns_fit_the_events)
    doubling = interceptor_suite(lambda batch: EventBatch.concat([batch, batch]))
    assert_caught(doubling.test_columns_fit_the_events)
    inventing = interceptor_suite(lambda batch: batch if batch.bodies else EventBatch([b"new"]))
    assert_caught(inventing.test_an_empty_batch_stays_empty)
    of_shared = interceptor_suite(lambda batch: batch.with_header("s", str(isinstance(batch.headers.get("host"), str))))
    assert_caught(of_shared.test_a_shared_header_means_the_same_as_a_column)
    of_company = interceptor_suite(lambda batch: batch.with_header("size", str(len(batch))))
    assert_caught(of_company.test_an_event_meets_the_same_fate_alone_and_in_company)


def selector_suite(wrong: Callable[[EventBatch, list[Channel[Any]]], list[Route]]) -> SelectorConformance:
    """Return a suite over a selector that routes so."""

    class Made(Selector[NoOptions]):
        def route(self, batch: EventBatch) -> list[Route]:
            return wrong(batch, self.channels)

    class Suite(SelectorConformance):
        def make_for(self, channels: list[Channel[Any]]) -> Made:
            return Made(Context("s"), NoOptions(), channels)

    return Suite()


def test_selectors_that_double_reorder_or_stray_are_caught() -> None:
    doubling = selector_suite(lambda batch, channels: [Route(channels[0], batch), Route(channels[0], batch)])
    assert_caught(doubling.test_no_event_goes_twice_to_a_channel)
    reverse = selector_suite(lambda batch, channels: [Route(channels[0], EventBatch(batch.bodies[::-1]))])
    assert_caught(reverse.test_each_route_keeps_the_order_of_events)
    straying = selector_suite(lambda batch, channels: [Route(ListChannel("c9"), batch)])
    assert_caught(straying.test_only_channels_of_the_source_are_used)
    bare = selector_suite(lambda batch, channels: [Route(channels[0], EventBatch(batch.bodies))])
    assert_caught(bare.test_events_keep_their_headers)


class FirstOnly(SinkProcessor[NoOptions]):
    """Uses one sink of a group, and hides its failures."""

    def process(self) -> Status:
        try:
            return self.sinks[0].process()
        except FlumeError:
            return Status.BACKOFF


def test_processors_that_hide_failures_or_use_one_sink_are_caught() -> None:
    class Suite(ProcessorConformance):
        def make_for(self, sinks: list[Sink[Any]]) -> FirstOnly:
            return FirstOnly(Context("g1"), NoOptions(), sinks)

    assert_caught(Suite().test_when_all_sinks_fail_the_error_is_raised_and_the_events_stay)
    assert_caught(Suite().test_with_one_working_sink_everything_is_delivered)
    assert_caught(Suite().test_a_group_runs_although_a_member_cannot_start)


class Swallowing(RecordingSink):
    """Commits what it could not deliver."""

    def deliver(self, batches: list[EventBatch]) -> None:
        if self.breakage is None:
            super().deliver(batches)


def test_a_sink_that_swallows_events_is_caught() -> None:
    class Suite(SinkConformance):
        def make(self) -> Swallowing:
            self.sink = Swallowing()
            return self.sink

        def delivered(self) -> list[bytes]:
            return self.sink.bodies

        def break_target(self) -> bool:
            self.sink.breakage = FlumeError("broken")
            return True

        def mend_target(self) -> None:
            self.sink.breakage = None

    Suite().test_events_are_delivered_in_order()
    assert_caught(Suite().test_a_failed_delivery_gives_the_events_back_in_order)


class Direct(Source[NoOptions]):
    """Puts what it is fed at once, in the order or the size it likes."""

    def __init__(self, change: Callable[[list[bytes]], list[bytes]], limit: int) -> None:
        super().__init__(Context("r1"), NoOptions())
        self.change = change
        self.limit = limit

    def give(self, bodies: list[bytes]) -> None:
        bodies = self.change(bodies)
        for start in range(0, len(bodies), self.limit):
            self.outlet.put(EventBatch(bodies[start : start + self.limit]))


def test_sources_that_reorder_or_put_too_much_are_caught() -> None:
    class Suite(SourceConformance):
        source: Direct

        def make(self) -> Direct:
            return self.source

        def feed(self, source: Source[Any], bodies: list[bytes]) -> None:
            assert isinstance(source, Direct)
            source.give(bodies)

    suite = Suite()
    suite.source = Direct(list, 100)
    suite.test_events_reach_the_channel_in_order()
    suite.source = Direct(lambda bodies: bodies[::-1], 100)
    assert_caught(suite.test_events_reach_the_channel_in_order)
    suite.source = Direct(list, 101)
    assert_caught(suite.test_no_transaction_is_larger_than_the_channel_allows)


class Hoarding(Serializer[NoOptions]):
    """Writes only at the end."""

    def __init__(self) -> None:
        super().__init__(Context("s"), NoOptions())
        self.kept = b""

    def serialize(self, batches: list[EventBatch]) -> list[bytes]:
        self.kept += b"".join(body + b"\n" for batch in batches for body in batch.bodies)
        return []

    def end(self) -> bytes:
        return self.kept


def test_a_serializer_that_holds_back_is_caught() -> None:
    class Suite(SerializerConformance):
        def make(self) -> Hoarding:
            return Hoarding()

        def read(self, data: bytes) -> list[bytes]:
            return data.splitlines()

    Suite().test_a_file_holds_every_event_in_order()
    assert_caught(Suite().test_nothing_is_held_back_after_a_flush)
    assert_caught(Suite().test_a_transaction_that_was_cut_off_can_be_serialized_again)
