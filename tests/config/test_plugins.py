"""Plugins: three doors, one kind of row."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flumepy.config import plugins
from flumepy.config.build import build, find
from flumepy.config.plugins import add_plugins_path
from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError, UnknownTypeError

SAMPLES = Path(__file__).parents[2] / "plugins"
CODE = """
from flumepy.core.component import PollableSource, Status

class {name}(PollableSource):
    def process(self):
        return Status.BACKOFF
"""


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """Forget the plugins of a test, its paths and its modules."""

    def forget() -> None:
        plugins._folders.clear()
        plugins._entry_points.cache_clear()
        plugins._listing.cache_clear()

    path, modules = sys.path[:], set(sys.modules)
    forget()
    yield
    forget()
    sys.path[:] = path
    for module in set(sys.modules) - modules:
        if "flumepy" not in module:
            del sys.modules[module]


def add_folder(directory: Path, name: str, code: str = "", listing: str | None = None, place: str = "") -> Path:
    folder = directory / name
    (folder / place).mkdir(parents=True)
    (folder / place / f"{name}_code.py").write_text(code or CODE.format(name="Made"))
    if listing is not None:
        (folder / "entry_points.txt").write_text(listing)
    return folder


def add_distribution(site: Path, listing: str, name: str = "acme") -> None:
    """Put what pip writes for an installed package into a folder."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(listing)
    (site / f"{name}_code.py").write_text(CODE.format(name="Made"))
    sys.path.append(str(site))


def made(type_name: str, kind: str = "source") -> str:
    return type(build(kind, type_name, {}, Context("x1"))).__module__


def test_the_sample_folder_works_by_name(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES, tmp_path / "plugins")
    assert add_plugins_path(str(tmp_path / "plugins")) == ["sample"]
    assert made("heartbeat") == made("HeartBeat") == "sample_plugin"
    assert made("shout", "interceptor") == "sample_plugin"
    assert build("sink", "mailbox", {"file": str(tmp_path / "box")}, Context("k1")).name == "k1"
    row = find("source", "heartbeat")
    assert row.is_plugin
    assert row.label == "heartbeat"


def test_the_sample_works_as_a_dotted_path_in_each_spelling(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "sample", tmp_path / "sample")
    sys.path.append(str(tmp_path / "sample"))
    for type_name in (
        "sample_plugin.HeartbeatSource", "sample_plugin:HeartbeatSource", "sample_plugin.HeartbeatSource$Builder",
    ):  # fmt: skip
        assert made(type_name) == "sample_plugin"


def test_an_installed_package_brings_names_by_entry_points(tmp_path: Path) -> None:
    add_distribution(tmp_path, "[flumepy.sources]\nAcme = acme_code : Made [extra]\n")
    assert made("acme") == "acme_code"
    with pytest.raises(UnknownTypeError):
        find("sink", "acme")


@pytest.mark.parametrize("place", ["", "lib", "libext"])
def test_code_of_a_plugin_may_lie_in_its_folder_in_lib_or_in_libext(place: str, tmp_path: Path) -> None:
    add_folder(tmp_path, "one", listing="[flumepy.sources]\none = one_code:Made\n", place=place)
    add_plugins_path(str(tmp_path))
    assert made("one") == "one_code"
    assert made("one_code.Made") == "one_code"


def test_several_directories_are_joined_by_colons_and_a_second_time_adds_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add_folder(tmp_path / "a", "one", listing="[flumepy.sources]\none = one_code:Made\n")
    add_folder(tmp_path / "b", "two", listing="[flumepy.sources]\ntwo = two_code:Made\n")
    paths = f"{tmp_path / 'a'}::{tmp_path / 'b'}"
    assert add_plugins_path(paths) == ["one", "two"]
    before = sys.path[:]
    assert add_plugins_path(paths) == ["one", "two"]
    assert sys.path == before
    assert (made("one"), made("two")) == ("one_code", "two_code")
    assert caplog.messages == []


def test_a_directory_that_is_not_there_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert add_plugins_path(str(tmp_path / "none")) == []
    assert caplog.messages == [f"--plugins-path {tmp_path / 'none'}: there is no such directory."]


def test_a_built_in_name_wins_and_it_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = add_folder(tmp_path, "one", listing="[flumepy.sources]\nnetcat = one_code:Made\nmine = one_code:Made\n")
    add_plugins_path(str(tmp_path))
    assert caplog.messages == [f"The source 'netcat' of plugin {folder} has a built-in name; the built-in one is used."]
    assert not find("source", "netcat").is_plugin
    assert made("mine") == "one_code"


def test_an_installed_plugin_with_a_built_in_name_is_told_when_plugins_are_looked_at(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add_distribution(tmp_path, "[flumepy.sources]\nseq = acme_code:Made\nacme = acme_code:Made\n")
    assert made("acme") == "acme_code"
    assert caplog.messages == ["The source 'seq' of plugin acme has a built-in name; the built-in one is used."]


def test_of_two_plugins_with_one_name_the_first_wins_and_it_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add_folder(tmp_path, "one", listing="[flumepy.sources]\nmine = one_code:Made\n")
    second = add_folder(tmp_path, "two", listing="[flumepy.sources]\nMine = two_code:Made\n")
    add_plugins_path(str(tmp_path))
    assert made("mine") == "one_code"
    assert caplog.messages == [
        f"The source 'mine' of plugin {second} has the name of another plugin's and is not used."
    ]


def test_a_plugin_cannot_hide_a_module_of_python_or_of_flumepy(tmp_path: Path) -> None:
    folder = add_folder(tmp_path, "one", place="lib")
    (folder / "queue.py").write_text("raise RuntimeError('hidden')\n")
    before = sys.path[:]
    add_plugins_path(str(tmp_path))
    assert sys.path[: len(before)] == before


@pytest.mark.parametrize(
    "listing", [b"netcat = x:Y\n", b"[flumepy.sources]\na = b:C\na = b:C\n", b"[flumepy.sources\n", b"\xff\xfe"]
)
def test_a_listing_that_cannot_be_read_costs_only_its_plugin(
    listing: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add_folder(tmp_path, "good", listing="[flumepy.sources]\ngood = good_code:Made\n")
    bad = add_folder(tmp_path, "bad")
    (bad / "entry_points.txt").write_bytes(listing)
    add_plugins_path(str(tmp_path))
    assert made("good") == "good_code"
    [message] = caplog.messages
    assert message.startswith(f"{bad / 'entry_points.txt'} cannot be used: ")
    assert "\n" not in message


def test_a_folder_without_a_listing_serves_dotted_paths(tmp_path: Path) -> None:
    add_folder(tmp_path, "one")
    add_plugins_path(str(tmp_path))
    assert made("one_code.Made") == "one_code"


@pytest.mark.parametrize("value", ["nowhere:Made", "one_code:Nobody", "one_code", "", ":", "one_code:"])
def test_an_entry_point_that_leads_nowhere_is_an_error_of_its_component(value: str, tmp_path: Path) -> None:
    add_folder(tmp_path, "one", listing=f"[flumepy.sources]\none = {value}\n")
    add_plugins_path(str(tmp_path))
    with pytest.raises(ConfigurationError):
        made("one")


def test_a_plugin_that_hides_nothing_is_found_beside_the_built_in_ones(tmp_path: Path) -> None:
    add_folder(tmp_path, "one", listing="[flumepy.sources]\none = one_code:Made\n[flumepy.serializers]\n")
    add_plugins_path(str(tmp_path))
    assert find("source", "netcat").path == "flumepy.sources.netcat:NetcatSource"
    with pytest.raises(UnknownTypeError):
        find("serializer", "one")
