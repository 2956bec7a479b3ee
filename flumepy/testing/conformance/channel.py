"""The law of channels: transactions, order, roll-back to the head, capacity, offers, wake-ups, many threads.

Three hooks (in OfferConformance) make three sizes of the same channel; a channel without limits writes only `make`.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel
from flumepy.core.errors import BatchTooLargeError, ChannelFullError, TransactionStateError
from flumepy.core.threads import Wakeup
from flumepy.testing.conformance.channel_tools import WAIT_S, Ends, Traffic, batch_of, bodies_of, put, take
from flumepy.testing.conformance.component import running
from flumepy.testing.conformance.offers import OfferConformance


def _offer(channel: Channel[Any]) -> None:
    ends = Ends()
    channel.offer(batch_of(b"1"), ends)
    ends.wait(1)


def _held_offer(channel: Channel[Any]) -> None:
    ends = Ends()
    offer = channel.offer(batch_of(b"1"), ends, hold=True)
    ends.wait(1)
    offer.commit()


def _rolled_back_take(channel: Channel[Any]) -> None:
    put(channel, b"1")
    with channel.transaction() as transaction:
        transaction.take(1)
        transaction.rollback()


_WAYS: dict[str, Callable[[Channel[Any]], None]] = {
    "transaction": lambda channel: put(channel, b"1"),
    "offer": _offer,
    "held offer": _held_offer,
    "rolled back take": _rolled_back_take,
}


class ChannelConformance(OfferConformance):
    """Tests for channels."""

    #: true where counters are kept
    counts: ClassVar[bool] = True
    #: longest wait for what must happen at once
    wait_s: ClassVar[float] = WAIT_S

    def test_committed_events_are_taken_in_order(self) -> None:
        with running(self.make()) as channel:
            put(channel, b"1", b"2")
            put(channel, b"3")
            assert channel.size == 3
            assert take(channel, 10) == [b"1", b"2", b"3"]
            assert channel.size == 0

    def test_an_empty_channel_gives_nothing(self) -> None:
        with running(self.make()) as channel, channel.transaction() as transaction:
            assert transaction.take(10) == []

    def test_a_put_without_events_is_no_put(self) -> None:
        with running(self.make()) as channel:
            put(channel)
            channel.offer(EventBatch([]), Ends())
            with channel.transaction() as transaction:
                assert transaction.take(10) == []

    def test_a_take_keeps_to_its_limit_and_to_the_order_across_batches(self) -> None:
        with running(self.make()) as channel:
            put(channel, b"1", b"2", b"3")
            put(channel, b"4", b"5")
            assert [take(channel, 2), take(channel, 2), take(channel, 2)] == [[b"1", b"2"], [b"3", b"4"], [b"5"]]

    def test_several_takes_and_puts_share_a_transaction(self) -> None:
        with running(self.make()) as channel:
            put(channel, b"1", b"2")
            with channel.transaction() as transaction:
                assert bodies_of(transaction.take(1)) == [b"1"]
                transaction.put(batch_of(b"3"))
                assert bodies_of(transaction.take(5)) == [b"2"], "a put is visible before its commit"
                transaction.put(batch_of(b"4"))
            assert take(channel, 10) == [b"3", b"4"]

    def test_events_keep_their_headers(self) -> None:
        batch = EventBatch([b"1", b"2", b"3"], {"host": "web1", "n": ["1", None, "3"], "ключ": "значение"})
        with running(self.make()) as channel:
            with channel.transaction() as transaction:
                transaction.put(batch)
            with channel.transaction() as transaction:
                taken = [*transaction.take(2), *transaction.take(2)]
            assert EventBatch.concat(taken) == batch

    def test_puts_are_invisible_before_their_commit(self) -> None:
        with running(self.make()) as channel:
            with channel.transaction() as transaction:
                transaction.put(batch_of(b"1"))
                assert channel.size == 0
                assert take(channel, 1) == []
            assert take(channel, 1) == [b"1"]

    def test_an_error_in_the_block_undoes_puts_and_takes(self) -> None:
        with running(self.make()) as channel:
            put(channel, b"1", b"2", b"3")

            def fail() -> None:
                with channel.transaction() as transaction:
                    transaction.put(batch_of(b"9"))
                    assert bodies_of(transaction.take(2)) == [b"1", b"2"]
                    raise KeyError

            with pytest.raises(KeyError):
                fail()
            assert take(channel, 10) == [b"1", b"2", b"3"]

    def test_a_rolled_back_take_stands_before_later_puts(self) -> None:
        with running(self.make()) as channel:
            put(channel, b"1", b"2")
            put(channel, b"3")
            with channel.transaction() as transaction:
                assert bodies_of(transaction.take(3)) == [b"1", b"2", b"3"]
                put(channel, b"4")
                transaction.rollback()
            assert take(channel, 10) == [b"1", b"2", b"3", b"4"]

    def test_a_partial_commit_gives_the_rest_back_to_the_head(self) -> None:
        with running(self.make()) as channel:
            put(channel, b"1", b"2", b"3")
            put(channel, b"4", b"5")
            with channel.transaction() as transaction:
                assert len(bodies_of(transaction.take(4))) == 4
                transaction.commit(taken=2)
            assert channel.size == 3
            assert take(channel, 10) == [b"3", b"4", b"5"]

    def test_a_take_that_does_not_wait_for_its_storage_is_committed_all_the_same(self) -> None:
        channel = self.make()
        with running(channel):
            put(channel, b"1", b"2", b"3")
            with channel.transaction() as transaction:
                transaction.waits_for_takes = False
                assert bodies_of(transaction.take(2)) == [b"1", b"2"]
            assert channel.size == 1
        with running(channel):
            assert take(channel, 10) == [b"3"]

    def test_two_takers_get_different_events(self) -> None:
        with running(self.make()) as channel:
            put(channel, b"1", b"2", b"3")
            with channel.transaction() as one, channel.transaction() as other:
                assert bodies_of(one.take(2)) == [b"1", b"2"]
                assert bodies_of(other.take(2)) == [b"3"]

    def test_a_transaction_serves_one_block(self) -> None:
        with running(self.make()) as channel:
            transaction = channel.transaction()
            with pytest.raises(TransactionStateError):
                transaction.put(batch_of(b"1"))
            with transaction:
                transaction.put(batch_of(b"1"))
            for use in (lambda: transaction.put(batch_of(b"2")), lambda: transaction.take(1), transaction.commit,
                        transaction.rollback, transaction.__enter__):  # fmt: skip
                with pytest.raises(TransactionStateError):
                    use()
            assert take(channel, 10) == [b"1"]

    def test_after_a_commit_the_end_of_the_block_does_nothing(self) -> None:
        with running(self.make()) as channel:
            put(channel, b"1")

            def fail_late() -> None:
                with channel.transaction() as transaction:
                    transaction.take(1)
                    transaction.commit()
                    raise KeyError

            with pytest.raises(KeyError):
                fail_late()
            assert take(channel, 1) == []

    def test_events_survive_a_stop_and_a_start(self) -> None:
        channel = self.make()
        with running(channel):
            put(channel, b"1", b"2")
        with running(channel):
            assert take(channel, 10) == [b"1", b"2"]

    def test_counters_count_events(self) -> None:
        if not self.counts:
            pytest.skip("this channel keeps no counters")
        with running(self.make()) as channel:
            put(channel, b"1", b"2", b"3")
            assert (channel.counters.put_attempt, channel.counters.put_success) == (3, 3)
            assert channel.counters.channel_size == 3
            take(channel, 2)
            assert channel.counters.take_success == 2
            assert channel.counters.channel_size == 1

    def test_a_full_channel_refuses_and_stays_as_it_was(self) -> None:
        with running(self.small()) as channel:
            put(channel, b"1", b"2", b"3")
            with pytest.raises(ChannelFullError):
                put(channel, b"4", b"5")
            assert channel.room() in (1, None)
            put(channel, b"4")
            assert take(channel, 10) == [b"1", b"2", b"3", b"4"]

    def test_open_takes_count_against_the_capacity(self) -> None:
        with running(self.small()) as channel:
            put(channel, b"1", b"2", b"3", b"4")
            with channel.transaction() as transaction:
                transaction.take(4)
                with pytest.raises(ChannelFullError):
                    put(channel, b"5")
            put(channel, b"5", b"6", b"7", b"8")

    def test_a_partial_commit_frees_the_room_of_what_was_taken(self) -> None:
        with running(self.small()) as channel:
            put(channel, b"1", b"2", b"3", b"4")
            with channel.transaction() as transaction:
                transaction.take(4)
                transaction.commit(taken=3)
            with pytest.raises(ChannelFullError):
                put(channel, b"5", b"6", b"7", b"8")
            put(channel, b"5", b"6", b"7")
            assert take(channel, 10) == [b"4", b"5", b"6", b"7"]

    def test_more_than_a_transaction_may_carry_is_refused_for_good(self) -> None:
        with running(self.make()) as channel:
            if channel.transaction_capacity is None:
                pytest.skip("this channel's transactions have no limit")
            with pytest.raises(BatchTooLargeError):
                put(channel, *[b"x"] * (channel.transaction_capacity + 1))
            ends = Ends()
            channel.offer(batch_of(*[b"x"] * (channel.transaction_capacity + 1)), ends)
            assert isinstance(ends.wait(1)[0].error, BatchTooLargeError)
            assert channel.size == 0

    @pytest.mark.parametrize("way", ["transaction", "offer", "held offer", "rolled back take"])
    def test_listeners_are_woken_by_what_takers_can_see(self, way: str) -> None:
        with running(self.make()) as channel:
            wakeup = Wakeup()
            channel.listen(wakeup)
            wakeup.is_armed = True
            _WAYS[way](channel)
            assert wakeup.wait(self.wait_s), f"nobody was woken by a {way}"
            channel.unlisten(wakeup)
            while wakeup.wait(0):
                pass
            put(channel, b"2")
            assert not wakeup.wait(0), "a listener that left was woken"

    def test_many_threads_lose_nothing_and_double_nothing(self) -> None:
        with running(self.make()) as channel:
            Traffic(channel).run()
            assert channel.size == 0
