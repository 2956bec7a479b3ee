"""The configuration of each case, for Flume and flumepy (the same text) and for rsyslog, equal in values.

Memory channel 100,000 events with transactions of 10,000; the sink takes 1,000 at a time; files never roll.
"""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.cases import Case


@dataclass(frozen=True)
class Site:
    """Where one agent works in one case: its folder, its ports, and the folders its sinks write to, one a flow."""

    folder: Path
    ports: list[int]
    rounds: int

    @property
    def conf(self) -> Path:
        """The configuration file."""
        return self.folder / "agent.conf"

    @property
    def outputs(self) -> list[Path]:
        """The sinks' folders."""
        return [self.folder / f"roll{number}" for number in range(1, len(self.ports) + 1)]

    @property
    def spool(self) -> Path:
        """The spooling directory."""
        return self.folder / "spool"

    @property
    def gate(self) -> Path:
        """The FIFO at which the exec source's `cat` waits for each file."""
        return self.folder / "gate"

    @property
    def inputs(self) -> Path:
        """The folder with the files `primer` and `lines`, shared by the agents of a case."""
        return self.folder.parent / "inputs"


def flume_configuration(case: Case, site: Site) -> str:
    """Return the properties of agent a1."""
    numbers = range(1, case.flows + 1)
    lists = [f"a1.{kind} = {' '.join(f'{letter}{number}' for number in numbers)}"
             for kind, letter in (("sources", "r"), ("channels", "c"), ("sinks", "k"))]  # fmt: skip
    flows = [line for number in numbers for line in _flow(case, site, number)]
    return "\n".join([*lists, *flows]) + "\n"


def _flow(case: Case, site: Site, number: int) -> list[str]:
    source, channel, sink = f"a1.sources.r{number}", f"a1.channels.c{number}", f"a1.sinks.k{number}"
    lines = [f"{source}.{line}" for line in _source(case, site, site.ports[number - 1])]
    lines += [f"{source}.channels = c{number}", f"{channel}.type = memory"]
    lines += [
        f"{sink}.type = file_roll",
        f"{sink}.sink.directory = {site.outputs[number - 1]}",
        f"{sink}.sink.rollInterval = 0",
        f"{sink}.channel = c{number}",
    ]
    if not case.default_capacity:
        lines += [
            f"{channel}.capacity = 100000",
            f"{channel}.transactionCapacity = 10000",
            f"{sink}.sink.batchSize = 1000",
        ]
    return lines


def _source(case: Case, site: Site, port: int) -> list[str]:
    match case.source:
        case "netcat":
            acks = str(case.ack).lower()
            lines = ["type = netcat", "bind = 127.0.0.1", f"port = {port}", f"ack-every-event = {acks}"]
        case "http":
            lines = ["type = http", "bind = 127.0.0.1", f"port = {port}"]
        case "spooldir":
            lines = ["type = spooldir", f"spoolDir = {site.spool}", "batchSize = 1000"]
        case "exec":
            # cat waits at the gate before each file, so every round after the first finds a warm agent.
            a_round = f"{site.gate} {site.inputs / 'primer'} {site.gate} {site.inputs / 'lines'}"
            lines = ["type = exec", f"command = cat {' '.join([a_round] * site.rounds)}", "batchSize = 1000"]
    return lines + (_INTERCEPTORS if case.interceptors else [])


_INTERCEPTORS = [
    "interceptors = i1 i2 i3",
    "interceptors.i1.type = timestamp",
    "interceptors.i2.type = static",
    "interceptors.i2.key = datacenter",
    "interceptors.i2.value = north",
    "interceptors.i3.type = regex_filter",
    "interceptors.i3.regex = \\\\sDEBUG\\\\s",
    "interceptors.i3.excludeEvents = true",
]


def rsyslog_configuration(site: Site) -> str:
    """Return a rsyslog.conf that appends each received line, unchanged, to one file, without rate limits.

    The queue holds 100,000 messages and hands on 1,000 at a time; it waits rather than drop when it is full.
    """
    return f"""\
global(workDirectory="{site.folder}" parser.escapeControlCharactersOnReceive="off")
module(load="imptcp" threads="1")
template(name="line" type="string" string="%rawmsg%\\n")
ruleset(name="roll" queue.type="FixedArray" queue.size="100000" queue.dequeueBatchSize="1000"
        queue.workerThreads="1" queue.timeoutEnqueue="60000") {{
  action(type="omfile" file="{site.outputs[0] / "lines"}" template="line" ioBufferSize="256k" flushOnTXEnd="on")
}}
input(type="imptcp" address="127.0.0.1" port="{site.ports[0]}" ruleset="roll" rateLimit.Interval="0"
      supportOctetCountedFraming="off")
"""
