"""What the three HBase sinks share: properties, the ZooKeeper list, serializers by class name.

Source: HBaseSink, HBase2Sink, AsyncHBaseSink, SimpleHbaseEventSerializer, RegexHbaseEventSerializer and their twins.
"""

from collections.abc import Mapping

from flumepy.core.errors import ConfigurationError, InputError, at_key
from flumepy.core.options import Options, opt, require_options
from flumepy.formats.java_regex import compile_java
from flumepy.formats.java_text import java_charset, parse_int


class HbaseSinkOptions(Options):
    """Properties of every HBase sink."""

    table: str | None = opt("table", None, doc="Table. Needed.")
    column_family: str | None = opt("columnFamily", None, doc="Column family. Needed.")
    batch_size: int = opt("batchSize", 100, long=True, unit="events", doc="Most events of one transaction.")
    serializer: str | None = opt("serializer", None, doc="Class name of the serializer; a Simple one when not given.")
    serializer_settings: dict[str, str] = opt("serializer.", {}, doc="Properties of the serializer.")
    enable_wal: bool = opt("enableWal", True, doc="Write HBase's log; without it a region server may lose data.")
    coalesce_increments: bool = opt(
        "coalesceIncrements", False, since="1.5", doc="Sum increments of a cell in a batch."
    )
    zookeeper_quorum: str | None = opt(
        "zookeeperQuorum", None, doc="host:port list, all ports equal; else hbase-site.xml."
    )
    znode_parent: str | None = opt("znodeParent", None, doc="Root node in ZooKeeper; default /hbase.")


class SimpleSerializerOptions(Options):
    """Properties of the Simple serializers: the body into one column, a counter beside it."""

    payload_column: str = opt("payloadColumn", "pCol", doc="Column of the body.")
    increment_column: str = opt("incrementColumn", "iCol", doc="Column of the counter.")
    increment_row: str = opt("incrementRow", "incRow", doc="Row of the counter.")
    row_prefix: str = opt("rowPrefix", "default", doc="Begin of row keys.")
    suffix: str = opt("suffix", "uuid", doc="End of row keys: uuid, random, timestamp or nano.")


class RegexSerializerOptions(Options):
    """Properties of the Regex serializers: the groups of a match into columns."""

    regex: str = opt("regex", "(.*)", doc="Java regular expression that matches the whole body; else it is dropped.")
    ignore_case: bool = opt("regexIgnoreCase", False, doc="Match any case.")
    column_names: str = opt("colNames", "payload", doc="Comma-separated columns, one per group.")
    row_key_index: int = opt("rowKeyIndex", -1, since="1.4", doc="Index of the column ROW_KEY; -1 makes a key.")
    deposit_headers: bool = opt("depositHeaders", False, since="1.4", doc="Store headers as columns too.")
    charset: str = opt("charset", "UTF-8", doc="Charset of the body.")


def check_table(options: HbaseSinkOptions) -> None:
    """Raise ConfigurationError with Flume's reason when table or column family is missing."""
    if options.table is None:
        raise ConfigurationError("Table name cannot be empty, please specify in configuration file", key="table")
    if options.column_family is None:
        raise ConfigurationError(
            "Column family cannot be empty, please specify in configuration file", key="columnFamily"
        )


def check_serializer(
    name: str, settings: Mapping[str, str], known: Mapping[str, type[Options]]
) -> SimpleSerializerOptions | RegexSerializerOptions:
    """Return the serializer's options. Raises ConfigurationError for an unknown class or unusable settings."""
    if name not in known:
        raise ConfigurationError(f"java.lang.ClassNotFoundException: {name}", key="serializer",
                                 hint=f"known are {', '.join(sorted(known))}")  # fmt: skip
    try:
        options = require_options(known[name], settings)
        if isinstance(options, RegexSerializerOptions):
            _check_regex(options)
    except ConfigurationError as error:
        raise ConfigurationError(str(error), key=f"serializer.{error.key}", hint=error.hint) from error
    assert isinstance(options, SimpleSerializerOptions | RegexSerializerOptions)
    return options


def _check_regex(options: RegexSerializerOptions) -> None:
    with at_key("regex"):
        compile_java(options.regex)
    with at_key("charset"):
        java_charset(options.charset)
    columns = options.column_names.split(",")
    if options.row_key_index < 0:
        return
    if options.row_key_index >= len(columns):
        raise ConfigurationError(f"rowKeyIndex must be less than num columns {len(columns)}", key="rowKeyIndex")
    if columns[options.row_key_index].upper() != "ROW_KEY":
        raise ConfigurationError(
            f"Column at {options.row_key_index} must be ROW_KEY and is {columns[options.row_key_index]}",
            key="rowKeyIndex",
        )


def quorum(text: str | None) -> tuple[str, int] | None:
    """Return the hosts and their one port. Raises ConfigurationError where Flume does.

    >>> quorum("zk1:2181, zk2:2181")
    ('zk1,zk2', 2181)
    """
    if text is None:
        return None
    hosts: list[str] = []
    ports: set[int] = set()
    for node in text.rstrip(",").split(","):
        host, _, port = node.partition(":")
        if not port:
            raise ConfigurationError("Expected client port for the ZK node!", key="zookeeperQuorum")
        try:
            ports.add(parse_int(port.split(":")[0]))
        except InputError as error:
            raise ConfigurationError(str(error), key="zookeeperQuorum") from error
        hosts.append(host.strip())
    if len(ports) > 1:
        raise ConfigurationError(
            "All Zookeeper nodes in the quorum must use the same client port.", key="zookeeperQuorum"
        )
    return ",".join(hosts), ports.pop()
