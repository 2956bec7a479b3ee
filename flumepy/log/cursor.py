"""A place in a log from which frames are read in order, at one `pread` for many."""

from typing import TYPE_CHECKING, Any, NamedTuple

from flumepy.log.format import FrameHead, Stop

if TYPE_CHECKING:
    from flumepy.log.log import Log

READ_BYTES = 256 * 1024


class Chunk(NamedTuple):
    """Whole, verified frames and the bytes they stand in: a frame is data[head position - position:][:head length]."""

    position: int
    data: bytes
    heads: list[FrameHead]

    def frame(self, head: FrameHead) -> bytes:
        """Return the bytes of one frame."""
        offset = head[0] - self.position
        return self.data[offset : offset + head[1]]


class Cursor:
    """Reads one log from `position` on; for one thread at a time."""

    def __init__(self, log: "Log[Any]", position: int) -> None:
        self._log = log
        self.position = position

    def read(self, limit: int | None = None, size: int = READ_BYTES) -> Chunk | None:
        """Return the next frames, about `size` bytes but at least one frame; None at the end.

        limit: a position behind a frame, up to which may be read; the end of what is written otherwise. What is damaged is
        skipped, counted and logged. Raises LogFailedError, and OSError when the disk fails.
        """
        end = self._log.written_end if limit is None else min(limit, self._log.written_end)
        wanted = size
        while self.position < end:
            with self._log.lease(self.position) as segment:
                self.position = max(self.position, segment.position)  # what was before is gone
                stop = min(segment.end, end)
                data = segment.read(self._log.disk, self.position, min(wanted, stop - self.position))
                start = self.position
                scan = self._log.format.scan(data, start, verify=True)
                if scan.heads:
                    last = scan.heads[-1]
                    self.position = last[0] + last[1]
                    return Chunk(start, data, scan.heads)
                if scan.stop is Stop.SHORT and start + scan.needed <= stop and wanted < scan.needed:
                    wanted = scan.needed  # if that is not there either, the file is too short
                    continue
                if start >= stop:  # a gap between two segments
                    self.position = self._log.next_segment_position(segment, end)
                    continue
                if segment.end >= stop:  # else it was cut off while it was read
                    self.position = self._log.skip_damage(segment, start, stop)
        return None
