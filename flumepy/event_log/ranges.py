"""Which events are taken: a watermark, below which all are, and ranges above it.

Ranges stay few: there is at most one per run of events that is not taken, and such a run below a taken one is in memory,
in an open take or given back. Touching ranges are joined, and the lowest one becomes the watermark when it touches it.
"""

from bisect import bisect_left, bisect_right

from flumepy.event_log.frames import Span


class TakenRanges:
    """A set of sequence numbers, all those below `watermark` among them."""

    __slots__ = ("_firsts", "_stops", "count_above", "watermark")

    def __init__(self, watermark: int = 0) -> None:
        self.watermark = watermark
        self.count_above = 0  #: taken events above the watermark
        self._firsts: list[int] = []  # ascending, disjoint, not touching
        self._stops: list[int] = []

    def __repr__(self) -> str:
        return f"TakenRanges({self.watermark}, {self.spans()})"

    def __len__(self) -> int:
        """Return the number of ranges above the watermark."""
        return len(self._firsts)

    def spans(self) -> list[Span]:
        """Return the ranges above the watermark, ascending."""
        return list(zip(self._firsts, self._stops, strict=True))

    def add(self, first: int, stop: int) -> int:
        """Add [first, stop); return how many of these were not in before."""
        if stop <= self.watermark or first >= stop:
            return 0
        if first <= self.watermark and not self._firsts:
            added, self.watermark = stop - self.watermark, stop
            return added
        before = self.watermark + self.count_above
        first = max(first, self.watermark)
        low = bisect_left(self._stops, first)  # the first range that touches or overlaps, or lies behind
        high = bisect_right(self._firsts, stop)  # behind the last one that does
        if low < high:
            first, stop = min(first, self._firsts[low]), max(stop, self._stops[high - 1])
            self.count_above -= sum(self._stops[low:high]) - sum(self._firsts[low:high])
        if first == self.watermark:
            self.watermark = stop
            del self._firsts[low:high], self._stops[low:high]
        else:
            self._firsts[low:high], self._stops[low:high] = [first], [stop]
            self.count_above += stop - first
        return self.watermark + self.count_above - before

    def raise_watermark(self, watermark: int) -> int:
        """Add everything below this number; return how many were not in before."""
        return self.add(self.watermark, watermark)

    def __contains__(self, sequence: int) -> bool:
        if sequence < self.watermark:
            return True
        place = bisect_right(self._firsts, sequence) - 1
        return place >= 0 and sequence < self._stops[place]

    def missing(self, first: int, stop: int) -> list[Span]:
        """Return what is left of [first, stop) without the taken events, ascending."""
        first = max(first, self.watermark)
        left: list[Span] = []
        place = bisect_right(self._stops, first)
        while first < stop:
            if place == len(self._firsts) or self._firsts[place] >= stop:
                left.append((first, stop))
                break
            if first < self._firsts[place]:
                left.append((first, self._firsts[place]))
            first = self._stops[place]
            place += 1
        return left
