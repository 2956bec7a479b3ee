"""The loader between the service and the sources."""

import os
from pathlib import Path

import pytest

from flumepy.config.loader import ConfigurationLoader, SourceSettings, open_sources
from flumepy.config.sources.base import MergedSource
from flumepy.config.sources.file import FileSource
from flumepy.config.sources.zookeeper import ZooKeeperSource
from flumepy.core.errors import ConfigurationError

AGENT = "a1.channels=c1\na1.channels.c1.type=memory\na1.sources=r1\na1.sources.r1.type=seq\na1.sources.r1.channels=c1\n"


def write(path: Path, text: str, second: int) -> Path:
    path.write_text(text)
    os.utime(path, (second, second))
    return path


def test_files_are_merged_and_one_that_changes_is_seen(tmp_path: Path) -> None:
    first = write(tmp_path / "1.conf", AGENT, 1)
    second = write(tmp_path / "2.conf", "a1.channels.c1.capacity=7\n", 1)
    loader = ConfigurationLoader(open_sources(SourceSettings(files=[str(first), str(second)]), "a1"), {}, {})
    assert loader.load().agents["a1"].channels["c1"].values()["capacity"] == "7"
    assert not loader.has_changed()
    assert loader.watched_files() == [first, second]
    write(second, "a1.channels.c1.capacity=8\n", 2)
    assert loader.has_changed()
    assert loader.load().agents["a1"].channels["c1"].values()["capacity"] == "8"


def test_a_load_without_a_change_looks_anew_at_references(tmp_path: Path) -> None:
    path = write(tmp_path / "1.conf", AGENT + "a1.channels.c1.capacity=${env:SIZE}\n", 1)
    environ = {"SIZE": "1"}
    loader = ConfigurationLoader(open_sources(SourceSettings(files=[str(path)]), "a1"), {}, environ)
    assert loader.load().agents["a1"].channels["c1"].values()["capacity"] == "1"
    environ["SIZE"] = "2"
    assert loader.load().agents["a1"].channels["c1"].values()["capacity"] == "2"


def test_zookeeper_comes_before_uris_and_uris_before_files() -> None:
    everything = SourceSettings(files=["f"], uris=["file:///u", "file:///v"], zookeeper="localhost:1")
    assert isinstance(open_sources(everything, "a1"), ZooKeeperSource)
    uris = open_sources(SourceSettings(files=["f"], uris=["file:///u", "file:///v"]), "a1")
    assert isinstance(uris, MergedSource)
    assert [source.origin for source in uris.sources] == ["/u", "/v"]
    assert isinstance(open_sources(SourceSettings(files=["f"]), "a1"), FileSource)


def test_a_file_in_another_format_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="configurations in yaml are not supported"):
        open_sources(SourceSettings(files=["flume.yaml"]), "a1")


def test_no_source_at_all_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="no configuration was named"):
        open_sources(SourceSettings(), "a1")


def test_a_source_that_knows_of_its_changes_tells_the_service() -> None:
    source = open_sources(SourceSettings(zookeeper="localhost:1"), "a1")
    told: list[bool] = []
    loader = ConfigurationLoader(source, {}, {})
    loader.watch(lambda: told.append(True))
    source.on_change()
    loader.close()
    assert told == [True]
