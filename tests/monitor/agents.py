"""An agent to look at, and a client that looks."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from flumepy.core.channel import Channel
from flumepy.core.component import Context
from flumepy.core.counters import ChannelCounters, CounterGroup, SinkCounters, SourceCounters
from flumepy.core.options import require_options
from flumepy.monitor.page_server import PageServer


@dataclass
class FakeApplication:
    """What a monitor may see, to be set at will."""

    counters: dict[tuple[str, str], CounterGroup] = field(default_factory=dict)
    channels: Mapping[str, Channel[Any]] = field(default_factory=dict)
    states: dict[str, str | None] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    is_supervising: bool = True

    @property
    def is_ready(self) -> bool:
        """Tell whether every component is started."""
        return all(reason is None for reason in self.states.values())

    def add(self, group: CounterGroup, **values: int) -> CounterGroup:
        """Show a group with these counts."""
        for name, value in values.items():
            assert hasattr(group, name)
            setattr(group, name, value)
        self.counters[group.kind, group.name] = group
        return group


def three_components() -> FakeApplication:
    """Return an application with a source, a channel and a sink that have counted something."""
    application = FakeApplication()
    application.add(SourceCounters("r1"), event_received=12, open_connections=2)
    application.add(ChannelCounters("c1"), channel_capacity=3, channel_size=1, put_success=7)
    application.add(SinkCounters("k1"), drain_success=11)
    return application


@contextmanager
def serving(monitor: type[PageServer[Any]], application: FakeApplication, **settings: str) -> Iterator[PageServer[Any]]:
    """Run a monitor on a free port of 127.0.0.1."""
    options = require_options(monitor.Options, {"port": "0", "bind": "127.0.0.1", **settings})
    server = monitor(Context("monitor"), options, application)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def request(
    server: PageServer[Any], path: str, method: str = "GET", headers: Mapping[str, str] | None = None
) -> tuple[HTTPResponse, bytes]:
    """Make one request."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path, headers=dict(headers or {}))
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
