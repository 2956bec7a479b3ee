"""What is measured: one row of this table a case, with the ratio that flumepy has promised against each peer."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Source = Literal["netcat", "exec", "spooldir", "http", "stress"]
Channel = Literal["memory", "file"]
Kind = Literal[
    "throughput", "latency", "idle-connections", "idle", "start", "file", "library", "threads", "backlog", "outage"
]
#: what asks flumepy's own code, or its files, and no other agent
OURS_ALONE: frozenset[Kind] = frozenset({"library", "threads", "backlog", "outage"})


@dataclass(frozen=True, kw_only=True)
class Case:
    """One job: `lines` events of 100 bytes a round, through `flows` equal flows in one agent.

    batch: events of a transaction, or of a stored frame, where the case sets it. divisors: agents known to take long get so
    much less of the job; rates are compared.
    """

    name: str
    what: str
    kind: Kind = "throughput"
    source: Source = "netcat"
    channel: Channel = "memory"
    lines: int = 3_000_000
    primer_lines: int = 20_000
    batch: int = 1_000
    divisors: Mapping[str, int] = field(default_factory=dict)
    ack: bool = False
    interceptors: bool = False
    default_capacity: bool = False
    connections: int = 1
    flows: int = 1
    lines_per_s: int = 0
    outage_s: int = 20
    stall_s: int = 15
    targets: Mapping[str, str] = field(default_factory=dict)

    @property
    def streams(self) -> int:
        """How many connections the load is spread over."""
        return max(self.connections, self.flows)

    def given_to(self, agent: str) -> "Case":
        """Return this agent's share of the job, still in whole thousands, so that no sink waits for a full batch."""
        divisor = self.divisors.get(agent, 1)
        primer_lines = max(1, self.primer_lines // divisor // 1_000) * 1_000
        return replace(self, lines=self.lines // divisor, primer_lines=primer_lines)

    @property
    def suits_rsyslog(self) -> bool:
        """Whether rsyslog can do the same job: lines over TCP into one file, unchanged and unanswered."""
        plain = not (self.ack or self.interceptors or self.default_capacity)
        return self.source == "netcat" and plain and self.flows == 1 and self.kind not in OURS_ALONE


def _scaled_connections(count: int) -> Case:
    return Case(
        name=f"connections-{count}",
        what=f"netcat, the same lines over {count} connections",
        lines=1_000_000,
        connections=count,
    )


def _scaled_components(count: int) -> Case:
    what = f"{count} × (netcat → memory → file_roll) in one agent, 200,000 lines/s in all"
    return Case(
        name=f"components-{count}",
        what=what,
        lines=1_000_000,
        primer_lines=max(20_000, 1_000 * count),
        flows=count,
        lines_per_s=200_000,
    )


def _file(batch: int, lines: int, times_flume: int, target: str) -> Case:
    return Case(
        name=f"file-{batch}",
        what=f"stress → file channel → null, transactions of {batch:,}, put and take synced; disk: one write and"
        " fdatasync for each",
        kind="file",
        source="stress",
        channel="file",
        lines=lines,
        batch=batch,
        divisors={"flume": times_flume},
        targets={"flume": target},
    )


def _library(batch: int, lines: int) -> Case:
    return Case(
        name=f"file-library-{batch}",
        what=f"the file channel in process, put and take of {batch:,}, against the same frames and syncs without it",
        kind="library",
        lines=lines,
        batch=batch,
        targets={"raw": "≥ 0.8"},
    )


def _backlog(batch: int, lines: int) -> Case:
    return Case(
        name=f"file-start-{batch}",
        what=f"file channel, 1 GB waiting in frames of {batch:,}: construct → first take, without and with a checkpoint,"
        " against cat of the files",
        kind="backlog",
        lines=lines,
        batch=batch,
        targets={"flumepy": "< 120 MB", "checkpoint": "≤ 1 s"},
    )


CASES = {
    case.name: case
    for case in [
        Case(
            name="netcat",
            what="netcat, no acknowledgements",
            lines=6_000_000,
            targets={"flume": "≥ 5", "rsyslog": "≥ 3"},
        ),
        Case(
            name="netcat-ack", what="netcat, an OK for every line", lines=3_000_000, ack=True, targets={"flume": "≥ 8"}
        ),
        Case(
            name="netcat-interceptors",
            what="netcat with timestamp, static and regex_filter (drops 1 line in 20)",
            interceptors=True,
            targets={"flume": "≥ 3"},
        ),
        Case(
            name="netcat-defaults",
            what="netcat, channel and sink at their defaults (100 events)",
            lines=2_000_000,
            default_capacity=True,
            targets={"flume": "≥ 2"},
        ),
        Case(name="exec", what="exec `cat` of one file", source="exec", targets={"flume": "≥ 3"}),
        Case(name="spooldir", what="spooldir, one file", source="spooldir", targets={"flume": "≥ 5"}),
        Case(
            name="http",
            what="http, JSON posts of 100 events over 4 connections",
            source="http",
            lines=1_000_000,
            connections=4,
            targets={"flume": "≥ 3"},
        ),
        Case(
            name="latency",
            what="one line at a time, sent → in the file",
            kind="latency",
            lines=20_000,
            targets={"flumepy": "≤ 2 ms"},
        ),
        Case(
            name="idle-connections",
            what="memory of 1,000 idle connections",
            kind="idle-connections",
            lines=20_000,
            connections=1_000,
            targets={"flumepy": "< 20 MB"},
        ),
        Case(
            name="idle", what="idle agent, processor", kind="idle", lines=20_000, targets={"flumepy": "< 1 %, < 60 MB"}
        ),
        Case(name="start", what="command → port open", kind="start", lines=20_000, targets={"flumepy": "≤ 0.6 s"}),
        *(_scaled_connections(count) for count in (1, 10, 100)),
        *(_scaled_components(count) for count in (1, 10, 100)),
        _file(1, 60_000, 1, "≥ 2"),
        _file(10, 800_000, 2, ""),
        _file(100, 4_800_000, 8, "≥ 8"),
        _file(1_000, 22_500_000, 30, "≥ 30"),
        _library(1, 10_000),
        _library(10, 60_000),
        _library(100, 400_000),
        _library(1_000, 2_000_000),
        Case(
            name="file-threads",
            what="the file channel in process, transactions of 1: 16 threads against one",
            kind="threads",
            lines=20_000,
            targets={"one-thread": "≥ 3"},
        ),
        Case(
            name="netcat-file",
            what="netcat → file channel → file_roll; against the memory channel, and rsyslog's synced disk queue",
            channel="file",
            lines=2_000_000,
            divisors={"flume": 100, "rsyslog": 20},
            targets={"flumepy-memory": "≥ 0.5", "flume": "≥ 100", "rsyslog": "≥ 2"},
        ),
        _backlog(1_000, 10_000_000),
        _backlog(10, 9_000_000),
        _backlog(1, 6_400_000),
        Case(
            name="file-outage",
            what="netcat → file channel → file_roll whose folder goes away for a while, 50,000 lines/s: how fast it drains",
            kind="outage",
            channel="file",
            lines_per_s=50_000,
        ),
    ]
}
