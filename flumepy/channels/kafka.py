"""Kafka channel: a topic as the channel. Source: KafkaChannel, KafkaSSLUtil."""

from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError
from flumepy.core.later import LaterChannel
from flumepy.core.options import Options, opt


class KafkaOptions(Options):
    """Properties of the Kafka channel."""

    bootstrap_servers: str | None = opt(
        "kafka.bootstrap.servers", None, deprecated_keys=("brokerList",), doc="Comma-separated host:port list. Needed."
    )
    topic: str = opt("kafka.topic", "flume-channel", deprecated_keys=("topic",), doc="Topic that holds the events.")
    group_id: str = opt(
        "kafka.consumer.group.id", "flume", deprecated_keys=("groupId",), doc="Consumer group of the sinks."
    )
    auto_offset_reset: str | None = opt(
        "kafka.consumer.auto.offset.reset", None, doc="Where a group without offsets begins; default earliest."
    )
    read_smallest_offset: bool | None = opt(
        "readSmallestOffset", None, doc="Old: true is kafka.consumer.auto.offset.reset = earliest, false is latest."
    )
    parse_as_flume_event: bool = opt(
        "parseAsFlumeEvent", True, doc="Values are Avro binary AvroFlumeEvent; false stores bodies only."
    )
    poll_timeout_ms: int = opt(
        "kafka.pollTimeout", 500, long=True, unit="ms", doc="Longest wait for records in a take."
    )
    default_partition_id: int | None = opt("defaultPartitionId", None, since="1.7", doc="Partition of all events.")
    partition_id_header: str | None = opt(
        "partitionIdHeader", None, since="1.7", doc="Header that names the partition; wins over defaultPartitionId."
    )
    migrate_zookeeper_offsets: bool = opt(
        "migrateZookeeperOffsets", True, since="1.7", doc="Old: take offsets over from zookeeperConnect."
    )
    zookeeper_connect: str | None = opt(
        "zookeeperConnect", None, doc="Old: ZooKeeper that holds the group's old offsets."
    )
    timeout: str | None = opt("timeout", None, doc="Old.", ignored="kafka.pollTimeout took its place")
    producer_disable_hostname_verification: bool = opt(
        "kafka.producer.ssl.disableTLSHostnameVerification", False, since="1.11",
        doc="Do not compare the broker's certificate with its name (SSL, SASL_SSL).",
    )  # fmt: skip
    consumer_disable_hostname_verification: bool = opt(
        "kafka.consumer.ssl.disableTLSHostnameVerification", False, since="1.11",
        doc="Do not compare the broker's certificate with its name (SSL, SASL_SSL).",
    )  # fmt: skip
    producer: dict[str, str] = opt("kafka.producer.", {}, doc="Any producer property; acks=all unless set here.")
    consumer: dict[str, str] = opt(
        "kafka.consumer.", {},
        doc="Any consumer property; bootstrap.servers, group.id and enable.auto.commit=false are forced.",
    )  # fmt: skip


class KafkaChannel(LaterChannel[KafkaOptions]):
    """Keeps events in a topic."""

    Options = KafkaOptions
    type_name = "kafka"
    durability = "power-safe"

    def __init__(self, context: Context, options: KafkaOptions) -> None:
        super().__init__(context, options)
        if options.bootstrap_servers is None:
            raise ConfigurationError("Bootstrap Servers must be specified", key="kafka.bootstrap.servers")
        smallest = options.read_smallest_offset
        if smallest is not None:
            self.note("is an old name of 'kafka.consumer.auto.offset.reset'", key="readSmallestOffset")
        self.auto_offset_reset = options.auto_offset_reset or ("latest" if smallest is False else "earliest")
