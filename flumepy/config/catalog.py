"""Every component by name: one row each, nothing imported until it is named.

A type is an alias (any case), then a Java class name (exact case, `$Builder` dropped), then looked up among the plugins
(entry points of the groups `flumepy.sources`, `flumepy.sinks`, …, installed or in a plugins directory), then as a dotted
Python path. Built-in and plugin components pass the same door: a row with a path.
"""

from collections.abc import Iterable
from dataclasses import dataclass

SOURCE = "org.apache.flume.source."
SINK = "org.apache.flume.sink."
CHANNEL = "org.apache.flume.channel."
INTERCEPTOR = "org.apache.flume.interceptor."
SERIALIZATION = "org.apache.flume.serialization."
MORPHLINE = "org.apache.flume.sink.solr.morphline."
FORMATTER = "org.apache.flume.formatter.output."
CONFIG_FILTER = "org.apache.flume.configfilter."
INSTRUMENTATION = "org.apache.flume.instrumentation."

#: packages whose name is not the kind with an s
SUFFIXES = {"http_handler": "Handler"}
PACKAGES = {"selector_policy": "selector_policies", "config_filter": "config.filters", "monitor": "monitor"}


@dataclass(frozen=True, slots=True)
class Row:
    """One component: what it is called and where its class is."""

    kind: str
    name: str
    path: str  #: `module:Class`
    aliases: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    extra: str | None = None  #: the extra to install when its packages are missing
    is_plugin: bool = False

    @property
    def label(self) -> str:
        """Return the shortest name a file may use."""
        return (self.aliases or self.classes or (self.path,))[0]


def _row(
    kind: str,
    name: str,
    classes: str = "",
    *,
    alias: str | None = None,
    module: str | None = None,
    extra: str | None = None,
) -> Row:
    """Make a row whose path follows the rule: `flumepy.<kind>s.<module>:<Name><Kind>`."""
    module = module or name.lower()
    suffix = SUFFIXES.get(kind) or "".join(part.title() for part in kind.split("_"))
    folder = PACKAGES.get(kind, f"{kind}s")
    title = "".join(part[:1].upper() + part[1:] for part in name.replace("-", "_").split("_"))
    aliases = () if alias == "" else (alias or name,)
    return Row(kind, name, f"flumepy.{folder}.{module}:{title}{suffix}", aliases, tuple(classes.split()), extra)


ROWS: tuple[Row, ...] = (
    _row("source", "seq", SOURCE + "SequenceGeneratorSource"),
    _row("source", "netcat", SOURCE + "NetcatSource"),
    _row("source", "netcatudp", SOURCE + "NetcatUdpSource"),
    _row("source", "exec", SOURCE + "ExecSource"),
    _row("source", "spooldir", SOURCE + "SpoolDirectorySource"),
    _row("source", "http", SOURCE + "http.HTTPSource"),
    _row("source", "stress", SOURCE + "StressSource"),
    _row("source", "avro", SOURCE + "AvroSource"),
    _row("source", "thrift", SOURCE + "ThriftSource"),
    _row("source", "syslogtcp", SOURCE + "SyslogTcpSource"),
    _row("source", "syslogudp", SOURCE + "SyslogUDPSource"),
    _row("source", "multiport_syslogtcp", SOURCE + "MultiportSyslogTCPSource"),
    _row("source", "taildir", SOURCE + "taildir.TaildirSource"),
    _row("source", "jms", SOURCE + "jms.JMSSource"),
    _row("source", "kafka", SOURCE + "kafka.KafkaSource"),
    _row("source", "scribe", SOURCE + "scribe.ScribeSource"),
    _row("source", "twitter", SOURCE + "twitter.TwitterSource"),
    _row("source", "avro_legacy", SOURCE + "avroLegacy.AvroLegacySource"),
    _row("source", "thrift_legacy", SOURCE + "thriftLegacy.ThriftLegacySource"),
    _row("channel", "memory", CHANNEL + "MemoryChannel"),
    _row("channel", "pseudo_transactional", CHANNEL + "PseudoTxnMemoryChannel", alias="pseudotxn"),
    _row("channel", "file", CHANNEL + "file.FileChannel"),
    _row("channel", "kafka", CHANNEL + "kafka.KafkaChannel"),
    _row("channel", "spillable_memory", CHANNEL + "SpillableMemoryChannel", alias="spillablememory"),
    _row("channel", "jdbc", CHANNEL + "jdbc.JdbcChannel"),
    _row(
        "channel",
        "recoverable_memory",
        CHANNEL + "recoverable.memory.RecoverableMemoryChannel",
        alias="recoverablememory",
    ),
    _row("sink", "logger", SINK + "LoggerSink"),
    _row("sink", "null", SINK + "NullSink"),
    _row("sink", "file_roll", SINK + "RollingFileSink"),
    _row("sink", "avro", SINK + "AvroSink"),
    _row("sink", "thrift", SINK + "ThriftSink"),
    _row("sink", "hdfs", SINK + "hdfs.HDFSEventSink"),
    _row("sink", "hive", SINK + "hive.HiveSink"),
    _row("sink", "hbase", SINK + "hbase.HBaseSink"),
    _row("sink", "asynchbase", SINK + "hbase.AsyncHBaseSink"),
    _row("sink", "hbase2", SINK + "hbase2.HBase2Sink"),
    _row("sink", "kafka", SINK + "kafka.KafkaSink"),
    _row("sink", "http", SINK + "http.HttpSink"),
    _row("sink", "irc", SINK + "irc.IRCSink"),
    _row("sink", "elasticsearch", SINK + "elasticsearch.ElasticSearchSink"),
    _row("sink", "morphline_solr", f"{MORPHLINE}MorphlineSolrSink {MORPHLINE}MorphlineSink"),
    _row("sink", "kudu", SINK + "kudu.KuduSink org.apache.kudu.flume.sink.KuduSink"),
    _row("sink", "dataset", SINK + "kite.DatasetSink"),
    _row("interceptor", "timestamp", INTERCEPTOR + "TimestampInterceptor"),
    _row("interceptor", "host", INTERCEPTOR + "HostInterceptor"),
    _row("interceptor", "static", INTERCEPTOR + "StaticInterceptor"),
    _row("interceptor", "multi_static"),
    _row("interceptor", "remove_header", INTERCEPTOR + "RemoveHeaderInterceptor"),
    _row("interceptor", "search_replace", INTERCEPTOR + "SearchAndReplaceInterceptor"),
    _row("interceptor", "regex_filter", INTERCEPTOR + "RegexFilteringInterceptor"),
    _row("interceptor", "regex_extractor", INTERCEPTOR + "RegexExtractorInterceptor"),
    _row("interceptor", "uuid", MORPHLINE + "UUIDInterceptor"),
    _row("interceptor", "morphline", MORPHLINE + "MorphlineInterceptor"),
    _row("selector", "replicating", CHANNEL + "ReplicatingChannelSelector"),
    _row("selector", "multiplexing", CHANNEL + "MultiplexingChannelSelector"),
    _row("selector", "load_balancing", CHANNEL + "LoadBalancingChannelSelector"),
    _row("processor", "default", SINK + "DefaultSinkProcessor"),
    _row("processor", "failover", SINK + "FailoverSinkProcessor"),
    _row("processor", "load_balance", SINK + "LoadBalancingSinkProcessor"),
    _row("serializer", "text", SERIALIZATION + "BodyTextEventSerializer"),
    _row("serializer", "header_and_text", SERIALIZATION + "HeaderAndBodyTextEventSerializer"),
    _row("serializer", "avro_event", SERIALIZATION + "FlumeEventAvroEventSerializer"),
    _row("deserializer", "line", SERIALIZATION + "LineDeserializer"),
    _row("deserializer", "avro", SERIALIZATION + "AvroEventDeserializer"),
    _row("deserializer", "blob", MORPHLINE + "BlobDeserializer"),
    _row("path_manager", "default", FORMATTER + "DefaultPathManager"),
    _row("path_manager", "rolltime", FORMATTER + "RollTimePathManager", module="rolltime"),
    _row("http_handler", "json", SOURCE + "http.JSONHandler"),
    _row("http_handler", "blob", SOURCE + "http.BLOBHandler"),
    _row("http_handler", "morphline_blob", MORPHLINE + "BlobHandler"),
    _row(
        "regex_serializer",
        "pass_through",
        INTERCEPTOR + "RegexExtractorInterceptorPassThroughSerializer",
        alias="default",
    ),
    _row("regex_serializer", "millis", INTERCEPTOR + "RegexExtractorInterceptorMillisSerializer"),
    _row("selector_policy", "round_robin", CHANNEL + "LoadBalancingChannelSelector$RoundRobinPolicy"),
    _row("selector_policy", "random", CHANNEL + "LoadBalancingChannelSelector$RandomPolicy"),
    _row("sink_selector", "round_robin", SINK + "LoadBalancingSinkProcessor$RoundRobinSinkSelector"),
    _row("sink_selector", "random", SINK + "LoadBalancingSinkProcessor$RandomOrderSinkSelector"),
    _row("config_filter", "env", CONFIG_FILTER + "EnvironmentVariableConfigFilter"),
    _row("config_filter", "external", CONFIG_FILTER + "ExternalProcessConfigFilter"),
    _row("config_filter", "hadoop", CONFIG_FILTER + "HadoopCredentialStoreConfigFilter", extra="tls"),
    _row("monitor", "http", INSTRUMENTATION + "http.HTTPMetricsServer"),
    _row("monitor", "prometheus", INSTRUMENTATION + "http.PrometheusHTTPMetricsServer", extra="prometheus"),
    _row("monitor", "ganglia", INSTRUMENTATION + "GangliaServer"),
)


def _index(rows: Iterable[Row]) -> dict[tuple[str, str], Row]:
    index: dict[tuple[str, str], Row] = {}
    for row in rows:
        for alias in row.aliases:
            index[row.kind, alias.lower()] = row
        for java_class in row.classes:
            index[row.kind, java_class] = row
    return index


_INDEX = _index(ROWS)


def rows(kind: str | None = None) -> list[Row]:
    """Return the built-in rows, of one kind or all."""
    return [row for row in ROWS if kind in (None, row.kind)]


def find_builtin(kind: str, type_name: str) -> Row | None:
    """Return the built-in row with this alias or Java class name."""
    return _INDEX.get((kind, type_name.lower())) or _INDEX.get((kind, type_name.removesuffix("$Builder")))


def names(kind: str) -> list[str]:
    """Return every alias and class name of a kind, for hints."""
    return [name for row in ROWS if row.kind == kind for name in (*row.aliases, *row.classes)]
