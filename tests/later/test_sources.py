"""Sources that cannot run yet: what Flume accepts is accepted, what it refuses is refused with its reason."""

import re
from pathlib import Path

import pytest

from flumepy.core.component import Source
from flumepy.core.errors import ConfigurationError, UnsupportedError
from tests.later.cases import Settings, make

LISTEN = {"bind": "127.0.0.1", "port": "4141"}
BROKERS = {"kafka.bootstrap.servers": "b:9092"}
TOPICS = {**BROKERS, "kafka.topics": "t"}
JMS = {
    "initialContextFactory": "org.apache.activemq.jndi.ActiveMQInitialContextFactory",
    "providerURL": "java:comp",
    "destinationName": "q",
    "destinationType": "QUEUE",
}
DURABLE = {**JMS, "createDurableSubscription": "true", "clientId": "c", "durableSubscriptionName": "n"}
TWEETS = {"consumerKey": "a", "consumerSecret": "b", "accessToken": "c", "accessTokenSecret": "d"}
TAIL = {"filegroups": "f1", "filegroups.f1": "/var/log/.*log", "positionFile": "/tmp/p.json"}


@pytest.mark.parametrize(
    ("type_name", "settings", "batch_size"),
    [
        ("avro", LISTEN, None),
        (
            "avro",
            {**LISTEN, "threads": "many", "ipFilter": "true", "ipFilterRules": "allow:ip:127.*,deny:name:*"},
            None,
        ),
        ("avro", {**LISTEN, "ipFilter": "true", "ipFilterRules": ","}, None),
        ("org.apache.flume.source.ThriftSource", {**LISTEN, "protocol": "BINARY"}, None),
        ("org.apache.flume.source.kafka.KafkaSource", TOPICS, 1000),
        ("kafka", {**BROKERS, "kafka.topics.regex": "^t[0-9]++$", "batchSize": "7"}, 7),
        ("kafka", {"topic": "t", "groupId": "g", "zookeeperConnect": "z:2181"}, 1000),
        ("syslogtcp", {"port": "5140"}, None),
        ("syslogudp", {"port": "5140", "keepFields": "timestamp,hostname"}, None),
        ("multiport_syslogtcp", {"ports": "10001 10002", "charset.port.10002": "ISO-8859-1"}, 100),
        ("TAILDIR", TAIL, 100),
        ("taildir", {**TAIL, "filegroups": "f1 f2", "maxBatchCount": "0", "batchSize": "3"}, 3),
        ("jms", JMS, 100),
        ("jms", {**DURABLE, "destinationType": "topic", "converter.type": "default"}, 100),
        ("org.apache.flume.source.scribe.ScribeSource", {"workerThreads": "-1"}, None),
        ("org.apache.flume.source.twitter.TwitterSource", TWEETS, 1000),
        ("org.apache.flume.source.avroLegacy.AvroLegacySource", {"host": "h", "port": "1"}, None),
        ("org.apache.flume.source.thriftLegacy.ThriftLegacySource", {"host": "h", "port": "1"}, None),
    ],
)
def test_what_flume_accepts_is_built_and_refuses_to_start_by_name(
    type_name: str, settings: Settings, batch_size: int | None
) -> None:
    source = make("source", type_name, settings).component
    assert isinstance(source, Source)
    assert source.declared_batch_size == batch_size
    with pytest.raises(UnsupportedError, match=rf"^a1\.sources\.x1: the {source.type_name} source is known"):  # type: ignore[attr-defined]
        source.start()
    source.stop()
    source.stop()


RULE = r"Invalid ipFilter patternRule '{}' should look like"


@pytest.mark.parametrize(
    ("type_name", "settings", "key", "reason"),
    [
        ("avro", {"port": "1"}, "bind", "is required"),
        ("avro", {"bind": "h"}, "port", "is required"),
        ("avro", {**LISTEN, "port": "41414  # here"}, "port", 'For input string: "41414  # here"'),
        ("avro", {**LISTEN, "ssl": "true"}, "keystore", "keystore must be specified when SSL is enabled"),
        ("avro", {**LISTEN, "ipFilter": "true"}, "ipFilterRules", "ipFilterRules is not defined"),
        ("avro", {**LISTEN, "ipFilter": "true", "ipFilterRules": "allow"}, "ipFilterRules", RULE.format("allow")),
        (
            "avro",
            {**LISTEN, "ipFilter": "true", "ipFilterRules": "Allow:ip:*"},
            "ipFilterRules",
            "Invalid ipFilter",
        ),
        ("avro", {**LISTEN, "ipFilter": "true", "ipFilterRules": "deny:mac:*"}, "ipFilterRules", "Invalid ipFilter"),
        ("avro", {**LISTEN, "ipFilter": "true", "ipFilterRules": "allow:ip:("}, "ipFilterRules", r"\("),
        ("thrift", {**LISTEN, "protocol": "json"}, "protocol", "binary or compact are the only valid"),
        ("thrift", {**LISTEN, "kerberos": "true"}, "agent-principal", "Authentication failed in Kerberos mode"),
        ("thrift", {**LISTEN, "agent-principal": "p"}, "agent-keytab", "Keytab can not be null"),
        ("kafka", BROKERS, "kafka.topics", "At least one Kafka topic must be specified."),
        ("kafka", {"topic": "t"}, "kafka.bootstrap.servers", "Bootstrap Servers must be specified"),
        ("kafka", {**TOPICS, "batchSize": "1k"}, "batchSize", 'For input string: "1k"'),
        ("kafka", {**BROKERS, "kafka.topics.regex": "t["}, "kafka.topics.regex", "t\\["),
        ("syslogtcp", {"host": "h"}, "port", "is required"),
        ("syslogtcp", {"port": "1", "ssl": "true"}, "keystore", "must be specified"),
        ("multiport_syslogtcp", {}, "ports", "is required"),
        ("multiport_syslogtcp", {"ports": "1 x"}, "ports", 'For input string: "x"'),
        (
            "multiport_syslogtcp",
            {"ports": "1", "charset.default": "utf-99"},
            "charset.default",
            "Unable to parse charset",
        ),
        ("multiport_syslogtcp", {"ports": "1", "charset.port.a": "UTF-8"}, "charset.port.a", "For input string"),
        ("multiport_syslogtcp", {"ports": "1", "charset.port.1": "?"}, "charset.port.1", "Unable to parse charset"),
        ("taildir", {"positionFile": "/tmp/p.json"}, "filegroups", "is required"),
        ("taildir", {**TAIL, "filegroups": "g"}, "filegroups", "Mapping for tailing files is empty or invalid"),
        ("taildir", {**TAIL, "maxBatchCount": "all"}, "maxBatchCount", "For input string"),
        ("taildir", {**TAIL, "positionFile": "p.json"}, "positionFile", "needs a folder"),
        ("taildir", {**TAIL, "positionFile": "/dev/null/p.json"}, "positionFile", "Error creating positionFile parent"),
        ("taildir", {**TAIL, "headers.f1": "x"}, "headers.f1", "needs the name of a header"),
        ("jms", {}, "initialContextFactory", "Initial Context Factory is empty."),
        ("jms", {**JMS, "providerURL": "tcp://h:61616"}, "providerURL", "Invalid JNDI URI: tcp://h:61616"),
        ("jms", {**JMS, "providerURL": "failover:(tcp://h:1)"}, "providerURL", "Invalid JNDI URI"),
        ("jms", {**JMS, "connectionFactory": "ldap://h/x"}, "connectionFactory", "Invalid JNDI URI"),
        ("jms", {**JMS, "destinationType": "stream"}, "destinationType", "Destination type 'stream' is invalid."),
        ("jms", {**JMS, "destinationLocator": "DNS"}, "destinationLocator", "Destination locator 'DNS' is invalid."),
        ("jms", {**JMS, "batchSize": "0"}, "batchSize", "Batch size must be greater than 0"),
        (
            "jms",
            {**JMS, "converter.type": "com.x.Y"},
            "converter.type",
            "Unable to create instance of converter com.x.Y",
        ),
        ("jms", {**JMS, "passwordFile": "/nowhere"}, "passwordFile", "Could not read password file /nowhere"),
        ("jms", DURABLE, "destinationType", "Only Destination type 'TOPIC' supports durable"),
        ("jms", {**JMS, "destinationType": "TOPIC", "createDurableSubscription": "true"}, "clientId", "'clientId'"),
        ("scribe", {"port": "x"}, "port", "For input string"),
        ("scribe", {"workerThreads": "x"}, "workerThreads", "For input string"),
        ("twitter", {}, "consumerKey", "consumer key is null"),
        ("twitter", {**TWEETS, "accessToken": ""}, "accessToken", "Token can't be null"),
        ("avro_legacy", {"host": "h"}, "port", "is required"),
        ("thrift_legacy", {"port": "x"}, "port", "For input string"),
    ],
)
def test_what_flume_refuses_is_refused_with_its_reason(
    type_name: str, settings: Settings, key: str, reason: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make("source", type_name, settings)
    assert caught.value.key == key
    assert re.search(reason, str(caught.value))


def test_old_kafka_names_are_said_and_the_source_stays_for_zookeeper_to_answer() -> None:
    built = make("source", "kafka", {"topic": "t", "groupId": "g", "zookeeperConnect": "z:2181"})
    assert built.messages("topic") == ["is an old name of 'kafka.topics'"]
    assert built.messages("groupId") == ["is an old name of 'kafka.consumer.group.id'"]
    assert len(built.messages("zookeeperConnect")) == 1
    assert built.component.options.group_id == "g"


def test_consumer_properties_reach_the_consumer_without_their_prefix() -> None:
    settings = {**TOPICS, "kafka.consumer.group.id": "g", "kafka.consumer.max.poll.records": "5", "header.a": "b"}
    options = make("source", "kafka", settings).component.options
    assert (options.consumer, options.group_id, options.header) == ({"max.poll.records": "5"}, "g", {"a": "b"})


def test_a_jndi_scheme_can_be_allowed_by_a_system_property() -> None:
    built = make("source", "jms", {**JMS, "providerURL": "tcp://h:61616"}, JndiAllowedProtocols="ssl, tcp")
    assert built.problems == []


def test_a_tail_group_without_path_and_a_path_without_group_are_warned_about() -> None:
    built = make("source", "taildir", {**TAIL, "filegroups": "f1 f2", "filegroups.f3": "/x"})
    assert built.messages("filegroups.f2") == ["group 'f2' has no path and is skipped"]
    assert built.messages("filegroups.f3") == ["is not listed in 'filegroups' and has no effect"]


def test_the_position_file_is_below_user_home_by_default() -> None:
    settings = {"filegroups": "f", "filegroups.f": "/x"}
    built = make("source", "taildir", settings, user_home="/tmp")
    assert built.component.position_file == Path("/tmp/.flume/taildir_position.json")  # type: ignore[attr-defined]


def test_kept_fields_are_found_anywhere_in_the_text() -> None:
    kept = [
        make("source", "syslogudp", {"port": "1", "keepFields": text}).component.kept_fields  # type: ignore[attr-defined]
        for text in ("false", "All", "Priority;hostname", "nothing")
    ]
    assert kept == [set(), {"priority", "version", "timestamp", "hostname"}, {"priority", "hostname"}, set()]


def test_what_flume_only_warns_about_is_warned_about() -> None:
    assert make("source", "avro", {**LISTEN, "compression-type": "gzip"}).messages("compression-type")
    assert make("source", "thrift", {**LISTEN, "protocol": "Binary"}).messages("protocol")
    assert make("source", "jms", {**JMS, "durableSubscriptionName": "n"}).messages("durableSubscriptionName")
    assert make("source", "syslogtcp", {"port": "1", "format.regex": "("}).messages("format.regex")
    assert make("source", "syslogudp", {"port": "1", "format.search": "["}).messages("format.search")
    assert make("source", "scribe", {"workerThreads": "0"}).component.options.worker_threads == 5
