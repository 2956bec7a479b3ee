"""`flumepy describe` and `flumepy new`: everything comes from the declarations."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flumepy.cli.main import flumepy
from flumepy.config.catalog import ROWS, Row

ROOT = Path(__file__).parents[2]


def call(*arguments: str) -> Result:
    return CliRunner().invoke(flumepy, list(arguments))


def test_the_list_names_every_component() -> None:
    output = call("describe").output
    assert all(row.label in output for row in ROWS)


@pytest.mark.parametrize("name", ["netcat", "NETCAT", "org.apache.flume.source.NetcatSource"])
def test_a_component_is_found_by_alias_and_class_name(name: str) -> None:
    output = call("describe", name).output
    assert output.startswith("netcat source\n")
    assert "max-line-length" in output
    assert "default 512" in output
    assert "text, required" in output


def test_a_kind_tells_components_of_one_name_apart() -> None:
    assert "\n\navro sink" in call("describe", "avro").output
    output = call("describe", "sink", "avro").output
    assert output.startswith("avro sink")
    assert "source" not in output.splitlines()[0]


def test_an_unknown_name_gets_a_hint() -> None:
    result = call("describe", "netcta")
    assert result.exit_code == 2
    assert "did you mean 'netcat'?" in result.output


def test_a_plugin_is_described_like_a_built_in() -> None:
    output = call("describe", "source", "heartbeat", "--plugins-path", str(ROOT / "plugins")).output
    assert output.startswith("heartbeat source")


def test_json_has_a_schema_for_each_component() -> None:
    [document] = json.loads(call("describe", "file_roll", "--format", "json").output)
    assert document["kind"] == "sink"
    assert document["schema"]["required"] == ["sink.directory"]
    assert "sink.rollInterval" in document["schema"]["properties"]
    assert "^sink\\.serializer\\." in document["schema"]["patternProperties"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.kind}-{row.name}")
def test_every_component_can_be_described_in_every_form(row: Row) -> None:
    for form in ("text", "json", "markdown"):
        result = call("describe", row.kind, row.label, "--format", form)
        assert result.exit_code == 0, result.output
        assert "Not available" not in result.output


def test_the_reference_in_docs_is_what_describe_writes() -> None:
    assert (ROOT / "docs" / "components.md").read_text(encoding="utf-8") == call(
        "describe", "--format", "markdown"
    ).output, "run scripts/docs"


def test_new_writes_a_configuration_that_check_finds_clean(tmp_path: Path) -> None:
    path = tmp_path / "x.conf"
    arguments = [
        "--source",
        "netcat",
        "--source",
        "seq",
        "--channel",
        "memory",
        "--channel",
        "memory",
        "--sink",
        "logger",
    ]
    assert call("new", *arguments, "--sink", "null", "--name", "b1", "-o", str(path)).exit_code == 0
    text = path.read_text()
    assert "b1.sources.r2.channels = c1 c2" in text
    assert "# b1.channels.c1.capacity = 100" in text
    result = call("check", str(path))
    assert result.exit_code == 0
    assert "2 sources, 2 channels, 2 sinks would run; no problems" in result.output
    assert call("new", *arguments, "-o", str(path)).exit_code == 2


def test_new_refuses_an_unknown_type() -> None:
    result = call("new", "--source", "netcta", "--sink", "logger")
    assert result.exit_code == 2
    assert "did you mean 'netcat'?" in result.output
