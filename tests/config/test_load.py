"""flumepy.config.load: from sources to agents."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.config.load import configure, load
from flumepy.config.sources.backup import Backup
from flumepy.config.sources.base import MergedSource
from flumepy.config.sources.file import FileSource
from flumepy.core.errors import ConfigurationError
from flumepy.formats.properties import load_properties

AGENT = """a1.channels=c1
a1.channels.c1.type=memory
a1.sources=r1
a1.sources.r1.type=netcat
a1.sources.r1.port=${NC_PORT}
a1.sources.r1.bind=${env:BIND}
a1.sources.r1.channels=c1
NC_PORT=44444
"""


def test_references_are_resolved_before_the_agents_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.write_text(AGENT.replace("type=memory", "type=${sys:kind}"))
    source = FileSource(path)
    configuration = load(source, {"kind": "file"}, {"BIND": "::1"})
    assert configuration is not None
    agent = configuration.agents["a1"]
    assert agent.sources["r1"].values() == {"type": "netcat", "port": "44444", "bind": "::1", "channels": "c1"}
    assert agent.channels["c1"].type == "file"
    assert load(source, {}, {}) is None


def test_later_files_override_earlier_ones(tmp_path: Path) -> None:
    (tmp_path / "one.conf").write_text(AGENT)
    (tmp_path / "two.conf").write_text("NC_PORT=5\na1.sources.r1.bind=\n")
    source = MergedSource([FileSource(tmp_path / "one.conf"), FileSource(tmp_path / "two.conf")])
    configuration = load(source, {}, {})
    assert configuration is not None
    assert configuration.agents["a1"].sources["r1"].values() == {"type": "netcat", "port": "5", "channels": "c1"}


def test_the_problems_stand_in_the_order_of_the_file() -> None:
    text = "a1.x.y = 1\na1.sinks.k9.type = null\n" + AGENT + "a1.sources.r1.d = ${nope}\na1.sources.r1.type = seq\n"
    problems = configure(load_properties(text.encode(), "x.conf"), {}, {}).problems
    assert [problem.line for problem in problems] == sorted(problem.line or 0 for problem in problems)
    assert len(problems) == 6


def test_a_source_without_properties_is_an_error_unless_there_is_a_backup(tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.write_text("# nothing\n")
    backup = Backup(tmp_path / "backup", "a1")
    with pytest.raises(ConfigurationError, match=r"a\.conf holds no property, so there is no configuration"):
        load(FileSource(path), {}, {}, backup=backup)
    path.write_text(AGENT)
    load(FileSource(path), {}, {"BIND": "1.2.3.4"}, backup=backup)
    path.write_text("")
    configuration = load(FileSource(path), {}, {}, backup=backup)
    assert configuration is not None
    assert configuration.agents["a1"].sources["r1"].values()["bind"] == "1.2.3.4"


def test_a_backup_that_cannot_be_written_does_not_stop_the_agent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.conf"
    path.write_text(AGENT)
    configuration = load(FileSource(path), {}, {}, backup=Backup(path, "a1"))
    assert configuration is not None
    assert "cannot keep the backup" in caplog.text


def test_a_configuration_can_be_loaded_again_after_an_edit(tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.write_text(AGENT)
    source = FileSource(path)
    load(source, {}, {})
    path.write_text(AGENT.replace("a1.", "a2."))
    later = path.stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(later, later))
    configuration = load(source, {}, {})
    assert configuration is not None
    assert [*configuration.agents] == ["a2"]


def test_the_conf_directory_reaches_lookups_and_filters(tmp_path: Path) -> None:
    (tmp_path / "lookups.properties").write_text("u = org.apache.commons.text.lookup.DefaultStringLookup.URL_DECODER\n")
    entries = load_properties((AGENT + "a1.sources.r1.d=${u:a%20b}").encode(), "x.conf")
    agent = configure(entries, {}, {}, conf_directory=tmp_path).agents["a1"]
    assert agent.sources["r1"].values()["d"] == "a b"


PART = st.sampled_from(
    ["a1.", "sources", "sinks", "channels", "sinkgroups", "configfilters", ".f1", ".r1", ".c1", ".type", ".channels", "=",
     " ", "env", "external", "hadoop", ".command", "/nowhere", "${f1['k']}", "${", "}", "${env:", "${date:", "${sys:",
     "${java:", "${a1.sources}", ":-", "$", "\n", "\\", "\\u12", "é", "#", "\t", "'"]
)  # fmt: skip


@given(st.one_of(st.binary(max_size=200), st.lists(PART, max_size=50).map(lambda parts: "".join(parts).encode())))
def test_whatever_a_file_holds_becomes_agents_and_problems(data: bytes) -> None:
    with suppress(ConfigurationError):  # a malformed \\uXXXX, as in Java
        entries = load_properties(data, "x.conf")
        configuration = configure(entries, {}, {"HOME": "/h"})
        assert all(problem.message and problem.line for problem in configuration.problems)
        assert not set(configuration.invalid) & set(configuration.agents)
