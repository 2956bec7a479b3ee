"""Kafka sink: events become records of topics. Source: KafkaSink, KafkaSSLUtil."""

from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError
from flumepy.core.later import LaterSink
from flumepy.core.options import Options, opt

SERIALIZATION = "org.apache.kafka.common.serialization."


class KafkaOptions(Options):
    """Properties of the Kafka sink."""

    bootstrap_servers: str | None = opt(
        "kafka.bootstrap.servers", None, deprecated_keys=("brokerList",), doc="Comma-separated host:port list. Needed."
    )
    topic: str = opt("kafka.topic", "default-flume-topic", deprecated_keys=("topic",),
                     doc="Topic, with escape sequences while allowTopicOverride is true.")  # fmt: skip
    batch_size: int = opt("flumeBatchSize", 100, deprecated_keys=("batchSize",), unit="events",
                          doc="Most events of one transaction.")  # fmt: skip
    use_flume_event_format: bool = opt(
        "useFlumeEventFormat", False, since="1.7", doc="Values are Avro binary AvroFlumeEvent; false sends bodies only."
    )
    default_partition_id: int | None = opt("defaultPartitionId", None, since="1.7", doc="Partition of all events.")
    partition_id_header: str | None = opt(
        "partitionIdHeader", None, since="1.7", doc="Header that names the partition; wins over defaultPartitionId."
    )
    allow_topic_override: bool = opt("allowTopicOverride", True, since="1.8", doc="Let a header name the topic.")
    topic_header: str = opt("topicHeader", "topic", since="1.8", doc="Name of that header.")
    timestamp_header: str | None = opt(
        "timestampHeader", None, since="1.11", doc="Header that gives the record's time."
    )
    header: dict[str, str] = opt("header.", {}, since="1.11", doc="Event header = Kafka header it is copied into.")
    acks: str = opt("kafka.producer.acks", "1", deprecated_keys=("requiredAcks",), doc="Acknowledgements waited for.")
    key_serializer: str = opt(
        "kafka.producer.key.serializer", SERIALIZATION + "StringSerializer", doc="Of record keys."
    )
    value_serializer: str = opt(
        "kafka.producer.value.serializer", SERIALIZATION + "ByteArraySerializer", doc="Of values."
    )
    disable_hostname_verification: bool = opt(
        "kafka.producer.ssl.disableTLSHostnameVerification", False, since="1.11",
        doc="Do not compare the broker's certificate with its name (SSL, SASL_SSL).",
    )  # fmt: skip
    producer: dict[str, str] = opt("kafka.producer.", {}, doc="Any producer property; bootstrap.servers is forced.")
    old_serializer: str | None = opt("serializer.class", None, doc="Old.",
                                     ignored="kafka.producer.value.serializer took its place")  # fmt: skip
    old_key_serializer: str | None = opt("key.serializer.class", None, doc="Old.",
                                         ignored="kafka.producer.key.serializer took its place")  # fmt: skip


class KafkaSink(LaterSink[KafkaOptions]):
    """Produces records."""

    Options = KafkaOptions
    type_name = "kafka"

    def __init__(self, context: Context, options: KafkaOptions) -> None:
        super().__init__(context, options)
        self.declared_batch_size = options.batch_size
        if options.bootstrap_servers is None:
            raise ConfigurationError("Bootstrap Servers must be specified", key="kafka.bootstrap.servers")
