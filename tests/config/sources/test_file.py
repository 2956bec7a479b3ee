"""flumepy.config.sources.file, classpath and several sources as one."""

import os
from pathlib import Path

import pytest

from flumepy.config.sources.base import MergedSource
from flumepy.config.sources.classpath import ClasspathSource
from flumepy.config.sources.file import FileSource
from flumepy.core.errors import ConfigurationError


def write(path: Path, text: str, *, age_s: int = 0) -> Path:
    path.write_text(text)
    time_ns = 1_700_000_000_000_000_000 - age_s * 1_000_000_000
    os.utime(path, ns=(time_ns, time_ns))
    return path


def test_a_file_is_read_once_and_again_when_it_is_newer(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conf", "a1.x = 1\n", age_s=100)
    source = FileSource(path)
    assert [(entry.key, entry.value, entry.file, entry.line) for entry in source.read() or []] == [
        ("a1.x", "1", str(path), 1)
    ]
    assert not source.has_changed()
    assert source.read() is None
    write(path, "a1.x = 2\n", age_s=50)
    assert source.has_changed()
    assert [entry.value for entry in source.read() or []] == ["2"]


def test_a_touch_counts_and_an_older_file_or_none_does_not(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conf", "a1.x = 1\n", age_s=100)
    source = FileSource(path)
    source.read()
    write(path, "a1.x = 2\n", age_s=200)
    assert not source.has_changed()
    assert [entry.value for entry in source.read() or []] == ["2"]
    path.unlink()
    assert not source.has_changed()
    with pytest.raises(ConfigurationError, match="No such file"):
        source.read()
    write(path, "a1.x = 1\n", age_s=99)
    assert source.has_changed()


def test_an_older_file_that_takes_the_place_by_a_rename_or_a_link_counts(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conf", "a1.x = 1\n", age_s=100)
    source = FileSource(path)
    source.read()
    write(tmp_path / "staged.conf", "a1.x = 2\n", age_s=200).rename(path)
    assert source.has_changed()
    assert [entry.value for entry in source.read() or []] == ["2"]
    assert not source.has_changed()
    link = tmp_path / "link.conf"
    link.symlink_to(write(tmp_path / "older.conf", "a1.x = 3\n", age_s=300))
    link.rename(path)
    assert source.has_changed()
    assert [entry.value for entry in source.read() or []] == ["3"]


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^cannot read .*none\.conf: No such file or directory$"):
        FileSource(tmp_path / "none.conf").read()
    with pytest.raises(ConfigurationError, match="Is a directory"):
        FileSource(tmp_path).read()


def test_a_malformed_edit_is_said_once_and_the_next_edit_is_seen(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conf", "a1.x = 1\n", age_s=100)
    source = FileSource(path)
    source.read()
    write(path, "a1.x = \\u12\n", age_s=50)
    with pytest.raises(ConfigurationError, match=r"a\.conf:1: Malformed"):
        source.read()
    assert source.read() is None
    write(path, "a1.x = 3\n", age_s=10)
    assert [entry.value for entry in source.read() or []] == ["3"]


def test_later_files_come_after_earlier_ones_and_one_change_gives_all(tmp_path: Path) -> None:
    one = write(tmp_path / "one.conf", "k = 1\n", age_s=100)
    two = write(tmp_path / "two.conf", "k = 2\n", age_s=100)
    source = MergedSource([FileSource(one), FileSource(two)])
    assert [entry.value for entry in source.read() or []] == ["1", "2"]
    assert source.read() is None
    write(one, "k = 3\n", age_s=50)
    assert source.has_changed()
    assert [entry.value for entry in source.read() or []] == ["3", "2"]


def test_what_was_read_before_another_source_failed_is_not_forgotten(tmp_path: Path) -> None:
    one = write(tmp_path / "one.conf", "k = 1\n", age_s=100)
    two = write(tmp_path / "two.conf", "k = 2\n", age_s=100)
    source = MergedSource([FileSource(one), FileSource(two)])
    source.read()
    write(one, "k = 3\n", age_s=50)
    write(two, "k = \\u\n", age_s=50)
    with pytest.raises(ConfigurationError, match="Malformed"):
        source.read()
    assert source.has_changed()
    assert [entry.value for entry in source.read() or []] == ["3", "2"]
    assert not source.has_changed()


@pytest.mark.parametrize("uri", ["classpath:/a.conf", "classpath://a.conf", "classpath:///a.conf", "classpath:a.conf"])
def test_a_classpath_uri_is_a_file_of_the_conf_directory_read_once(uri: str, tmp_path: Path) -> None:
    write(tmp_path / "a.conf", "k = 1\n", age_s=100)
    source = ClasspathSource(uri, tmp_path)
    assert [entry.value for entry in source.read() or []] == ["1"]
    write(tmp_path / "a.conf", "k = 2\n", age_s=10)
    assert not source.has_changed()
    assert source.read() is None


def test_a_classpath_uri_needs_a_conf_directory_and_stays_in_it(tmp_path: Path) -> None:
    write(tmp_path / "out.conf", "k = 1\n")
    (tmp_path / "conf").mkdir()
    with pytest.raises(ConfigurationError, match="leads out of the conf directory"):
        ClasspathSource("classpath:/../out.conf", tmp_path / "conf").read()
    with pytest.raises(ConfigurationError, match=r"cannot read classpath:/none\.conf in"):
        ClasspathSource("classpath:/none.conf", tmp_path).read()
    with pytest.raises(ConfigurationError, match="needs a conf directory"):
        ClasspathSource("classpath:/out.conf", None).read()
