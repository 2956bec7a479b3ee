"""The table: one row an agent and case, on the terminal, as JSON and as a section of a Markdown file."""

import dataclasses
import json
import statistics
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.qualities import Quality
from benchmarks.throughput import Measured

BEGIN = "<!-- bench: begin, written by scripts/bench -->"
END = "<!-- bench: end -->"
COLUMNS = ("case", "agent", "median", "min – max", "ratio", "target", "CPU s/M", "peak MB", "remarks")
LEFT_ALIGNED = ("case", "agent", "remarks")


@dataclass(frozen=True)
class Row:
    """One agent in one case. `ratio` is the first agent's value over this one's, each pair alone, then their median."""

    case: str
    agent: str
    unit: str
    values: list[float]
    ratio: float | None
    target: str
    cpu_s_per_million: float | None
    peak_mb: float
    remarks: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as text, a cell for each of COLUMNS."""
        if not self.values:
            return (self.case, self.agent, "–", "–", "–", self.target, "–", f"{self.peak_mb:.0f}", self.remarks)
        return (
            self.case,
            self.agent,
            f"{_number(statistics.median(self.values))} {self.unit}",
            f"{_number(min(self.values))} – {_number(max(self.values))}",
            "–" if self.ratio is None else f"{_number(self.ratio)} ×",
            self.target,
            "–" if self.cpu_s_per_million is None else f"{self.cpu_s_per_million:.2f}",
            f"{self.peak_mb:.0f}",
            self.remarks,
        )


def throughput_rows(case: Case, first: str, measured: list[Measured]) -> list[Row]:
    """Return the rows of a case that was measured in rounds; ratios are those to the agent `first`."""
    rates = {one.agent: [done.events_per_s for done in one.rounds] for one in measured}
    rows = []
    for one in measured:
        ratio = _ratio(rates.get(first, []), rates[one.agent]) if one.agent != first else None
        costs = [done.cpu_s_per_million for done in one.rounds if done.cpu_s_per_million is not None]
        cpu = statistics.median(costs) if costs else None
        target, remarks = case.targets.get(one.agent, ""), "; ".join(one.complaints)
        rows.append(Row(case.name, one.agent, "ev/s", rates[one.agent], ratio, target, cpu, one.peak_mb, remarks))
    return rows


def quality_rows(case: Case, first: str, qualities: list[Quality]) -> list[Row]:
    """Return the rows of a case that was measured by samples; ratios are those of medians to the agent `first`."""
    medians = {one.agent: statistics.median(one.values) for one in qualities}
    rows = []
    for one in qualities:
        ratio = _ratio([medians.get(first, 0.0)], [medians[one.agent]]) if one.agent != first else None
        target, remarks = case.targets.get(one.agent, ""), "; ".join(one.remarks)
        rows.append(Row(case.name, one.agent, one.unit, one.values, ratio, target, None, one.peak_mb, remarks))
    return rows


def heading() -> str:
    """Return the first line of the terminal's table."""
    return _line(COLUMNS)


def line(row: Row) -> str:
    """Return one row of the terminal's table."""
    return _line(row.cells)


def write_json(path: Path, rows: list[Row], date: str, machine: str) -> None:
    """Write everything measured, with each single value."""
    content = {"date": date, "machine": machine, "rows": [dataclasses.asdict(row) for row in rows]}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def write_markdown(path: Path, rows: list[Row], cases: list[Case], date: str, machine: str) -> None:
    """Put the table between the marks of `path`; append the marked section, or make the file, where it is missing."""
    section = "\n".join([BEGIN, *_section(rows, cases, date, machine), END])
    old = path.read_text(encoding="utf-8") if path.exists() else "# Benchmarks\n\n"
    before, begin, rest = old.partition(BEGIN)
    after = rest.partition(END)[2] if begin else "\n"
    path.write_text(before + section + after, encoding="utf-8")


def _section(rows: list[Row], cases: list[Case], date: str, machine: str) -> list[str]:
    shown = {row.case for row in rows}
    alignment = "|".join(":--" if column in LEFT_ALIGNED else "--:" for column in COLUMNS)
    return [
        f"Measured by `scripts/bench` on {date}: {machine}.",
        "",
        "Events of 100 bytes. Channels of 100,000 events, transactions of 10,000, file_roll takes 1,000, unless the",
        "case says otherwise. Agents take turns, round by round; a ratio is flumepy's value over the peer's of the same",
        "turn, then the median of these. Every round is compared byte by byte with what was sent.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{alignment}|",
        *(f"| {' | '.join(row.cells)} |" for row in rows),
        "",
        *(f"- **{case.name}**: {case.what}" for case in cases if case.name in shown),
    ]


def _ratio(ours: list[float], theirs: list[float]) -> float | None:
    pairs = [our / their for our, their in zip(ours, theirs, strict=False) if our > 0 and their > 0]
    return statistics.median(pairs) if pairs else None


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _line(cells: tuple[str, ...]) -> str:
    case, agent, median, span, ratio, target, cpu, peak, remarks = cells
    return f"{case:20} {agent:8} {median:>18} {span:>25} {ratio:>8} {target:>14} {cpu:>8} {peak:>8}  {remarks}".rstrip()
