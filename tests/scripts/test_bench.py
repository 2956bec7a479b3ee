"""The bench itself: it may not call a round good that was not."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks import data, qualities, report, throughput
from benchmarks.agents import flume_like
from benchmarks.cases import CASES, Case

AGENT = Path(__file__).with_name("small_agent.py")


def run(case: Case, fault: str, folder: Path) -> tuple[list[throughput.Measured], list[str]]:
    problems: list[str] = []
    agent = flume_like("small", [sys.executable, str(AGENT), fault])
    return throughput.measure(replace(case, lines=40_000), [agent], 1, folder, problems), problems


@pytest.mark.parametrize("name", ["netcat", "netcat-ack", "connections-10"])
def test_a_round_in_which_every_line_arrived_has_a_rate_and_no_complaint(name: str, tmp_path: Path) -> None:
    [measured], problems = run(CASES[name], "none", tmp_path)
    assert problems == []
    assert [complaint for complaint in measured.complaints if "load generator was the limit" not in complaint] == []
    assert measured.rounds[0].events_per_s > 0


@pytest.mark.parametrize("name", ["netcat", "connections-10"])
def test_swapped_lines_are_reported(name: str, tmp_path: Path) -> None:
    [measured], _ = run(CASES[name], "swap", tmp_path)
    assert "what was sent" in measured.complaints[0] or "not in order" in measured.complaints[0]


def test_a_lost_line_is_reported(tmp_path: Path) -> None:
    _, problems = run(replace(CASES["netcat"], stall_s=1), "lose", tmp_path)
    assert "100 bytes of the primer never arrived" in problems[0]


def test_answers_other_than_ok_are_reported(tmp_path: Path) -> None:
    [measured], _ = run(CASES["netcat-ack"], "answer", tmp_path)
    assert "not every answer was OK" in measured.complaints[0]


def test_an_agent_that_ends_at_once_is_left_out_with_its_log(tmp_path: Path) -> None:
    problems: list[str] = []
    agent = flume_like("broken", [sys.executable, "-c", "raise SystemExit('no such option')"])
    assert throughput.measure(CASES["netcat"], [agent], 1, tmp_path, problems) == []
    assert "ended with status 1" in problems[0]
    assert "no such option" in problems[0]


def test_latency_and_start_are_measured_on_one_agent_at_a_time(tmp_path: Path) -> None:
    agent = flume_like("small", [sys.executable, str(AGENT), "none"])
    for name in ("latency", "start"):
        problems: list[str] = []
        [quality] = qualities.measure(CASES[name], [agent], 2, True, tmp_path / name, problems)
        assert problems == []
        assert min(quality.values) > 0


def test_the_content_check_finds_one_changed_byte(tmp_path: Path) -> None:
    sent, arrived = tmp_path / "sent", tmp_path / "arrived"
    data.write_lines(sent, 1_000)
    content = bytearray(sent.read_bytes())
    content[54_321] ^= 1
    arrived.write_bytes(b"before\n" + content)
    assert data.differs(arrived, 7, sent, 0, 54_300) == ""
    assert data.differs(arrived, 7, sent, 0, 100_000) == "differs from what was sent at line 543"


def test_one_line_in_twenty_is_missing_where_interceptors_drop_it(tmp_path: Path) -> None:
    data.write_lines(tmp_path / "all", 40)
    data.write_lines(tmp_path / "kept", 40, without_debug=True)
    kept = [line for line in (tmp_path / "all").read_bytes().splitlines() if b" DEBUG " not in line]
    assert (tmp_path / "kept").read_bytes().splitlines() == kept
    assert len(kept) == 38


def test_the_markdown_section_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    file = tmp_path / "benchmarks.md"
    file.write_text(f"# Ours\n\n{report.BEGIN}\nold\n{report.END}\n\nBelow.\n")
    row = report.Row("netcat", "flume", "ev/s", [1_000_000.0], 5.0, "≥ 5", 0.8, 300, "")
    report.write_markdown(file, [row], list(CASES.values()), "2026-01-02", "a machine")
    text = file.read_text()
    assert text.startswith("# Ours\n")
    assert text.endswith("Below.\n")
    assert "old" not in text
    assert "| netcat | flume | 1,000,000 ev/s |" in text
