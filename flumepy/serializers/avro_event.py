"""An Avro container file of whole events, headers and body.

The record is called Event and has no namespace: it is not the AvroFlumeEvent of the RPC protocol. A file cannot be continued
once it is closed. Source: FlumeEventAvroEventSerializer, AbstractAvroEventSerializer.
"""

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context
from flumepy.core.errors import UnsupportedError
from flumepy.core.options import Options, opt
from flumepy.core.problems import Problem, Severity
from flumepy.core.serializer import Serializer
from flumepy.formats.avro_event import SCHEMA, encode_events
from flumepy.formats.avro_writer import ContainerWriter

MOST_SYNC_INTERVAL_BYTES = 1 << 30


class AvroEventOptions(Options):
    """Properties of the avro_event serializer."""

    sync_interval_bytes: int = opt("syncIntervalBytes", 2048000, unit="bytes", ge=32, le=MOST_SYNC_INTERVAL_BYTES,
                                   doc="Size at which a block ends; it also ends with each transaction.")  # fmt: skip
    compression_codec: str = opt(
        "compressionCodec", "null", doc="null, deflate, bzip2, xz, snappy or zstandard; another name means null."
    )


class AvroEventSerializer(Serializer[AvroEventOptions]):
    """Writes events as Avro datums."""

    Options = AvroEventOptions
    can_resume = False

    def __init__(self, context: Context, options: AvroEventOptions) -> None:
        super().__init__(context, options)
        try:
            self._writer = ContainerWriter(SCHEMA, options.compression_codec, options.sync_interval_bytes)
        except UnsupportedError as error:
            message = f"{error}; the file is not compressed, as in Flume"
            context.report(Problem(Severity.WARNING, message, key="compressionCodec"))
            self._writer = ContainerWriter(SCHEMA, "null", options.sync_interval_bytes)

    def begin(self) -> bytes:
        """Return the container's header."""
        return self._writer.begin()

    def serialize(self, batches: list[EventBatch]) -> list[bytes]:
        """Return the blocks that are full."""
        return [block for batch in batches for block in self._writer.append(encode_events(batch))]

    def flush(self) -> bytes:
        """Return the open block."""
        return self._writer.flush()
