"""The blob deserializer: a file, or each slice of maxBlobLength bytes of it, is one event. Source: BlobDeserializer."""

from typing import BinaryIO

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context
from flumepy.core.deserializer import Deserializer, EventReader, TextRules
from flumepy.core.options import Options, opt

BATCH_BYTES = 1024 * 1024


class BlobOptions(Options):
    """Properties of the blob deserializer."""

    max_blob_length: int = opt(
        "maxBlobLength", 100_000_000, doc="A longer file becomes several events.", unit="bytes", ge=1
    )


class BlobDeserializer(Deserializer[BlobOptions]):
    """One event per file, bytes unchanged."""

    Options = BlobOptions

    def __init__(self, context: Context, options: BlobOptions) -> None:
        super().__init__(context, options)
        self._is_cut_reported = False

    def open(self, file: BinaryIO, position: int, text: TextRules) -> "BlobReader":
        """Return a reader from this position on."""
        return BlobReader(self, file, position)

    def report_cut(self) -> None:
        """Say once that files are longer than maxBlobLength."""
        if not self._is_cut_reported:
            self._is_cut_reported = True
            self.log.warning(
                "A file is longer than maxBlobLength (%d bytes); it becomes several events.",
                self.options.max_blob_length,
            )


class BlobReader(EventReader):
    """Reads slices of one file."""

    def __init__(self, deserializer: BlobDeserializer, file: BinaryIO, position: int) -> None:
        self.position = position
        self._deserializer = deserializer
        self._file = file
        file.seek(position)

    def read(self, limit: int) -> EventBatch:
        """Return slices, as many as make a batch of moderate size, at least one."""
        bodies: list[bytes] = []
        size_bytes = 0
        while len(bodies) < limit and size_bytes < BATCH_BYTES:
            body = self._slice()
            if not body:
                break
            bodies.append(body)
            size_bytes += len(body)
        self.position += size_bytes
        return EventBatch(bodies)

    def _slice(self) -> bytes:
        wanted = self._deserializer.options.max_blob_length
        parts = []
        while wanted and (part := self._file.read(min(wanted, BATCH_BYTES))):
            parts.append(part)
            wanted -= len(part)
        if not wanted:
            self._deserializer.report_cut()
        return b"".join(parts)
