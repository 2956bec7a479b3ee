"""Every component by name."""

import pytest

from flumepy.config.build import load
from flumepy.config.catalog import ROWS, Row, find_builtin, names, rows
from flumepy.core.component import Component


def label(row: Row) -> str:
    return f"{row.kind}-{row.name}"


@pytest.mark.parametrize("row", ROWS, ids=label)
def test_every_row_leads_to_a_component_of_its_kind(row: Row) -> None:
    component = load(row)
    assert issubclass(component, Component)
    assert component.kind == row.kind


@pytest.mark.parametrize("row", ROWS, ids=label)
def test_every_name_of_a_row_finds_it_and_no_other_one(row: Row) -> None:
    for alias in row.aliases:
        assert find_builtin(row.kind, alias) is row
        assert find_builtin(row.kind, alias.upper()) is row
    for java_class in row.classes:
        assert find_builtin(row.kind, java_class) is row
        assert find_builtin(row.kind, f"{java_class}$Builder") is row
        assert find_builtin(row.kind, java_class.upper()) is None, "Java class names have their case"
    assert row.aliases or row.classes
    assert row.label


def test_rows_and_names_are_those_of_a_kind() -> None:
    assert rows() == list(ROWS)
    assert {row.kind for row in rows("selector")} == {"selector"}
    assert "multiplexing" in names("selector")
    assert "org.apache.flume.channel.MultiplexingChannelSelector" in names("selector")


@pytest.mark.parametrize(
    ("kind", "type_name"), [("source", "logger"), ("sink", ""), ("nothing", "netcat"), ("sink", "$Builder")]
)
def test_a_name_of_another_kind_or_of_nobody_finds_nothing(kind: str, type_name: str) -> None:
    assert find_builtin(kind, type_name) is None
