"""FCINTEGRITYTOOL on our own segments.

Damaged bytes are set aside as by a repair. A queued event that the validator refuses is written to a file beside its segment
and then marked as taken, so that nobody gets it; the file has the form that `flumepy channel import` reads.
"""

import os
from collections.abc import Callable
from pathlib import Path

from flumepy.core.batch import EventBatch
from flumepy.core.errors import InputError, translate
from flumepy.event_log.frames import PUT, take_frame
from flumepy.event_log.ranges import TakenRanges
from flumepy.formats.event_json import encode_json
from flumepy.formats.flume_log import IntegrityCounts
from flumepy.formats.flume_log.integrity import Validator
from flumepy.log.cursor import Chunk
from flumepy.log.disk import Disk
from flumepy.log.format import FrameHead
from flumepy.log.frame import NativeFormat
from flumepy.log.log import Log
from flumepy.log.segment import HEADER_BYTES
from flumepy.log.shelf import ShelfSettings
from flumepy.log_tools.decode import decode, read_taken, reading_codec
from flumepy.log_tools.folders import StoredChannel
from flumepy.log_tools.repair import ASIDE, repair
from flumepy.log_tools.walk import HoleKind, walk


class SegmentCheck:
    """One run over the segments of a channel."""

    def __init__(self, channel: StoredChannel, validator: Validator | None, say: Callable[[str], object]) -> None:
        self._channel = channel
        self._validator = validator
        self._say = say
        self._codec = reading_codec({})
        self._puts = self._valid = self._raised = 0
        self._refused = TakenRanges()
        self._taken = TakenRanges()

    def run(self) -> IntegrityCounts:
        """Check everything. Raises ChannelError, StartError, InputError, ConfigurationError for encrypted events."""
        done = repair(
            self._channel,
            codec=self._codec,
            said=lambda hole, path: self._say(f"{hole.sentence()}; set aside as {path}"),
        )
        for hole in done.left:
            self._say(f"{hole.sentence()}; left as it is")
        if self._validator is not None:
            self._taken = read_taken(self._channel)
        for piece in walk(self._channel.segments):
            if isinstance(piece, Chunk):
                self._check(piece)
        if self._refused.spans() or self._refused.watermark:
            if done.left:
                raise InputError("events were refused, but segments are missing: name all data directories with -l")
            self._mark_taken()
        corrupt = sum(max(1, hole.lost) for hole in done.holes if hole.kind is not HoleKind.HEADER)
        records = self._puts + corrupt + len(self._channel.segments)
        invalid = self._puts - self._valid - self._raised
        return IntegrityCounts(records, self._puts, self._valid, invalid, self._raised, corrupt)

    def _check(self, chunk: Chunk) -> None:
        for head in chunk.heads:
            if head[4] != PUT:
                continue
            batch = decode(self._channel, chunk, head, self._codec)
            if not isinstance(batch, EventBatch):
                continue
            self._puts += len(batch)
            if self._validator is None:
                self._valid += len(batch)
            else:
                self._set_aside(head, batch, self._bad_ones(batch, self._validator))

    def _bad_ones(self, batch: EventBatch, validator: Validator) -> list[int]:
        bad: list[int] = []
        for index, event in enumerate(batch.events()):
            try:
                if validator(event):
                    self._valid += 1
                    continue
            except InputError:
                self._raised += 1
            bad.append(index)
        return bad

    def _set_aside(self, head: FrameHead, batch: EventBatch, bad: list[int]) -> None:
        """Write refused events that are still queued to the file of their segment, durably."""
        bad = [index for index in bad if head[2] + index not in self._taken]
        if not bad:
            return
        segment = self._channel.segment_at(head[0])[1]
        path = segment.parent / ASIDE / f"{segment.name}.refused.jsonl"
        with translate({OSError: InputError}, f"{path} cannot be written"):
            Disk().make_folder(path.parent)
            append_synced(path, b"".join(encode_json(batch.take(bad))))
            Disk().sync_folder(path.parent)
        self._say(f"{len(bad)} events that the validator refuses are in {path}")
        for index in bad:
            self._refused.add(head[2] + index, head[2] + index + 1)

    def _mark_taken(self) -> None:
        size = self._channel.segments[-1][1].stat().st_size - HEADER_BYTES
        log = Log(ShelfSettings(self._channel.folders.data, segment_bytes=size), NativeFormat(), name="the channel")
        log.open()
        try:
            spans = [(0, self._refused.watermark)] if self._refused.watermark else []
            log.append(take_frame(0, [*spans, *self._refused.spans()]), uses_reserve=True).wait()
        finally:
            log.close()


def append_synced(path: Path, data: bytes) -> None:
    """Append to a file, durably. Raises OSError."""
    with path.open("ab") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
