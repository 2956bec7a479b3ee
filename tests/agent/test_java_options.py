"""-D and -X as people type them."""

import pytest

from flumepy.agent.java_options import heap_properties, split_options, system_properties


@pytest.mark.parametrize(
    ("text", "name", "value", "remark"),
    [
        ("k=v", "k", "v", ""),
        ("k=a=b", "k", "a=b", ""),
        ("k=", "k", "", ""),
        ("k", "k", "", "has no value"),
        ("flume.root.logger-INFO.console", "flume.root.logger", "INFO,console", "is understood as"),
        ("flume.root.logger:DEBUG,console", "flume.root.logger", "DEBUG,console", "is understood as"),
        ("Flume.root.logger INFO console", "flume.root.logger", "INFO,console", "is understood as"),
        ("flume.monitoring.port-41414", "flume.monitoring.port", "41414", "is understood as"),
        ("flume.root.loger=INFO,console", "flume.root.loger", "INFO,console", "did you mean 'flume.root.logger'?"),
        ("flume.monitoring.own=1", "flume.monitoring.own", "1", ""),
        ("flume.root.logger = INFO", "flume.root.logger", "INFO", ""),
        ("flume.root.logger", "flume.root.logger", "", "has no value"),
    ],
)
def test_definitions_are_read_and_slips_understood(text: str, name: str, value: str, remark: str) -> None:
    properties, remarks = system_properties([text])
    assert properties == {name: value}
    assert (remark in remarks[0]) if remark else not remarks


def test_the_last_of_equal_names_counts() -> None:
    assert system_properties(["k=1", "k=2"])[0] == {"k": "2"}


@pytest.mark.parametrize(
    ("option", "size"), [("-Xmx512m", 512 << 20), ("-Xmx1G", 1 << 30), ("-Xmx2048", 2048), ("-Xmx64k", 64 << 10)]
)
def test_the_heap_size_is_given_in_bytes(option: str, size: int) -> None:
    assert heap_properties([option])[0] == {"flumepy.xmx": str(size)}


def test_every_other_option_is_named_once() -> None:
    properties, remarks = heap_properties(["-Xms1g", "-ea"])
    assert properties == {}
    assert remarks == ["-Xms1g is for a JVM and has no effect.", "-ea is for a JVM and has no effect."]


def test_definitions_are_told_from_other_options() -> None:
    assert split_options(["-Dk=v", "-Xmx1g"]) == (["k=v"], ["-Xmx1g"])
