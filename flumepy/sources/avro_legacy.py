"""Receives events of Flume 0.9 over Avro RPC on HTTP. Source: AvroLegacySource."""

from flumepy.core.later import LaterSource
from flumepy.core.options import Options, opt


class AvroLegacyOptions(Options):
    """Properties of the avroLegacy source."""

    host: str | None = opt("host", None, doc="Address to listen on; all interfaces when not given.")
    port: int = opt("port", doc="Port to listen on.")


class AvroLegacySource(LaterSource[AvroLegacyOptions]):
    """Receives events of Flume 0.9."""

    Options = AvroLegacyOptions
    type_name = "avroLegacy"
