"""Kite dataset sink, last shipped with Flume 1.9. Source: DatasetSink, FailurePolicyFactory, SavePolicy (1.9.0)."""

from flumepy.core.component import Context
from flumepy.core.counters import SinkCounters
from flumepy.core.errors import ConfigurationError
from flumepy.core.kerberos import check_kerberos
from flumepy.core.later import LaterSink
from flumepy.core.options import Options, opt


class DatasetOptions(Options):
    """Properties of the Kite dataset sink."""

    dataset_uri: str | None = opt("kite.dataset.uri", None, doc="Dataset. Needed, or the three old names below.")
    repo_uri: str | None = opt("kite.repo.uri", None, doc="Old: repository of the dataset.")
    namespace: str = opt("kite.dataset.namespace", "default", doc="Old: its namespace.")
    name: str | None = opt("kite.dataset.name", None, doc="Old: its name.")
    batch_size: int = opt("kite.batchSize", 100, long=True, unit="events", doc="Most events of one transaction.")
    roll_interval_s: int = opt("kite.rollInterval", 30, unit="s", doc="Age at which a file ends.")
    commit_on_batch: bool = opt("kite.flushable.commiteOnBatch", True, doc="Commit each batch (Flume's spelling).")
    sync_on_batch: bool = opt("kite.syncable.syncOnBatch", True, doc="Sync each batch; needs the commit.")
    entity_parser: str = opt("kite.entityParser", "avro", doc="How bodies are read: avro.")
    failure_policy: str = opt("kite.failurePolicy", "retry", doc="retry or save, for events that cannot be read.")
    error_dataset_uri: str | None = opt("kite.error.dataset.uri", None, doc="Where save puts them. Needed there.")
    kerberos_principal: str | None = opt("auth.kerberosPrincipal", None, doc="Principal; needs the keytab.")
    kerberos_keytab: str | None = opt("auth.kerberosKeytab", None, doc="Keytab; must be readable.")
    proxy_user: str | None = opt("auth.proxyUser", None, doc="User to write as.")


class DatasetSink(LaterSink[DatasetOptions]):
    """Writes events into a Kite dataset."""

    Options = DatasetOptions
    type_name = "dataset"

    def __init__(self, context: Context, options: DatasetOptions) -> None:
        super().__init__(context, options)
        self.counters = SinkCounters(context.name)
        check_kerberos(options.kerberos_principal, options.kerberos_keytab,
                       principal_key="auth.kerberosPrincipal", keytab_key="auth.kerberosKeytab")  # fmt: skip
        if options.dataset_uri is None:
            if options.repo_uri is None or options.name is None:
                raise ConfigurationError("No dataset configured. Setting kite.dataset.uri is required.",
                                         key="kite.dataset.uri")  # fmt: skip
            self.note("is an old name of 'kite.dataset.uri'", key="kite.repo.uri")
        if options.sync_on_batch and not options.commit_on_batch:
            raise ConfigurationError("must be true when kite.syncable.syncOnBatch is true",
                                     key="kite.flushable.commiteOnBatch")  # fmt: skip
        if options.failure_policy not in ("retry", "save"):
            raise ConfigurationError(f"FailurePolicy.Builder class {options.failure_policy} not found",
                                     key="kite.failurePolicy", hint="write retry or save")  # fmt: skip
        if options.failure_policy == "save" and options.error_dataset_uri is None:
            raise ConfigurationError("Must set kite.error.dataset.uri when kite.failurePolicy=save",
                                     key="kite.error.dataset.uri")  # fmt: skip
