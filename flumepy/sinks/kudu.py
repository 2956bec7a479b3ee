"""Kudu sink: writes rows. Source: KuduSink, RegexpKuduOperationsProducer and its siblings."""

from flumepy.core.component import Context
from flumepy.core.counters import SinkCounters
from flumepy.core.errors import ConfigurationError
from flumepy.core.kerberos import check_kerberos
from flumepy.core.later import LaterSink
from flumepy.core.options import Options, opt

PACKAGES = ("org.apache.flume.sink.kudu.", "org.apache.kudu.flume.sink.")
PRODUCERS = (
    "SimpleKuduOperationsProducer",
    "SimpleKeyedKuduOperationsProducer",
    "RegexpKuduOperationsProducer",
    "AvroKuduOperationsProducer",
)
OPERATIONS = ("upsert", "insert")
POLICIES = ("REJECT", "WARN", "IGNORE")
OLD_POLICIES = {
    "missingColumnPolicy": "skipMissingColumn",
    "badColumnValuePolicy": "skipBadColumnValue",
    "unmatchedRowPolicy": "skipUnmatchedRows",
}


class KuduOptions(Options):
    """Properties of the Kudu sink."""

    master_addresses: str = opt("masterAddresses", doc="Comma-separated masters.")
    table_name: str = opt("tableName", doc="Table.")
    batch_size: int = opt("batchSize", 1000, unit="events", doc="Most events of one transaction.")
    timeout_ms: int = opt("timeoutMillis", 30_000, long=True, unit="ms", doc="Longest operation.")
    ignore_duplicate_rows: bool = opt("ignoreDuplicateRows", True, doc="Rows that exist already are no error.")
    producer: str = opt("producer", PACKAGES[0] + PRODUCERS[0], doc="Class that makes operations of events.")
    producer_settings: dict[str, str] = opt("producer.", {}, doc="Properties of the producer.")
    kerberos_principal: str | None = opt("kerberosPrincipal", None, doc="Principal; needs the keytab.")
    kerberos_keytab: str | None = opt("kerberosKeytab", None, doc="Keytab; must be readable.")
    proxy_user: str | None = opt("proxyUser", None, doc="User to write as.")


class KuduSink(LaterSink[KuduOptions]):
    """Writes events into a Kudu table."""

    Options = KuduOptions
    type_name = "kudu"

    def __init__(self, context: Context, options: KuduOptions) -> None:
        super().__init__(context, options)
        self.counters = SinkCounters(context.name)
        check_kerberos(options.kerberos_principal, options.kerberos_keytab,
                       principal_key="kerberosPrincipal", keytab_key="kerberosKeytab")  # fmt: skip
        package, _, name = options.producer.rpartition(".")
        if f"{package}." not in PACKAGES or name not in PRODUCERS:
            raise ConfigurationError(f"java.lang.ClassNotFoundException: {options.producer}", key="producer",
                                     hint=f"known are {', '.join(PACKAGES[0] + one for one in PRODUCERS)}")  # fmt: skip
        if name == "RegexpKuduOperationsProducer":
            self._check_regexp(options.producer_settings)

    def _check_regexp(self, settings: dict[str, str]) -> None:
        if "pattern" not in settings:
            raise ConfigurationError("Required parameter pattern is not specified", key="producer.pattern")
        if settings.get("operation", OPERATIONS[0]).lower() not in OPERATIONS:
            raise ConfigurationError(f"Unrecognized operation '{settings['operation']}'", key="producer.operation")
        for new, old in OLD_POLICIES.items():
            if new in settings and old in settings:
                raise ConfigurationError(f"Both {old} and {new} are set; leave the old one out", key=f"producer.{old}")
            if settings.get(new, POLICIES[0]).upper() not in POLICIES:
                raise ConfigurationError(
                    f"Unknown policy '{settings[new]}': REJECT, WARN or IGNORE", key=f"producer.{new}"
                )
