"""What the channel suites are made of: short puts and takes, a collector of ended offers, traffic on many threads."""

import threading
from functools import partial
from typing import Any

from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel
from flumepy.core.errors import ChannelFullError
from flumepy.core.offer import Offer
from flumepy.core.threads import start_thread

WAIT_S = 10.0


def batch_of(*bodies: bytes, **headers: str) -> EventBatch:
    """Return a batch."""
    return EventBatch(list(bodies), dict(headers))


def put(channel: Channel[Any], *bodies: bytes) -> None:
    """Put one batch in one transaction."""
    with channel.transaction() as transaction:
        transaction.put(batch_of(*bodies))


def take(channel: Channel[Any], limit: int) -> list[bytes]:
    """Take in one transaction."""
    with channel.transaction() as transaction:
        return bodies_of(transaction.take(limit))


def bodies_of(batches: list[EventBatch]) -> list[bytes]:
    """Return all bodies."""
    return [body for batch in batches for body in batch.bodies]


class Ends:
    """Collects the offers that ended, in order; its instance is a `done`."""

    def __init__(self) -> None:
        self.offers: list[Offer] = []
        self._changed = threading.Condition()

    def __call__(self, offer: Offer) -> None:
        """Note an end."""
        with self._changed:
            self.offers.append(offer)
            self._changed.notify_all()

    def wait(self, count: int) -> list[Offer]:
        """Return the offers once so many have ended."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.offers) >= count, WAIT_S), "an offer did not end"
        return self.offers


class Traffic:
    """Two putters and two takers, some of whose transactions roll back."""

    def __init__(self, channel: Channel[Any], *, events: int = 2000) -> None:
        self.channel = channel
        self.events = events
        self.lock = threading.Lock()  # guards taken
        self.taken: list[bytes] = []
        self.is_put = threading.Event()

    def run(self) -> None:
        """Run it and check that every event came out once."""
        putters = [start_thread(f"conformance-put-{name}", partial(self._put, name)) for name in ("a", "b")]
        takers = [start_thread(f"conformance-take-{name}", self._take) for name in ("a", "b")]
        for thread in putters:
            thread.join(60)
        self.is_put.set()
        for thread in takers:
            thread.join(60)
        assert not any(thread.is_alive() for thread in (*putters, *takers)), "a put or a take hangs"
        assert sorted(self.taken) == sorted(self._bodies("a") + self._bodies("b"))

    def _bodies(self, putter: str) -> list[bytes]:
        return [f"{putter}-{number:05}".encode() for number in range(self.events)]

    def _put(self, putter: str) -> None:
        bodies = self._bodies(putter)
        turn = start = 0
        while start < len(bodies):
            turn += 1
            chunk = bodies[start : start + 1 + turn % 17]
            try:
                with self.channel.transaction() as transaction:
                    transaction.put(batch_of(*chunk))
                    if turn % 5 == 3:
                        transaction.rollback()
                        continue
            except ChannelFullError:
                continue
            start += len(chunk)

    def _take(self) -> None:
        turn = 0
        while True:
            is_last = self.is_put.is_set()
            turn += 1
            with self.channel.transaction() as transaction:
                bodies = bodies_of(transaction.take(13))
                if turn % 4 == 0:
                    transaction.rollback()
                    continue
            with self.lock:
                self.taken += bodies
            if is_last and not bodies and not self.channel.size:
                return
