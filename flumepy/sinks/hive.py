"""Hive sink: streams events into transactional tables. Source: HiveSink, HiveDelimitedTextSerializer."""

from flumepy.core.component import Context
from flumepy.core.counters import SinkCounters
from flumepy.core.errors import ConfigurationError
from flumepy.core.later import LaterSink
from flumepy.core.options import Options, opt

LARGEST_ROUND_VALUE = {"second": 60, "minute": 60, "hour": 24}
SERIALIZER_PACKAGE = "org.apache.flume.sink.hive."
SERIALIZERS = {"HiveDelimitedTextSerializer": "delimited", "HiveJsonSerializer": "json"}


class HiveOptions(Options):
    """Properties of the hive sink."""

    metastore: str | None = opt("hive.metastore", None, doc="URI of the metastore, thrift://host:9083. Needed.")
    database: str | None = opt("hive.database", None, doc="Database. Needed.")
    table: str | None = opt("hive.table", None, doc="Table. Needed.")
    partition: str | None = opt("hive.partition", None, doc="Comma-separated partition values, with escape sequences.")
    transactions_per_batch: int = opt("hive.txnsPerBatchAsk", 100, ge=0, on_bad="default_outside",
                                      doc="Transactions asked for at once.")  # fmt: skip
    heartbeat_interval_s: int = opt("heartBeatInterval", 240, ge=0, on_bad="default_outside", unit="s",
                                    doc="Time between signs of life; 0 means none.")  # fmt: skip
    auto_create_partitions: bool = opt("autoCreatePartitions", True, doc="Make partitions that are missing.")
    batch_size: int = opt("batchSize", 15_000, ge=0, on_bad="default_outside", unit="events",
                          doc="Most events of one transaction; 0 is refused.")  # fmt: skip
    max_open_connections: int = opt("maxOpenConnections", 500, doc="Most open writers.")
    call_timeout_ms: int = opt("callTimeout", 10_000, ge=0, on_bad="default_outside", unit="ms",
                               doc="Longest call; 0 means no limit.")  # fmt: skip
    idle_timeout_ms: int = opt("idleTimeout", 0, ge=0, on_bad="default_outside", unit="ms",
                               doc="Age at which a writer may be retired.")  # fmt: skip
    serializer: str | None = opt("serializer", None, doc="DELIMITED or JSON. Needed.")
    delimiter: str = opt("serializer.delimiter", ",", doc="DELIMITED: between fields; double quotes around it are cut.")
    field_names: str | None = opt(
        "serializer.fieldnames", None, doc="DELIMITED: comma-separated columns. Needed there."
    )
    serde_separator: str | None = opt(
        "serializer.serdeSeparator", None, doc="DELIMITED: one character; default Ctrl-A."
    )
    round: bool = opt("round", False, doc="Round the time in partitions down.")
    round_unit: str = opt("roundUnit", "minute", doc="second, minute or hour.")
    round_value: int = opt("roundValue", 1, doc="To a multiple of so many units.")
    time_zone: str | None = opt("timeZone", None, doc="Time zone of partitions; default the machine's.")
    use_local_time: bool = opt("useLocalTimeStamp", False, doc="The agent's clock, not the header's time.")


class HiveSink(LaterSink[HiveOptions]):
    """Streams events into a Hive table."""

    Options = HiveOptions
    type_name = "hive"

    def __init__(self, context: Context, options: HiveOptions) -> None:
        super().__init__(context, options)
        self.counters = SinkCounters(context.name)
        self.declared_batch_size = options.batch_size
        for key, text in (("hive.metastore", options.metastore), ("hive.database", options.database),
                          ("hive.table", options.table)):  # fmt: skip
            if text is None:
                raise ConfigurationError(f"{key} config setting is not specified for sink {context.name}", key=key)
        self.is_rounding = self._check_rounding() and options.round
        if self._serializer() == "delimited":
            _check_delimited(options)
        if options.batch_size == 0:
            raise ConfigurationError("batchSize must be greater than 0", key="batchSize")

    def _check_rounding(self) -> bool:
        unit = self.options.round_unit.lower()
        largest = LARGEST_ROUND_VALUE.get(unit)
        if largest is None:
            self.warn(f"{self.options.round_unit!r} is none of second, minute, hour; nothing is rounded, as in Flume",
                      key="roundUnit")  # fmt: skip
        elif not 0 < self.options.round_value <= largest:
            raise ConfigurationError(f"Round value must be > 0 and <= {largest}", key="roundValue")
        return largest is not None

    def _serializer(self) -> str:
        name = self.options.serializer
        if name is None:
            raise ConfigurationError(
                f"serializer config setting is not specified for sink {self.name}", key="serializer"
            )
        found = name.lower() if name.lower() in SERIALIZERS.values() else None
        found = found or SERIALIZERS.get(name.removeprefix(SERIALIZER_PACKAGE))
        if found is None:
            raise ConfigurationError(f"Unable to instantiate serializer: {name} on sink: {self.name}", key="serializer",
                                     hint="write DELIMITED or JSON")  # fmt: skip
        return found


def _check_delimited(options: HiveOptions) -> None:
    if options.field_names is None:
        raise ConfigurationError("serializer.fieldnames is not specified for serializer DELIMITED",
                                 key="serializer.fieldnames")  # fmt: skip
    separator = options.serde_separator
    if separator is not None and len(separator) != 1 and not (len(separator) == 3 and separator[2] == "'"):
        raise ConfigurationError("serializer.serdeSeparator spec is invalid for DELIMITED serializer",
                                 key="serializer.serdeSeparator")  # fmt: skip
