"""Posts of one turn of the loop whose events are alike, over all connections: one parcel, and one answer for each.

A client that sends batch after batch prints them alike, and waits for each answer. Such a post needs neither a request nor a
batch of its own: its lines are kept here until the turn ends. Whatever comes another way closes the group first, so that
nothing overtakes what the group holds.
"""

from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING

from flumepy.core.batch import Column, EventBatch
from flumepy.core.errors import FlumeError
from flumepy.core.intake import Parcel
from flumepy.core.line_text import LineText
from flumepy.formats.http_answer import Exchange

if TYPE_CHECKING:
    from flumepy.sources.http import HttpSource
    from flumepy.sources.http_like_reader import LikeReader

MOST_EVENTS = 1000


class LikePosts:
    """The group that is open."""

    def __init__(self, source: "HttpSource") -> None:
        self._source = source
        self._headers: dict[str, Column] = {}
        self._texts: list[bytes] = []
        self._sizes: list[int] = []
        self._count = self._most_events = 0
        self._posts = 0
        self._askers: list[tuple[LikeReader, Exchange]] = []

    def add(
        self, reader: "LikeReader", exchange: Exchange, lines: bytes, count: int, headers: dict[str, Column]
    ) -> None:
        """Take the lines of a post; all with the same headers share a batch."""
        if self._count + count > self._most_events or (headers is not self._headers and headers != self._headers):
            self.close()
            self._headers = headers
            self._most_events = min(MOST_EVENTS, self._source.outlet.limit)
        self._count += count
        self._texts.append(lines)
        self._sizes.append(count)
        self._askers.append((reader, exchange))

    def limit(self) -> int:
        """Return the most events of a post that is taken here."""
        return self._source.outlet.limit

    def end_turn(self) -> int:
        """Close the group; return how many posts there were since the last turn."""
        self.close()
        posts, self._posts = self._posts, 0
        return posts

    def close(self) -> None:
        """Hand the group over to the intake."""
        if not self._texts:
            return
        self._posts += len(self._sizes)
        texts, sizes, askers = self._texts, self._sizes, self._askers
        self._texts, self._sizes, self._askers = [], [], []
        count, self._count = self._count, 0
        counters = self._source.counters
        counters.append_batch_received += len(sizes)
        counters.event_received += count
        batch = EventBatch.from_text(LineText.of_pieces(texts, sizes), self._headers)
        waiting = zip(askers, sizes, strict=True)

        def answer(units: int, error: FlumeError | None) -> None:
            success, now_s = self._source.common_headers.plain_success(), monotonic()
            for (reader, exchange), size in islice(waiting, units):
                if error is None:
                    counters.append_batch_accepted += 1
                    counters.event_accepted += size
                    reader.accepted(exchange, success, now_s)
                else:
                    reader.refused(exchange, error)

        self._source.intake.add(Parcel(batch, answer, sizes))
