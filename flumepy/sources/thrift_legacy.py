"""Receives events of Flume 0.9 over Thrift. Source: ThriftLegacySource."""

from flumepy.core.later import LaterSource
from flumepy.core.options import Options, opt


class ThriftLegacyOptions(Options):
    """Properties of the thriftLegacy source."""

    host: str | None = opt("host", None, doc="Address to listen on; all interfaces when not given.")
    port: int = opt("port", doc="Port to listen on.")


class ThriftLegacySource(LaterSource[ThriftLegacyOptions]):
    """Receives events of Flume 0.9."""

    Options = ThriftLegacyOptions
    type_name = "thriftLegacy"
