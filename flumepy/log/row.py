"""The segments of an open log, in order: found by position, leased to readers, taken off at both ends.

The log's lock guards the row; files are opened and closed outside of it. The last segment is active and stays open. Another
one is open while it is leased, and while it is leased it is not reused.
"""

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter

from flumepy.log.disk import Disk
from flumepy.log.segment import Segment

_POSITION = attrgetter("position")


class SegmentRow:
    """Segments from the oldest to the active one."""

    def __init__(self, lock: threading.Lock, disk: Disk, is_empty: Callable[[], Exception]) -> None:
        self._lock = lock  # the log's; guards everything below
        self._disk = disk
        self._is_empty = is_empty
        self._segments: list[Segment] = []

    def __len__(self) -> int:
        return len(self._segments)

    def all(self) -> Sequence[Segment]:
        """Return the segments; called with the lock held, or before any use."""
        return self._segments

    @property
    def active(self) -> Segment:
        """Return the segment that is being filled."""
        return self._segments[-1]

    def add(self, segment: Segment) -> None:
        """Make this open segment the active one; the one before is sealed."""
        with self._lock:
            sealed = self._segments[-1] if self._segments else None
            segment.is_active = True
            self._segments.append(segment)
        if sealed is not None:
            self._seal(sealed)

    def _seal(self, segment: Segment) -> None:
        with self._lock:
            segment.is_active = False
            descriptor = self._idle_descriptor(segment)
        if descriptor >= 0:
            self._disk.close(descriptor)

    def _idle_descriptor(self, segment: Segment) -> int:
        """Return a descriptor that nobody needs any longer, or -1; called with the lock held."""
        if segment.leases or segment.is_active:
            return -1
        descriptor, segment.descriptor = segment.descriptor, -1
        return descriptor

    @contextmanager
    def lease(self, position: int) -> Iterator[Segment]:
        """Keep the segment with this position, or the first behind it, open and from being reused inside the block."""
        segment = self._open_leased(position)
        try:
            yield segment
        finally:
            self._return(segment)

    def _open_leased(self, position: int) -> Segment:
        while True:
            with self._lock:
                if not self._segments:
                    raise self._is_empty()
                place = bisect_right(self._segments, position, key=_POSITION) - 1
                segment = self._segments[max(0, place)]
                segment.leases += 1
                if segment.descriptor >= 0:
                    return segment
            try:
                self._open(segment)
            except FileNotFoundError:
                self._return(segment)
                if segment in self._segments:
                    raise
                continue  # it was cut off while we came
            except OSError:
                self._return(segment)
                raise
            return segment

    def _open(self, segment: Segment) -> None:
        descriptor = self._disk.open(segment.path)
        with self._lock:
            if segment.descriptor < 0:
                segment.descriptor, descriptor = descriptor, -1
        if descriptor >= 0:
            self._disk.close(descriptor)  # another reader was quicker

    def _return(self, segment: Segment) -> None:
        with self._lock:
            segment.leases -= 1
            descriptor = self._idle_descriptor(segment)
        if descriptor >= 0:
            self._disk.close(descriptor)

    def behind(self, segment: Segment) -> Segment | None:
        """Return the segment that follows this one."""
        with self._lock:
            place = bisect_right(self._segments, segment.position, key=_POSITION)
            return self._segments[place] if place < len(self._segments) else None

    def with_sequence(self, sequence: int) -> Segment | None:
        """Return the last segment that starts at or before this sequence number."""
        with self._lock:
            place = bisect_right(self._segments, sequence, key=lambda segment: segment.header.sequence)
            return self._segments[place - 1] if place else None

    def pop_first(self, position: int) -> Segment | None:
        """Take off the first segment if it ends at or before this position and nobody reads it; the last one stays."""
        with self._lock:
            if len(self._segments) < 2 or self._segments[1].position > position or self._segments[0].leases:
                return None
            return self._segments.pop(0)

    def pop_last(self, position: int) -> Segment | None:
        """Take off the last segment if it starts behind this position and is not the only one.

        One that starts at the position stays, since its header knows the next sequence number. The one before becomes
        active. Raises OSError when it cannot be opened; nothing has changed then.
        """
        with self._lock:
            if len(self._segments) < 2 or self._segments[-1].position <= position:
                return None
            active = self._segments[-2]
            active.leases += 1
        try:
            if active.descriptor < 0:
                self._open(active)
            with self._lock:
                active.is_active = True
                segment = self._segments.pop()
            self._seal(segment)
            return segment
        finally:
            self._return(active)

    def replace_active(self, segment: Segment) -> Segment:
        """Put this open segment in the place of the active one, which holds no frames and is returned."""
        with self._lock:
            segment.is_active = True
            empty, self._segments[-1] = self._segments[-1], segment
        self._seal(empty)
        return empty

    def close(self) -> None:
        """Take all off; those that are being read are closed when that ends."""
        with self._lock:
            segments, self._segments = self._segments, []
        for segment in segments:
            self._seal(segment)
