"""What is measured: one row of this table a case, with the ratio that flumepy has promised against each peer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Source = Literal["netcat", "exec", "spooldir", "http"]
Kind = Literal["throughput", "latency", "idle-connections", "idle", "start"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One job: `lines` events of 100 bytes a round, through `flows` equal flows in one agent."""

    name: str
    what: str
    kind: Kind = "throughput"
    source: Source = "netcat"
    lines: int = 3_000_000
    ack: bool = False
    interceptors: bool = False
    default_capacity: bool = False
    connections: int = 1
    flows: int = 1
    lines_per_s: int = 0
    stall_s: int = 15
    targets: Mapping[str, str] = field(default_factory=dict)

    @property
    def streams(self) -> int:
        """How many connections the load is spread over."""
        return max(self.connections, self.flows)

    @property
    def primer_lines(self) -> int:
        """How many lines go ahead of a round: a thousand for every flow, so that no sink waits for a full batch."""
        return max(20_000, 1_000 * self.flows)

    @property
    def suits_rsyslog(self) -> bool:
        """Whether rsyslog can do the same job: lines over TCP into one file, unchanged and unanswered."""
        plain = not (self.ack or self.interceptors or self.default_capacity)
        return self.source == "netcat" and plain and self.flows == 1


def _scaled_connections(count: int) -> Case:
    return Case(
        name=f"connections-{count}",
        what=f"netcat, the same lines over {count} connections",
        lines=1_000_000,
        connections=count,
    )


def _scaled_components(count: int) -> Case:
    what = f"{count} × (netcat → memory → file_roll) in one agent, 200,000 lines/s in all"
    return Case(name=f"components-{count}", what=what, lines=1_000_000, flows=count, lines_per_s=200_000)


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
    ]
}
