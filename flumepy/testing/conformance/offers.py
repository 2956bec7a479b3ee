"""The law of offers: puts that may wait, without blocking, and end once."""

from abc import abstractmethod
from typing import Any

import pytest

from flumepy.core.channel import Channel
from flumepy.core.errors import ChannelFullError, FlumeError, StoppedError
from flumepy.core.threads import start_thread
from flumepy.testing.conformance.channel_tools import Ends, batch_of, put, take
from flumepy.testing.conformance.component import ComponentConformance, running
from flumepy.testing.fakes import wait_until


class OfferConformance(ComponentConformance):
    """Tests for the offers of channels; part of ChannelConformance."""

    @abstractmethod
    def make(self) -> Channel[Any]:
        """Return a new, empty channel with room for 1000 events and transactions of 100."""

    def make_small(self) -> Channel[Any] | None:
        """Return a new channel with room for exactly 4 events that refuses at once; None without a limit."""
        return None

    def make_waiting(self) -> Channel[Any] | None:
        """Return the same, but its puts wait for room for a minute; None where puts never wait."""
        return None

    def small(self) -> Channel[Any]:
        """Return what make_small returns, or skip."""
        channel = self.make_small()
        return pytest.skip("this channel has no capacity") if channel is None else channel

    def waiting(self) -> Channel[Any]:
        """Return what make_waiting returns, or skip."""
        channel = self.make_waiting()
        return pytest.skip("puts never wait on this channel") if channel is None else channel

    def test_an_offer_puts_and_calls_back_once(self) -> None:
        with running(self.make()) as channel:
            ends = Ends()
            offer = channel.offer(batch_of(b"1"), ends)
            assert ends.wait(1) == [offer]
            assert offer.is_done
            assert offer.error is None
            offer.withdraw()
            assert take(channel, 10) == [b"1"]
            assert ends.offers == [offer]

    def test_held_events_are_invisible_until_their_commit(self) -> None:
        with running(self.make()) as channel:
            ends = Ends()
            offer = channel.offer(batch_of(b"1", b"2"), ends, hold=True)
            assert ends.wait(1)[0].error is None
            assert channel.size == 0
            offer.commit()
            offer.commit()
            offer.withdraw()
            assert take(channel, 10) == [b"1", b"2"]

    def test_held_events_can_be_committed_without_blocking(self) -> None:
        with running(self.make()) as channel:
            ends = Ends()
            offer = channel.offer(batch_of(b"1", b"2"), ends, hold=True)
            ends.wait(1)
            errors: list[FlumeError | None] = []
            offer.commit_then(errors.append)
            wait_until(lambda: errors, what="the end of the commit")
            offer.commit_then(errors.append)
            wait_until(lambda: len(errors) == 2, what="the end of a second commit")
            assert errors == [None, None]
            assert take(channel, 10) == [b"1", b"2"]

    def test_a_withdrawn_hold_leaves_nothing_and_frees_its_room(self) -> None:
        with running(self.make_small() or self.make()) as channel:
            ends = Ends()
            offer = channel.offer(batch_of(b"1", b"2", b"3", b"4"), ends, hold=True)
            ends.wait(1)
            offer.withdraw()
            offer.withdraw()
            with pytest.raises(StoppedError):
                offer.commit()
            errors: list[FlumeError | None] = []
            offer.commit_then(errors.append)
            assert isinstance(errors[0], StoppedError)
            assert channel.size == 0
            put(channel, b"5", b"6", b"7", b"8")
            assert take(channel, 10) == [b"5", b"6", b"7", b"8"]

    def test_an_offer_that_does_not_wait_fails_at_once(self) -> None:
        with running(self.make_waiting() or self.small()) as channel:
            put(channel, b"1", b"2", b"3")
            ends = Ends()
            channel.offer(batch_of(b"4", b"5"), ends, wait=False)
            assert isinstance(ends.offers[0].error, ChannelFullError)
            channel.offer(batch_of(b"4"), ends, wait=False)
            assert ends.wait(2)[1].error is None

    def test_waiting_offers_are_admitted_in_order(self) -> None:
        with running(self.waiting()) as channel:
            put(channel, b"1", b"2", b"3", b"4")
            ends = Ends()
            offers = [channel.offer(batch_of(body, body), ends) for body in (b"5", b"6")]
            assert not ends.offers
            assert take(channel, 2) == [b"1", b"2"]
            assert ends.wait(1) == offers[:1]
            assert take(channel, 2) == [b"3", b"4"]
            assert ends.wait(2) == offers
            assert all(offer.error is None for offer in offers)
            assert take(channel, 10) == [b"5", b"5", b"6", b"6"]

    def test_a_small_offer_does_not_overtake_one_that_waits(self) -> None:
        with running(self.waiting()) as channel:
            put(channel, b"1", b"2", b"3")
            ends = Ends()
            large = channel.offer(batch_of(b"4", b"5"), ends)
            small = channel.offer(batch_of(b"6"), ends)
            assert not ends.offers
            assert take(channel, 3) == [b"1", b"2", b"3"]
            assert ends.wait(2) == [large, small]

    def test_a_waiting_offer_can_be_given_up_and_lets_the_next_one_in(self) -> None:
        with running(self.waiting()) as channel:
            put(channel, b"1", b"2", b"3")
            ends = Ends()
            large = channel.offer(batch_of(b"4", b"5"), ends)
            small = channel.offer(batch_of(b"6"), ends)
            large.withdraw()
            assert set(ends.wait(2)) == {large, small}
            assert isinstance(large.error, StoppedError)
            assert small.error is None
            assert take(channel, 10) == [b"1", b"2", b"3", b"6"]

    def test_a_withdrawn_hold_lets_waiting_offers_in(self) -> None:
        with running(self.waiting()) as channel:
            ends = Ends()
            held = channel.offer(batch_of(b"1", b"2", b"3", b"4"), ends, hold=True)
            waiting = channel.offer(batch_of(b"5"), ends)
            assert ends.wait(1) == [held]
            held.withdraw()
            assert ends.wait(2) == [held, waiting]
            assert take(channel, 10) == [b"5"]

    def test_stop_ends_every_waiting_put(self) -> None:
        channel = self.waiting()
        errors: list[StoppedError] = []

        def blocking_put() -> None:
            try:
                put(channel, b"6")
            except StoppedError as error:
                errors.append(error)

        with running(channel):
            put(channel, b"1", b"2", b"3", b"4")
            ends = Ends()
            channel.offer(batch_of(b"5"), ends)
            thread = start_thread("conformance-put", blocking_put)
        assert isinstance(ends.wait(1)[0].error, StoppedError)

        def stopped_again() -> bool:
            channel.stop()  # the put may have come after the stop before
            return not thread.is_alive()

        wait_until(stopped_again, what="the end of a blocking put")
        assert len(errors) == 1
