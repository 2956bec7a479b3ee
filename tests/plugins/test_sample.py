"""The sample plugin keeps the law of its kinds and works as its README line says."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flumepy.agent.application import Application
from flumepy.agent.materialize import materialize
from flumepy.config import plugins
from flumepy.config.load import configure
from flumepy.config.plugins import add_plugins_path
from flumepy.core.batch import Event, EventBatch
from flumepy.core.errors import ConfigurationError
from flumepy.formats.properties import load_properties
from flumepy.testing.conformance.interceptor import InterceptorConformance
from flumepy.testing.conformance.sink import SinkConformance
from flumepy.testing.conformance.source import PollableSourceConformance
from flumepy.testing.fakes import ListChannel, build, connect, wait_until

PLUGINS = Path(__file__).parents[2] / "plugins"


@pytest.fixture(scope="module", autouse=True)
def _sample_path() -> Iterator[None]:
    path = sys.path[:]
    add_plugins_path(str(PLUGINS))
    yield
    sys.path[:] = path
    plugins._folders.clear()
    plugins._entry_points.cache_clear()
    sys.modules.pop("sample_plugin", None)


def sample(name: str) -> Any:
    """Return a class of the sample: the tests must not import it before its folder is on the path."""
    return getattr(__import__("sample_plugin"), name)


class TestHeartbeatConformance(PollableSourceConformance):
    """The source makes its events itself."""

    def make(self) -> Any:
        return build(sample("HeartbeatSource"), {"interval": "1"})

    def feed(self, source: Any, bodies: list[bytes]) -> None:
        pass

    def bodies(self, count: int) -> list[bytes]:
        return [b"beat %d" % number for number in range(1, min(count, 20) + 1)]

    def wait_for(self, source: Any, bodies: list[bytes]) -> None:
        super().wait_for(source, bodies)
        del self.channel.queue[len(bodies) :]


class TestShoutConformance(InterceptorConformance):
    def make(self) -> Any:
        return build(sample("ShoutInterceptor"))


class TestMailboxConformance(SinkConformance):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "mail"
        self.folder.mkdir()

    def make(self) -> Any:
        return build(sample("MailboxSink"), {"file": str(self.folder / "box")})

    def delivered(self) -> list[bytes]:
        box = self.folder / "box"
        return [mail.lstrip(b"\n") for mail in box.read_bytes().split(b"\n\n")[:-1]] if box.exists() else []

    def break_target(self) -> bool:
        self.folder.rename(self.folder.with_name("gone"))
        return True

    def mend_target(self) -> None:
        self.folder.with_name("gone").rename(self.folder)


def test_beats_are_numbered_and_name_their_source() -> None:
    source, channel = build(sample("HeartbeatSource"), {"interval": "1"}, name="r1"), ListChannel()
    connect(source, channel)
    while channel.size < 2:
        source.process()
    assert channel.events == [Event(b"beat 1", {"source": "r1"}), Event(b"beat 2", {"source": "r1"})]


def test_an_interval_of_zero_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="greater than or equal to 1"):
        build(sample("HeartbeatSource"), {"interval": "0"})


def test_bodies_are_shouted_and_headers_stay() -> None:
    shouted = build(sample("ShoutInterceptor")).intercept(EventBatch([b"quiet"], {"a": "b"}))
    assert shouted == EventBatch([b"QUIET"], {"a": "b"})


def test_the_sample_configuration_runs(tmp_path: Path) -> None:
    text = (PLUGINS / "sample" / "sample.conf").read_text()
    text = text.replace("/tmp/flumepy-mailbox.txt", str(tmp_path / "box")).replace("interval = 500", "interval = 5")
    agent = materialize(configure(load_properties(text.encode(), "sample.conf"), {}, {}).agents["a1"], {})
    assert agent.problems == []
    application = Application()
    application.apply(agent)
    try:
        wait_until(lambda: (tmp_path / "box").exists() and b"BEAT 3\n" in (tmp_path / "box").read_bytes())
    finally:
        application.stop()
    assert (tmp_path / "box").read_bytes().startswith(b"source: r1\n\nBEAT 1\n\nsource: r1\n\nBEAT 2\n\n")
