"""flumepy.config.sources.uri: which source a name on the command line opens."""

import subprocess
import sys
from pathlib import Path

import pytest

from flumepy.config.sources.classpath import ClasspathSource
from flumepy.config.sources.file import FileSource
from flumepy.config.sources.http import HttpSource
from flumepy.config.sources.uri import open_file, open_uri, poll_interval_s
from flumepy.core.errors import ConfigurationError


def test_each_scheme_opens_its_source(tmp_path: Path) -> None:
    path = tmp_path / "a b.conf"
    path.write_text("k = 1\n")
    file = open_uri(path.as_uri())
    assert isinstance(file, FileSource)
    assert [entry.value for entry in file.read() or []] == ["1"]
    assert isinstance(open_uri("classpath:/a.conf", conf_directory=tmp_path), ClasspathSource)
    http = open_uri("HTTPS://127.0.0.1/a.conf", user="me", password="x")
    assert isinstance(http, HttpSource)
    assert http.credentials is not None


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("ftp://h/a.conf", "is none of file, http, https, classpath"),
        ("/etc/a.conf", "is none of"),
        ("file:///etc/flume.json", "configurations in json are not supported"),
        ("http://h.example/flume.yaml", "configurations in yaml are not supported"),
        ("http://[::1/a", "is not a URI"),
    ],
)
def test_other_schemes_and_formats_are_refused_by_name(uri: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        open_uri(uri)


def test_a_file_of_a_reserved_format_is_refused_as_far_as_flume_notices() -> None:
    with pytest.raises(ConfigurationError, match="xml are not supported"):
        open_file("/etc/flume.xml")
    assert isinstance(open_file("/etc/flume.d/agent.json"), FileSource)


def test_the_poll_interval_is_longer_for_http() -> None:
    assert poll_interval_s(["file:///a"]) == 30
    assert poll_interval_s(["file:///a", "HTTPS://h/a"]) == 300


def test_reading_a_file_imports_nothing_that_only_others_need(tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.write_text("a1.sources = r1\n")
    code = (
        "import sys, flumepy.config.sources.uri, flumepy.config.sources.zookeeper\n"
        "from flumepy.config.load import load\n"
        f"load(flumepy.config.sources.uri.open_file({str(path)!r}), {{}}, {{}})\n"
        "unwanted = {'http.client', 'urllib.request', 'kazoo', 'cryptography', 'ssl', 'flumepy.config.lookups'}\n"
        "print(sorted(unwanted & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
