"""Sinks that cannot run yet: what Flume accepts is accepted, what it refuses is refused with its reason."""

import re
from pathlib import Path

import pytest

from flumepy.core.component import Sink
from flumepy.core.errors import ConfigurationError, UnsupportedError
from tests.later.cases import Settings, make

NEXT = {"hostname": "h", "port": "4141"}
PATH = {"hdfs.path": "/logs/%Y"}
BROKERS = {"kafka.bootstrap.servers": "b:9092"}
TABLE = {"table": "t", "columnFamily": "f"}
HIVE = {"hive.metastore": "thrift://m:9083", "hive.database": "d", "hive.table": "t", "serializer": "json"}
DELIMITED = {**HIVE, "serializer": "DELIMITED", "serializer.fieldnames": "a,,b"}
CHAT = {"hostname": "h", "nick": "n", "chan": "c"}
POST = {"endpoint": "http://h:8080/x"}
SEARCH = {"hostNames": "h:9300"}
KUDU = {"masterAddresses": "m", "tableName": "t"}
REGEXP = {**KUDU, "producer": "org.apache.flume.sink.kudu.RegexpKuduOperationsProducer", "producer.pattern": "(?<a>.)"}
DATASET = {"kite.dataset.uri": "dataset:hdfs:/d"}
HBASE = "org.apache.flume.sink.hbase."
REGEX_SERIALIZER = {**TABLE, "serializer": HBASE + "RegexHbaseEventSerializer"}
LZ4 = "org.apache.hadoop.io.compress.Lz4Codec"


@pytest.mark.parametrize(
    ("type_name", "settings", "batch_size"),
    [
        ("avro", NEXT, 100),
        ("avro", {**NEXT, "batch-size": "0", "connect-timeout": "5", "compression-level": "11"}, 100),
        ("avro", {**NEXT, "batch-size": "20", "ssl": "true", "truststore": "/nowhere"}, 20),
        ("thrift", {**NEXT, "protocol": "json", "request-timeout": "x"}, 100),
        ("hdfs", PATH, 100),
        ("hdfs", {**PATH, "hdfs.fileType": "CompressedStream", "hdfs.codeC": "GZIP", "hdfs.batchSize": "9"}, 9),
        ("hdfs", {**PATH, "hdfs.codeC": LZ4, "hdfs.roundValue": "99", "hdfs.minBlockReplicas": "few"}, 100),
        (
            "hdfs",
            {**PATH, "hdfs.codeC": "none", "hdfs.round": "true", "hdfs.roundUnit": "hour", "hdfs.roundValue": "24"},
            100,
        ),
        ("org.apache.flume.sink.kafka.KafkaSink", {"brokerList": "b:9092", "topic": "t", "batchSize": "5"}, 5),
        ("kafka", BROKERS, 100),
        ("hive", HIVE, 15_000),
        ("hive", {**DELIMITED, "batchSize": "-1", "serializer.serdeSeparator": "'\t'"}, 15_000),
        ("hive", {**HIVE, "serializer": "org.apache.flume.sink.hive.HiveJsonSerializer", "roundUnit": "day"}, 15_000),
        ("hbase", {**TABLE, "zookeeperQuorum": "a:2181, b:2181"}, 100),
        ("hbase", {**REGEX_SERIALIZER, "serializer.colNames": "a,ROW_KEY", "serializer.rowKeyIndex": "1"}, 100),
        ("hbase2", {**TABLE, "batchSize": "7"}, 7),
        ("asynchbase", {**TABLE, "timeout": "0", "zookeeperQuorum": "a,b"}, 100),
        ("irc", CHAT, None),
        ("http", {**POST, "rollback.2XX": "false"}, None),
        ("http", {"endpoint": "http://[::1]:99999/x"}, None),
        ("http", {"endpoint": "HTTPS://user:secret@h/x"}, None),
        ("elasticsearch", {**SEARCH, "ttl": "5w"}, None),
        ("elasticsearch", {**SEARCH, "serializer": "com.x.Own"}, None),
        ("morphline_solr", {}, 1000),
        ("org.apache.flume.sink.kudu.KuduSink", REGEXP, None),
        ("org.apache.flume.sink.kite.DatasetSink", DATASET, None),
        ("dataset", {"kite.repo.uri": "repo:hdfs:/r", "kite.dataset.name": "n"}, None),
    ],
)
def test_what_flume_accepts_is_built_and_refuses_to_start_by_name(
    type_name: str, settings: Settings, batch_size: int | None
) -> None:
    sink = make("sink", type_name, settings).component
    assert isinstance(sink, Sink)
    assert sink.declared_batch_size == batch_size
    with pytest.raises(UnsupportedError, match=rf"^a1\.sinks\.x1: the {sink.type_name} sink is known"):  # type: ignore[attr-defined]
        sink.start()
    sink.stop()
    sink.stop()


@pytest.mark.parametrize(
    ("type_name", "settings", "key", "reason"),
    [
        ("avro", {"port": "1"}, "hostname", "No hostname specified"),
        ("thrift", {"hostname": "h"}, "port", "No port specified"),
        ("avro", {"hostname": "h", "port": "12345   # spark"}, "port", 'For input string: "12345   # spark"'),
        ("hdfs", {}, "hdfs.path", "hdfs.path is required"),
        ("hdfs", {**PATH, "hdfs.batchSize": "0"}, "hdfs.batchSize", "batchSize must be greater than 0"),
        ("hdfs", {**PATH, "hdfs.rollSize": "128M"}, "hdfs.rollSize", 'For input string: "128M"'),
        (
            "hdfs",
            {**PATH, "hdfs.codeC": "lzop"},
            "hdfs.codeC",
            r"Unsupported compression codec lzop\.  Please choose from",
        ),
        ("hdfs", {**PATH, "hdfs.codeC": "lzo"}, "hdfs.codeC", "Unsupported compression codec lzo"),
        ("hdfs", {**PATH, "hdfs.fileType": "DATASTREAM", "hdfs.codeC": "none"}, "hdfs.codeC", "NOT support compressed"),
        ("hdfs", {**PATH, "hdfs.fileType": "CompressedStream"}, "hdfs.codeC", "essential to set compress codec"),
        ("hdfs", {**PATH, "hdfs.fileType": "CompressedStream", "hdfs.codeC": "None"}, "hdfs.codeC", "essential to set"),
        ("hdfs", {**PATH, "hdfs.round": "true", "hdfs.roundValue": "61"}, "hdfs.roundValue", "> 0 and <= 60"),
        (
            "hdfs",
            {**PATH, "hdfs.round": "true", "hdfs.roundUnit": "HOUR", "hdfs.roundValue": "25"},
            "hdfs.roundValue",
            "24",
        ),
        ("hdfs", {**PATH, "hdfs.kerberosPrincipal": "p"}, "hdfs.kerberosKeytab", "Keytab can not be null"),
        (
            "hdfs",
            {**PATH, "hdfs.kerberosPrincipal": "p", "hdfs.kerberosKeytab": "/nowhere"},
            "hdfs.kerberosKeytab",
            "Keytab is not a readable file: /nowhere",
        ),
        ("kafka", {"topic": "t"}, "kafka.bootstrap.servers", "Bootstrap Servers must be specified"),
        ("kafka", {**BROKERS, "defaultPartitionId": "a"}, "defaultPartitionId", "For input string"),
        ("hive", {**HIVE, "hive.metastore": ""}, "hive.metastore", "hive.metastore config setting is not specified"),
        ("hive", {**HIVE, "hive.table": ""}, "hive.table", "hive.table config setting is not specified for sink x1"),
        ("hive", {**HIVE, "serializer": ""}, "serializer", "serializer config setting is not specified"),
        ("hive", {**HIVE, "serializer": "csv"}, "serializer", "Unable to instantiate serializer: csv on sink: x1"),
        ("hive", {**HIVE, "roundValue": "0"}, "roundValue", "Round value must be > 0 and <= 60"),
        ("hive", {**HIVE, "batchSize": "0"}, "batchSize", "batchSize must be greater than 0"),
        (
            "hive",
            {**DELIMITED, "serializer.fieldnames": ""},
            "serializer.fieldnames",
            "serializer.fieldnames is not spec",
        ),
        ("hive", {**DELIMITED, "serializer.serdeSeparator": "::"}, "serializer.serdeSeparator", "spec is invalid"),
        ("hbase", {"columnFamily": "f"}, "table", "Table name cannot be empty"),
        ("hbase2", {"table": "t"}, "columnFamily", "Column family cannot be empty"),
        ("asynchbase", {**TABLE, "serializer": "com.x.Own"}, "serializer", "ClassNotFoundException: com.x.Own"),
        ("asynchbase", REGEX_SERIALIZER, "serializer", "ClassNotFoundException"),
        ("hbase2", REGEX_SERIALIZER, "serializer", "ClassNotFoundException"),
        ("hbase", {**REGEX_SERIALIZER, "serializer.regex": "("}, "serializer.regex", r"\("),
        ("hbase", {**REGEX_SERIALIZER, "serializer.charset": "x y"}, "serializer.charset", "charset"),
        (
            "hbase",
            {**REGEX_SERIALIZER, "serializer.rowKeyIndex": "1"},
            "serializer.rowKeyIndex",
            "less than num columns 1",
        ),
        (
            "hbase",
            {**REGEX_SERIALIZER, "serializer.rowKeyIndex": "0"},
            "serializer.rowKeyIndex",
            "must be ROW_KEY and is",
        ),
        ("hbase", {**TABLE, "zookeeperQuorum": "a"}, "zookeeperQuorum", "Expected client port for the ZK node!"),
        ("hbase", {**TABLE, "zookeeperQuorum": "a:1,b:2"}, "zookeeperQuorum", "must use the same client port"),
        ("hbase", {**TABLE, "zookeeperQuorum": "a:x"}, "zookeeperQuorum", "For input string"),
        ("irc", {**CHAT, "nick": ""}, "nick", "No nick specified"),
        ("irc", {**CHAT, "port": "x"}, "port", "For input string"),
        ("http", {}, "endpoint", "Endpoint URL invalid"),
        ("http", {"endpoint": "h:8080/x"}, "endpoint", "Endpoint URL invalid: h:8080/x"),
        ("http", {"endpoint": "http://h:port/"}, "endpoint", "Endpoint URL invalid"),
        ("http", {"endpoint": "http://h:-5/"}, "endpoint", "Endpoint URL invalid"),
        ("http", {"endpoint": "http://[::1"}, "endpoint", "Endpoint URL invalid"),
        ("http", {**POST, "connectTimeout": "0"}, "connectTimeout", "greater than or equal to 1"),
        ("elasticsearch", {"hostNames": " , "}, "hostNames", "Missing Param:hostNames"),
        ("elasticsearch", {**SEARCH, "ttl": "5y"}, "ttl", "ttl must be greater than 0"),
        ("elasticsearch", {**SEARCH, "batchSize": "0"}, "batchSize", "greater than or equal to 1"),
        ("morphline_solr", {"batchSize": "x"}, "batchSize", "For input string"),
        ("kudu", {"masterAddresses": "m"}, "tableName", "is required"),
        ("kudu", {**KUDU, "producer": "com.x.Own"}, "producer", "ClassNotFoundException: com.x.Own"),
        ("kudu", {**REGEXP, "producer.pattern": ""}, "producer.pattern", "pattern is not specified"),
        ("kudu", {**REGEXP, "producer.operation": "drop"}, "producer.operation", "Unrecognized operation 'drop'"),
        (
            "kudu",
            {**REGEXP, "producer.unmatchedRowPolicy": "WARN", "producer.skipUnmatchedRows": "true"},
            "producer.skipUnmatchedRows",
            "leave the old one out",
        ),
        ("kudu", {**REGEXP, "producer.missingColumnPolicy": "SHRUG"}, "producer.missingColumnPolicy", "'SHRUG'"),
        ("kudu", {**KUDU, "kerberosKeytab": "/k"}, "kerberosPrincipal", "Principal can not be null"),
        ("dataset", {}, "kite.dataset.uri", "No dataset configured. Setting kite.dataset.uri is required."),
        (
            "dataset",
            {**DATASET, "kite.flushable.commiteOnBatch": "no"},
            "kite.flushable.commiteOnBatch",
            "must be true",
        ),
        ("dataset", {**DATASET, "kite.failurePolicy": "drop"}, "kite.failurePolicy", "class drop not found"),
        ("dataset", {**DATASET, "kite.failurePolicy": "save"}, "kite.error.dataset.uri", "Must set"),
    ],
)
def test_what_flume_refuses_is_refused_with_its_reason(
    type_name: str, settings: Settings, key: str, reason: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make("sink", type_name, settings)
    assert caught.value.key == key
    assert re.search(reason, str(caught.value))


def test_roll_properties_without_their_prefix_are_told_the_right_name() -> None:
    names = ("rollInterval", "rollSize", "rollCount", "batchSize", "fileType")
    built = make("sink", "hdfs", {**PATH, **dict.fromkeys(names, "0"), "hdfs.serializer": "text"})
    hints = {problem.key: problem.hint for problem in built.problems}
    assert hints == {
        **{name: f"did you mean 'hdfs.{name}'?" for name in names}, "hdfs.serializer": "did you mean 'serializer'?",
    }  # fmt: skip


def test_codecs_are_found_by_short_simple_and_full_name() -> None:
    names = {"snappy": "SnappyCodec", "BZIP2CODEC": "BZip2Codec", LZ4: "Lz4Codec", "zstandard": "ZStandardCodec"}
    found = {name: make("sink", "hdfs", {**PATH, "hdfs.codeC": name}).component.codec for name in names}  # type: ignore[attr-defined]
    assert found == names


def test_a_readable_keytab_is_accepted(tmp_path: Path) -> None:
    keytab = tmp_path / "flume.keytab"
    keytab.write_bytes(b"")
    built = make("sink", "hdfs", {**PATH, "hdfs.kerberosPrincipal": "p", "hdfs.kerberosKeytab": str(keytab)})
    assert built.problems == []


def test_what_flume_only_logs_about_hdfs_is_warned_about() -> None:
    built = make("sink", "hdfs", {
        **PATH, "hdfs.fileType": "Text", "hdfs.round": "true", "hdfs.roundUnit": "day", "hdfs.closeTries": "0",
        "hdfs.retryInterval": "0", "hdfs.txnEventMax": "9",
    })  # fmt: skip
    assert {problem.key for problem in built.problems} == {
        "hdfs.fileType", "hdfs.roundUnit", "hdfs.closeTries", "hdfs.txnEventMax",
    }  # fmt: skip
    assert built.component.close_tries == 1  # type: ignore[attr-defined]
    assert built.component.is_rounding is False  # type: ignore[attr-defined]


def test_old_kafka_names_are_said_and_count() -> None:
    built = make("sink", "kafka", {"brokerList": "b:1", "topic": "t", "requiredAcks": "-1", "serializer.class": "x"})
    options = built.component.options
    assert (options.bootstrap_servers, options.topic, options.acks) == ("b:1", "t", "-1")
    assert {problem.key for problem in built.problems} == {"brokerList", "topic", "requiredAcks", "serializer.class"}


def test_other_things_flume_only_logs_are_warned_about() -> None:
    assert make("sink", "http", {**POST, "rollback.2xx": "false"}).messages("rollback.2xx")
    assert make("sink", "hbase", {**TABLE, "enableWal": "false"}).messages("enableWal")
    assert make("sink", "asynchbase", {**TABLE, "enableWal": "false"}).messages("enableWal")
    assert make("sink", "morphline_solr", {}).messages("morphlineFile")
    assert make("sink", "morphline_solr", {"morphlineFile": "/nowhere"}).messages("morphlineFile")
    assert make("sink", "elasticsearch", {**SEARCH, "indexNameBuilder": "x"}).messages("indexNameBuilder")
    assert make("sink", "thrift", {**NEXT, "protocol": "json"}).messages("protocol")


def test_both_morphline_classes_mean_the_same_sink() -> None:
    package = "org.apache.flume.sink.solr.morphline."
    kinds = {type(make("sink", package + name, {}).component) for name in ("MorphlineSink", "MorphlineSolrSink")}
    assert len(kinds) == 1
