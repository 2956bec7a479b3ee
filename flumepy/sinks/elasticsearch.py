"""Elasticsearch sink, last shipped with Flume 1.9. Source: ElasticSearchSink (1.9.0)."""

import re

from flumepy.core.component import Context
from flumepy.core.counters import SinkCounters
from flumepy.core.errors import ConfigurationError
from flumepy.core.later import LaterSink
from flumepy.core.options import Options, opt

PACKAGE = "org.apache.flume.sink.elasticsearch."
SERIALIZERS = ("ElasticSearchLogStashEventSerializer", "ElasticSearchDynamicSerializer")
INDEX_NAME_BUILDERS = ("TimeBasedIndexNameBuilder", "SimpleIndexNameBuilder")
TIME_TO_LIVE = re.compile(r"(\d+)(\D*)", re.ASCII)
UNIT_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "": 86_400_000}


class ElasticsearchOptions(Options):
    """Properties of the elasticsearch sink."""

    host_names: str | None = opt("hostNames", None, doc="Comma-separated host[:port]. Needed.")
    index_name: str = opt("indexName", "flume", doc="Begin of index names, with escape sequences.")
    index_type: str = opt("indexType", "log", doc="Document type, with escape sequences.")
    cluster_name: str = opt("clusterName", "elasticsearch", doc="Cluster, for the transport client.")
    batch_size: int = opt("batchSize", 100, ge=1, unit="events", doc="Most events of one transaction.")
    time_to_live: str | None = opt("ttl", None, doc="Life of documents: a number with ms, s, m, h, d, w; days alone.")
    client: str = opt("client", "transport", doc="transport or rest.")
    client_settings: dict[str, str] = opt("client.", {}, doc="Properties of the client, which reads none.")
    serializer: str = opt("serializer", PACKAGE + SERIALIZERS[0], doc="Class name of the serializer.")
    serializer_settings: dict[str, str] = opt("serializer.", {}, doc="Properties of the serializer.")
    index_name_builder: str = opt("indexNameBuilder", PACKAGE + INDEX_NAME_BUILDERS[0], doc="Class that names indexes.")
    index_name_builder_settings: dict[str, str] = opt(
        "indexNameBuilder.", {}, doc="dateFormat and timeZone of the index name; Flume never hands them on."
    )


class ElasticsearchSink(LaterSink[ElasticsearchOptions]):
    """Indexes events."""

    Options = ElasticsearchOptions
    type_name = "elasticsearch"

    def __init__(self, context: Context, options: ElasticsearchOptions) -> None:
        super().__init__(context, options)
        self.counters = SinkCounters(context.name)
        if not "".join((options.host_names or "").split()).strip(","):
            raise ConfigurationError("Missing Param:hostNames", key="hostNames")
        self.time_to_live_ms = _time_to_live_ms(options.time_to_live)
        for key, name, known in (
            ("serializer", options.serializer, SERIALIZERS),
            ("indexNameBuilder", options.index_name_builder, INDEX_NAME_BUILDERS),
        ):
            if name.removeprefix(PACKAGE) not in known:
                self.warn(f"{name} is a class of your own", key=key,
                          hint=f"known are {', '.join(PACKAGE + one for one in known)}")  # fmt: skip


def _time_to_live_ms(text: str | None) -> int | None:
    if text is None:
        return None
    match = TIME_TO_LIVE.match(text)
    life_ms = int(match[1]) * UNIT_MS.get(match[2], 0) if match else 0
    if life_ms <= 0:
        raise ConfigurationError("ttl must be greater than 0 or not set.", key="ttl")
    return life_ms
