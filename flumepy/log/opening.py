"""Opening the segments of a log: which files belong to it, where its frames end, and what stands behind them.

First everything is read, and refused if it is not ours; only then is anything changed.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from flumepy.core.errors import StartError
from flumepy.log.disk import Disk
from flumepy.log.format import FrameFormat
from flumepy.log.recovery import Reader, Recovery, Visit
from flumepy.log.segment import Segment, SegmentHeader
from flumepy.log.shelf import Shelf


@dataclass
class OpenedLog:
    """The segments in order, all closed but the last, and what was found in them."""

    segments: list[Segment]
    log_id: bytes
    recovery: Recovery
    doubles: list[Segment] = field(default_factory=list)  #: empty files whose name another, filled one has as well


class Opener:
    """Opens the segments of one log."""

    def __init__(self, disk: Disk, frame_format: FrameFormat[Any], now_ms: Callable[[], int], shelf: Shelf) -> None:
        self._shelf = shelf
        self._disk = disk
        self._format = frame_format
        self._now_ms = now_ms

    def open(self, found: list[tuple[int, Path]], start: int | None, visit: Visit | None) -> OpenedLog:
        """Open the files, visit the frames from `start` on, clear what is behind the last. Raises StartError, OSError."""
        log_id = b""
        segments: list[Segment] = []
        doubles: list[Segment] = []
        for position, path in found:
            segment = self._open_segment(position, path, log_id)
            log_id = log_id or segment.header.log_id
            if segments and segments[-1].position == position:
                doubles.append(self._choose(segments, segment))
            else:
                segments.append(segment)
        if not segments:
            return OpenedLog([], secrets.token_bytes(16), Recovery())
        self._refuse_hole(segments)
        log_id = log_id or secrets.token_bytes(16)
        first = segments[0].position
        start = first if start is None or start < first else start
        recovery = self._scan(segments, start, visit)
        if segments[-1].end < start:
            recovery = self._scan(segments, first, visit)
        last = segments[-1]
        try:
            self._clear_tail(last, recovery, log_id)
        except BaseException:
            self._disk.close(last.descriptor)
            raise
        return OpenedLog(segments, log_id, recovery, doubles)

    def _refuse_hole(self, segments: list[Segment]) -> None:
        """Raise StartError where segments are missing while a folder is new: its disk may not be mounted."""
        folders = self._shelf.new_folders
        for segment, behind in pairwise(segments):
            if folders and segment.position + segment.capacity < behind.position:
                self._shelf.forsake_new_folders()
                raise StartError(
                    f"{', '.join(map(str, folders))}: new or not mounted, and files of the log are missing between"
                    f" {segment.path} and {behind.path}. Mount the disk, and the channel starts by itself; if they are gone"
                    " for good, give them up with `flumepy channel repair --give-up-missing`. Nothing was changed"
                )

    def _open_segment(self, position: int, path: Path, log_id: bytes) -> Segment:
        segment = Reader(self._disk, self._format, None).open_segment(position, path, log_id or None)
        self._close(segment)
        return segment

    def _close(self, segment: Segment) -> None:
        self._disk.close(segment.descriptor)
        segment.descriptor = -1

    def _choose(self, segments: list[Segment], other: Segment) -> Segment:
        """Keep that one of two segments of one name that holds frames; return the other, which must be empty.

        They come to be when a file without frames gives way to a larger one in another folder, and the process ends.
        """
        kept = segments[-1]
        for segment in (kept, other):
            self._scan_one(Reader(self._disk, self._format, None), segment, segment.position, None)
        if kept.end > kept.position < other.end:
            raise StartError(
                f"{kept.path} and {other.path}: two segments with frames of the same position; one of the directories holds"
                " a copy, move it away. Nothing was changed"
            )
        if (other.end, other.capacity) > (kept.end, kept.capacity):
            segments[-1], other = other, kept
        return other

    def _scan(self, segments: list[Segment], start: int, visit: Visit | None) -> Recovery:
        """Read the segments from the one that holds `start` on, from its first frame: a wrong `start` does no harm."""
        reader = Reader(self._disk, self._format, visit, visits_from=start)
        recovery = reader.recovery
        for segment, behind in zip(segments, [*segments[1:], None], strict=True):
            stop = behind.position if behind is not None else None
            if stop is not None and stop <= start and segment.is_header_sound:
                segment.end = stop
            else:
                self._scan_one(reader, segment, segment.position, stop)
            if segment.is_header_sound:
                recovery.next_sequence = max(recovery.next_sequence, segment.header.sequence)
            elif segment.header.sequence < 0:  # it holds no frame
                segment.header = replace(segment.header, sequence=recovery.next_sequence)
        return recovery

    def _scan_one(self, reader: Reader, segment: Segment, start: int, stop: int | None) -> None:
        segment.descriptor = self._disk.open(segment.path)
        try:
            reader.scan(segment, start, stop)
        finally:
            self._close(segment)

    def _clear_tail(self, last: Segment, recovery: Recovery, log_id: bytes) -> None:
        """Leave the last segment open, with a sound header, and nothing but zeros behind its frames."""
        last.descriptor = self._disk.open(last.path)
        reader = Reader(self._disk, self._format, None)
        if last.is_doubtful:
            reader.write_again(last)
        reader.clear_tail(last)
        last.trust()
        recovery.cut_bytes = reader.recovery.cut_bytes
        if last.is_header_sound:
            return
        # More frames follow in this file and behind it: from now on it is one of theirs again.
        sequence = last.header.sequence
        last.write_header(self._disk, SegmentHeader(self._format.name, log_id, last.position, sequence, self._now_ms()))
