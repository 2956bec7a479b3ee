"""The configuration of each case, for Flume and flumepy (the same text) and for rsyslog, equal in values.

Channels hold 100,000 events with transactions of 10,000; the sink takes 1,000 at a time; files never roll. The stress source
has a file channel with Flume's default capacity and a null sink, and every transaction has exactly the case's events:
flumepy's stress source would otherwise put several batches at once.
"""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.cases import Case


@dataclass(frozen=True)
class Site:
    """Where one agent works in one case: its folder, its ports, and the folders its sinks write to, one a port.

    inputs: the folder with the files `primer` and `lines`. monitoring_port: of the page with the counters; 0: none.
    """

    folder: Path
    ports: list[int]
    rounds: int
    inputs: Path
    monitoring_port: int = 0

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
    def data(self) -> Path:
        """The folder of a file channel's logs; its checkpoint is beside it."""
        return self.folder / "data"


def flume_configuration(case: Case, site: Site) -> str:
    """Return the properties of agent a1."""
    numbers = range(1, case.flows + 1)
    lists = [f"a1.{kind} = {' '.join(f'{letter}{number}' for number in numbers)}"
             for kind, letter in (("sources", "r"), ("channels", "c"), ("sinks", "k"))]  # fmt: skip
    flows = [line for number in numbers for line in _flow(case, site, number)]
    return "\n".join([*lists, *flows]) + "\n"


def _flow(case: Case, site: Site, number: int) -> list[str]:
    source, channel, sink = f"a1.sources.r{number}", f"a1.channels.c{number}", f"a1.sinks.k{number}"
    lines = [f"{source}.{line}" for line in [*_source(case, site, number), f"channels = c{number}"]]
    lines += [f"{channel}.{line}" for line in _channel(case, site)]
    return lines + [f"{sink}.{line}" for line in [*_sink(case, site, number), f"channel = c{number}"]]


def _channel(case: Case, site: Site) -> list[str]:
    lines = [f"type = {case.channel}"]
    if case.channel == "file":
        lines += [f"checkpointDir = {site.folder / 'checkpoint'}", f"dataDirs = {site.data}"]
    if case.source == "stress":
        return [*lines, f"transactionCapacity = {case.batch}"]
    if case.default_capacity:
        return lines
    capacity = outage_capacity(case) if case.kind == "outage" else 100_000
    return [*lines, f"capacity = {capacity}", "transactionCapacity = 10000"]


def outage_capacity(case: Case) -> int:
    """Return how many events a channel must hold that gets `lines_per_s` and is not emptied for `outage_s`."""
    return case.lines_per_s * (case.outage_s + 60)


def _sink(case: Case, site: Site, number: int) -> list[str]:
    if case.source == "stress":
        return ["type = null", f"batchSize = {case.batch}"]
    # During an outage the sink notices at its next file that the folder is gone.
    interval_s = 1 if case.kind == "outage" else 0
    lines = ["type = file_roll", f"sink.directory = {site.outputs[number - 1]}", f"sink.rollInterval = {interval_s}"]
    return lines if case.default_capacity else [*lines, "sink.batchSize = 1000"]


def _source(case: Case, site: Site, number: int) -> list[str]:
    match case.source:
        case "netcat":
            acks = f"ack-every-event = {str(case.ack).lower()}"
            lines = ["type = netcat", "bind = 127.0.0.1", f"port = {site.ports[number - 1]}", acks]
        case "http":
            lines = ["type = http", "bind = 127.0.0.1", f"port = {site.ports[number - 1]}"]
        case "stress":
            lines = ["type = org.apache.flume.source.StressSource", "size = 100", f"batchSize = {case.batch}"]
            lines.append(f"maxSuccessfulEvents = {case.lines}")
        case "spooldir":
            lines = ["type = spooldir", f"spoolDir = {site.spool}", "batchSize = 1000"]
        case "exec":
            # cat waits at the gate before each file, so every round after the first finds a warm agent.
            a_round = f"{site.gate} {site.inputs / 'primer'} {site.gate} {site.inputs / 'lines'}"
            lines = ["type = exec", f"command = cat {' '.join([a_round] * site.rounds)}", "batchSize = 1000"]
    return lines + (_INTERCEPTORS if case.interceptors else [])


#: rsyslog finds after a crash what its queue held at the last checkpoint; the synced files alone do not tell it
RSYSLOG_CHECKPOINT_MESSAGES = 1_000

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


def rsyslog_configuration(case: Case, site: Site) -> str:
    """Return a rsyslog.conf that appends each received line, unchanged, to one file, without rate limits.

    The queue holds 100,000 messages and hands on 1,000 at a time; it waits rather than drop when it is full. Where the case
    has a file channel it lies on disk, and every message in it is synced.
    """
    queue = 'queue.type="FixedArray"'
    if case.channel == "file":
        queue = (
            'queue.type="Disk" queue.filename="roll" queue.syncQueueFiles="on"'
            f' queue.checkpointInterval="{RSYSLOG_CHECKPOINT_MESSAGES}"'
        )
    return f"""\
global(workDirectory="{site.folder}" parser.escapeControlCharactersOnReceive="off")
module(load="imptcp" threads="1")
template(name="line" type="string" string="%rawmsg%\\n")
ruleset(name="roll" {queue} queue.size="100000" queue.dequeueBatchSize="1000"
        queue.workerThreads="1" queue.timeoutEnqueue="60000") {{
  action(type="omfile" file="{site.outputs[0] / "lines"}" template="line" ioBufferSize="256k" flushOnTXEnd="on")
}}
input(type="imptcp" address="127.0.0.1" port="{site.ports[0]}" ruleset="roll" rateLimit.Interval="0"
      supportOctetCountedFraming="off")
"""
