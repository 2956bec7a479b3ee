"""Kafka source: records of topics become events. Source: KafkaSource, KafkaSSLUtil.

With only the names of before 1.7 Flume asks ZooKeeper for the brokers while configuring and drops the source when ZooKeeper
does not answer; here the source stays and asks when it starts.
"""

from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError, at_key
from flumepy.core.later import LaterSource
from flumepy.core.options import opt
from flumepy.core.pollable_options import PollableOptions
from flumepy.formats.java_regex import compile_java


class KafkaOptions(PollableOptions):
    """Properties of the Kafka source."""

    bootstrap_servers: str | None = opt(
        "kafka.bootstrap.servers", None, doc="Comma-separated host:port list. Needed unless zookeeperConnect is set."
    )
    topics: str | None = opt(
        "kafka.topics", None, deprecated_keys=("topic",), doc="Comma-separated topics; blanks around them are dropped."
    )
    topics_regex: str | None = opt("kafka.topics.regex", None, doc="Java regular expression; wins over kafka.topics.")
    group_id: str = opt("kafka.consumer.group.id", "flume", deprecated_keys=("groupId",), doc="Consumer group.")
    disable_hostname_verification: bool = opt(
        "kafka.consumer.ssl.disableTLSHostnameVerification", False, since="1.11",
        doc="Do not compare the broker's certificate with its name (SSL, SASL_SSL).",
    )  # fmt: skip
    consumer: dict[str, str] = opt(
        "kafka.consumer.", {},
        doc="Any consumer property; bootstrap.servers, group.id and enable.auto.commit=false are forced.",
    )  # fmt: skip
    batch_size: int = opt("batchSize", 1000, unit="events", doc="Most events in one transaction.")
    batch_duration_ms: int = opt("batchDurationMillis", 1000, unit="ms", doc="Longest wait to fill a batch.")
    use_flume_event_format: bool = opt(
        "useFlumeEventFormat", False, since="1.7", doc="Values are Avro binary AvroFlumeEvent; headers come with them."
    )
    set_topic_header: bool = opt("setTopicHeader", True, since="1.8", doc="Put the topic into a header.")
    topic_header: str = opt("topicHeader", "topic", since="1.8", doc="Name of that header.")
    header: dict[str, str] = opt("header.", {}, since="1.11", doc="Event header = Kafka header copied into it.")
    zookeeper_connect: str | None = opt(
        "zookeeperConnect", None,
        doc="Old: ZooKeeper that knows the brokers when kafka.bootstrap.servers is not set, and the group's old offsets.",
    )  # fmt: skip
    migrate_zookeeper_offsets: bool = opt(
        "migrateZookeeperOffsets", True, since="1.7",
        doc="Take a group's offsets over from ZooKeeper; acts only with zookeeperConnect and exactly one topic.",
    )  # fmt: skip


class KafkaSource(LaterSource[KafkaOptions]):
    """Consumes topics."""

    Options = KafkaOptions
    type_name = "kafka"

    def __init__(self, context: Context, options: KafkaOptions) -> None:
        super().__init__(context, options)
        self.declared_batch_size = options.batch_size
        if options.topics_regex is not None:
            with at_key("kafka.topics.regex"):
                compile_java(options.topics_regex)
        elif options.topics is None:
            raise ConfigurationError("At least one Kafka topic must be specified.", key="kafka.topics")
        if options.bootstrap_servers is None:
            if options.zookeeper_connect is None:
                raise ConfigurationError("Bootstrap Servers must be specified", key="kafka.bootstrap.servers")
            self.note(
                "is an old name; set 'kafka.bootstrap.servers' instead. The brokers are looked up in ZooKeeper at start;"
                " Flume does so while configuring and drops the source when ZooKeeper does not answer",
                key="zookeeperConnect",
            )
