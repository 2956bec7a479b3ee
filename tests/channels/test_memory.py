"""The memory channel: Flume's limits, and its behaviour under the law of channels."""

import threading

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from flumepy.channels.memory import MemoryChannel, MemoryOptions, byte_limit
from flumepy.core.batch import EventBatch
from flumepy.core.component import Context
from flumepy.core.errors import BatchTooLargeError, ChannelFullError, ConfigurationError, FlumeError, StoppedError
from flumepy.core.offer import Line, Offer
from flumepy.core.options import read_options, require_options
from flumepy.core.threads import start_thread
from flumepy.core.transaction import Transaction
from flumepy.testing.conformance import ChannelConformance
from flumepy.testing.conformance.channel_tools import Ends, Traffic, batch_of, bodies_of, put, take
from flumepy.testing.fakes import FakeClock, build, wait_until


class TestLaw(ChannelConformance):
    def make(self) -> MemoryChannel:
        return build(MemoryChannel, {"capacity": "1000", "transactionCapacity": "100"})

    def make_small(self) -> MemoryChannel:
        return build(MemoryChannel, {"capacity": "4", "transactionCapacity": "4", "keep-alive": "0"})

    def make_waiting(self) -> MemoryChannel:
        return build(MemoryChannel, {"capacity": "4", "transactionCapacity": "4", "keep-alive": "60"})


def test_defaults_are_those_of_flume() -> None:
    options = require_options(MemoryOptions, {})
    assert (options.capacity, options.transaction_capacity, options.keep_alive_s) == (100, 100, 3)
    assert options.byte_capacity_buffer_percentage == 20


def test_bad_numbers_become_defaults_with_a_warning() -> None:
    reading = read_options(MemoryOptions, {"capacity": "many", "transactionCapacity": "0", "keep-alive": "x"})
    assert reading.options == require_options(MemoryOptions, {})
    assert {problem.key for problem in reading.problems} == {"capacity", "transactionCapacity", "keep-alive"}


def test_a_transaction_capacity_above_the_capacity_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="cannot be higher than the capacity"):
        require_options(MemoryOptions, {"capacity": "10", "transactionCapacity": "11"})


def test_a_put_waits_for_the_keep_alive_and_then_fails() -> None:
    channel = build(MemoryChannel, {"capacity": "1", "transactionCapacity": "1", "keep-alive": "1"})
    put(channel, b"1")
    with pytest.raises(ChannelFullError, match="Space for commit to queue couldn't be acquired"):
        put(channel, b"2")
    assert take(channel, 5) == [b"1"]
    assert channel.size == 0


def test_a_waiting_put_goes_on_as_soon_as_there_is_room() -> None:
    channel = build(MemoryChannel, {"capacity": "2", "transactionCapacity": "2", "keep-alive": "60"})
    put(channel, b"1", b"2")
    thread = start_thread("put", lambda: put(channel, b"3", b"4"))
    wait_until(lambda: channel.room() == 0 and channel.counters.put_attempt == 4, what="the waiting put")
    assert take(channel, 2) == [b"1", b"2"]
    thread.join(10)
    assert not thread.is_alive()
    assert take(channel, 2) == [b"3", b"4"]


def test_an_expired_offer_does_not_hold_up_the_next_one() -> None:
    channel = build(MemoryChannel, {"capacity": "2", "transactionCapacity": "2", "keep-alive": "1"})
    put(channel, b"1")
    ends = Ends()
    too_large = channel.offer(batch_of(b"2", b"3"), ends)
    fits = channel.offer(batch_of(b"4"), ends)
    assert not ends.offers
    assert set(ends.wait(2)) == {too_large, fits}
    assert isinstance(too_large.error, ChannelFullError)
    assert take(channel, 5) in ([b"1", b"4"], [b"1"]), "the next offer is admitted or has expired too"


def test_the_batch_of_a_put_that_failed_counts_nowhere() -> None:
    channel = build(MemoryChannel, {"capacity": "4", "transactionCapacity": "4", "keep-alive": "0"})
    put(channel, b"1", b"2", b"3")
    for _ in range(3):
        with pytest.raises(ChannelFullError):
            put(channel, b"4", b"5")
    assert channel.room() == 1
    assert channel.bytes_queued == 3


def test_the_sum_of_several_puts_keeps_to_the_transaction_capacity() -> None:
    channel = build(MemoryChannel, {"capacity": "10", "transactionCapacity": "4"})
    with channel.transaction() as transaction:
        transaction.put(batch_of(b"1", b"2", b"3"))
        with pytest.raises(BatchTooLargeError):
            transaction.put(batch_of(b"4", b"5"))
        transaction.rollback()
    assert channel.size == 0


def test_the_sum_of_several_takes_keeps_to_the_transaction_capacity() -> None:
    channel = build(MemoryChannel, {"capacity": "10", "transactionCapacity": "4"})
    put(channel, b"1", b"2", b"3", b"4")
    put(channel, b"5")
    with channel.transaction() as transaction:
        assert len(bodies_of(transaction.take(3))) == 3
        assert len(bodies_of(transaction.take(3))) == 1
        assert transaction.take(3) == []


def test_a_nearly_full_channel_says_how_much_fits() -> None:
    channel = build(MemoryChannel, {"capacity": "100", "transactionCapacity": "100"})
    put(channel, *[b"x"] * 60)
    assert channel.room() == 40
    with channel.transaction() as transaction:
        transaction.take(10)
        assert channel.room() == 40
    assert channel.room() == 50


def test_byte_capacity_limits_body_bytes_and_counts_open_takes() -> None:
    channel = build(
        MemoryChannel,
        {"capacity": "100", "byteCapacity": "1000", "byteCapacityBufferPercentage": "50", "keep-alive": "0"},
    )
    put(channel, b"x" * 300)
    with pytest.raises(ChannelFullError, match="Byte capacity"):
        put(channel, b"x" * 201)
    with channel.transaction() as transaction:
        transaction.take(1)
        with pytest.raises(ChannelFullError):
            put(channel, b"x" * 201)
    put(channel, b"x" * 500)
    assert channel.bytes_queued == 500


def test_one_transaction_above_the_byte_capacity_is_refused_for_good() -> None:
    channel = build(MemoryChannel, {"byteCapacity": "1000", "byteCapacityBufferPercentage": "0"})
    with pytest.raises(BatchTooLargeError):
        put(channel, b"x" * 1001)


def test_a_partial_commit_frees_the_bytes_of_what_was_taken() -> None:
    channel = build(MemoryChannel, {})
    put(channel, b"111", b"222", b"333")
    with channel.transaction() as transaction:
        transaction.take(3)
        transaction.commit(taken=2)
    assert channel.bytes_queued == 3
    take(channel, 1)
    assert channel.bytes_queued == 0


@pytest.mark.parametrize(
    ("text", "limit"),
    [({"byteCapacity": "0"}, 1 << 62), ({"byteCapacity": "1000"}, 800), ({}, int((512 << 20) * 0.8))],
)
def test_the_byte_limit_follows_the_properties(text: dict[str, str], limit: int) -> None:
    assert byte_limit(require_options(MemoryOptions, text), Context("c1")) == limit


def test_the_byte_limit_is_a_share_of_xmx_where_one_is_given() -> None:
    context = Context("c1", system_properties={"flumepy.xmx": "1000000"})
    assert byte_limit(require_options(MemoryOptions, {}), context) == 640_000


def test_a_resized_channel_keeps_its_events_and_admits_who_waits() -> None:
    channel = build(MemoryChannel, {"capacity": "2", "transactionCapacity": "2", "keep-alive": "60"})
    put(channel, b"1", b"2")
    ends = Ends()
    channel.offer(batch_of(b"3"), ends)
    channel.reconfigure(require_options(MemoryOptions, {"capacity": "3", "transactionCapacity": "3"}))
    assert ends.wait(1)[0].error is None
    assert take(channel, 3) == [b"1", b"2", b"3"]


def test_a_channel_that_shrank_takes_no_more_until_it_fits_again() -> None:
    channel = build(MemoryChannel, {"capacity": "4", "transactionCapacity": "2", "keep-alive": "0"})
    put(channel, b"1", b"2")
    put(channel, b"3", b"4")
    options = {"capacity": "2", "transactionCapacity": "2", "keep-alive": "0"}
    channel.reconfigure(require_options(MemoryOptions, options))
    assert channel.room() == 0
    assert take(channel, 2) == [b"1", b"2"]
    with pytest.raises(ChannelFullError):
        put(channel, b"5")
    assert take(channel, 1) == [b"3"]
    put(channel, b"5")
    assert take(channel, 5) == [b"4", b"5"]


def test_puts_that_wait_lose_nothing_on_many_threads() -> None:
    channel = build(MemoryChannel, {"capacity": "20", "transactionCapacity": "20", "keep-alive": "30"})
    Traffic(channel).run()
    assert channel.room() == 20
    assert channel.bytes_queued == 0


def test_takes_share_the_batches_that_were_put() -> None:
    channel = build(MemoryChannel, {})
    batch = EventBatch([b"1", b"2"], {"host": "web1"})
    with channel.transaction() as transaction:
        transaction.put(batch)
    with channel.transaction() as transaction:
        assert transaction.take(10)[0] is batch


def test_callbacks_may_use_the_channel() -> None:
    channel = build(MemoryChannel, {"capacity": "1", "transactionCapacity": "1", "keep-alive": "60"})
    put(channel, b"1")
    seen: list[list[bytes]] = []
    done = threading.Event()

    def look(_: Offer) -> None:
        seen.append(take(channel, 1))
        done.set()

    channel.offer(batch_of(b"2"), look)
    assert take(channel, 1) == [b"1"]
    assert done.wait(10)
    assert seen == [[b"2"]]


class MemoryModel(RuleBasedStateMachine):
    """A memory channel beside a plain list; one open transaction at a time, and held offers."""

    CAPACITY = 12
    LIMIT = 6

    def __init__(self) -> None:
        super().__init__()
        settings_ = {"capacity": str(self.CAPACITY), "transactionCapacity": str(self.LIMIT), "keep-alive": "0"}
        self.channel = build(MemoryChannel, settings_)
        self.channel.start()
        self.queue: list[bytes] = []
        self.open: Transaction | None = None
        self.puts: list[bytes] = []
        self.taken: list[bytes] = []
        self.held: list[tuple[Offer, list[bytes]]] = []
        self.next = 0

    def fresh(self, count: int) -> list[bytes]:
        self.next += count
        return [b"%06d" % number for number in range(self.next - count, self.next)]

    def used(self) -> int:
        return len(self.queue) + len(self.taken) + sum(len(bodies) for _, bodies in self.held)

    @precondition(lambda self: self.open is None)
    @rule()
    def begin(self) -> None:
        self.open = self.channel.transaction().__enter__()

    @precondition(lambda self: self.open is not None)
    @rule(count=st.integers(1, 7))
    def put_some(self, count: int) -> None:
        bodies = self.fresh(count)
        assert self.open is not None
        if len(self.puts) + count > self.LIMIT:
            with pytest.raises(BatchTooLargeError):
                self.open.put(batch_of(*bodies))
        else:
            self.open.put(batch_of(*bodies))
            self.puts += bodies

    @precondition(lambda self: self.open is not None)
    @rule(count=st.integers(1, 7))
    def take_some(self, count: int) -> None:
        assert self.open is not None
        count = min(count, self.LIMIT - len(self.taken))
        expected, self.queue = self.queue[:count], self.queue[count:]
        assert bodies_of(self.open.take(count)) == expected
        self.taken += expected

    @precondition(lambda self: self.open is not None)
    @rule(keep=st.integers(0, 6))
    def commit(self, keep: int) -> None:
        assert self.open is not None
        transaction, self.open = self.open, None
        if self.used() + len(self.puts) > self.CAPACITY and self.puts:
            with pytest.raises(ChannelFullError):
                transaction.__exit__(None, None, None)
            self.queue = self.taken + self.queue
        else:
            keep = min(keep, len(self.taken))
            transaction.commit(taken=keep)
            self.queue = self.taken[keep:] + self.queue + self.puts
        self.puts, self.taken = [], []

    @precondition(lambda self: self.open is not None)
    @rule()
    def roll_back(self) -> None:
        assert self.open is not None
        self.open.rollback()
        self.queue = self.taken + self.queue
        self.open, self.puts, self.taken = None, [], []

    @rule(count=st.integers(1, 6))
    def hold(self, count: int) -> None:
        bodies = self.fresh(count)
        offer = self.channel.offer(batch_of(*bodies), lambda _: None, hold=True)
        assert offer.is_done
        if self.used() + count > self.CAPACITY:
            assert isinstance(offer.error, ChannelFullError)
        else:
            assert offer.error is None
            self.held.append((offer, bodies))

    @precondition(lambda self: self.held)
    @rule(commits=st.booleans())
    def end_hold(self, commits: bool) -> None:
        offer, bodies = self.held.pop()
        if commits:
            offer.commit()
            self.queue += bodies
        else:
            offer.withdraw()

    @invariant()
    def sizes_agree(self) -> None:
        assert self.channel.size == len(self.queue)
        assert self.channel.room() == self.CAPACITY - self.used()
        counted = [*self.queue, *self.taken, *[body for _, bodies in self.held for body in bodies]]
        assert self.channel.bytes_queued == sum(map(len, counted))


TestModel = MemoryModel.TestCase
TestModel.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_errors_of_a_stopped_channel_name_it() -> None:
    channel = build(MemoryChannel, {"capacity": "1", "transactionCapacity": "1", "keep-alive": "60"}, name="mem")
    put(channel, b"1")
    errors: list[FlumeError | None] = []
    channel.offer(batch_of(b"2"), lambda offer: errors.append(offer.error))
    channel.stop()
    assert [type(error) for error in errors] == [StoppedError]
    assert "mem" in str(errors[0])


def test_the_age_is_that_of_the_event_at_the_head() -> None:
    clock = FakeClock()
    channel = build(MemoryChannel, clock=clock)
    assert (channel.oldest_event_age_s, channel.bytes_queued) == (0.0, 0)
    put(channel, b"old", b"too")
    clock.advance_ms(5000)
    put(channel, b"new")
    assert (channel.oldest_event_age_s, channel.bytes_queued) == (5.0, 9)
    assert take(channel, 1) == [b"old"]
    assert channel.oldest_event_age_s == 5.0
    assert take(channel, 1) == [b"too"]
    assert channel.oldest_event_age_s == 0.0


def test_events_that_come_back_are_as_old_as_before() -> None:
    clock = FakeClock()
    channel = build(MemoryChannel, clock=clock)
    put(channel, b"1")
    clock.advance_ms(1000)
    put(channel, b"2", b"3")
    clock.advance_ms(1000)
    with channel.transaction() as transaction:
        transaction.take(2)
        transaction.rollback()
    assert channel.oldest_event_age_s == 2.0
    with channel.transaction() as transaction:
        transaction.take(3)
        transaction.commit(2)
    assert take(channel, 9) == [b"3"]
    put(channel, b"4")
    with channel.transaction() as transaction:
        transaction.take(1)
        clock.advance_ms(500)
        transaction.commit(0)
    assert channel.oldest_event_age_s == 0.5


def test_offers_in_line_enter_one_after_the_other_without_their_putter() -> None:
    channel = build(MemoryChannel, {"capacity": "1", "transactionCapacity": "1", "keep-alive": "60"})
    line, ended = Line(), []
    for number in range(3):
        channel.offer(EventBatch([b"%d" % number]), lambda offer: ended.append(offer.error), line=line)
    assert [take(channel, 1) for _ in range(3)] == [[b"0"], [b"1"], [b"2"]]
    assert ended == [None, None, None]


def test_when_one_in_a_line_gives_up_those_behind_it_do_too_and_none_overtakes_it() -> None:
    clock = FakeClock()
    channel = build(MemoryChannel, {"capacity": "2", "transactionCapacity": "2", "keep-alive": "1"}, clock=clock)
    put(channel, b"a")
    line, others, errors = Line(), Line(), {}
    for name, batch, its_line in (("large", [b"1", b"2"], line), ("small", [b"3"], line), ("other", [b"4"], others)):
        channel.offer(EventBatch(batch), lambda offer, name=name: errors.update({name: offer.error}), line=its_line)
    clock.advance_ms(500)
    channel.offer(EventBatch([b"5"]), lambda offer: errors.update({"last": offer.error}), line=line)
    clock.advance_ms(600)
    wait_until(lambda: "last" in errors, what="the end of the line")
    assert isinstance(errors["large"], ChannelFullError)
    assert isinstance(errors["small"], ChannelFullError), "it would fit, but would overtake"
    assert isinstance(errors["last"], ChannelFullError), "it waits in the same line"
    later: list[FlumeError | None] = []
    channel.offer(EventBatch([b"6"]), lambda offer: later.append(offer.error), line=line)
    assert isinstance(later[0], ChannelFullError), "a broken line takes no more"
