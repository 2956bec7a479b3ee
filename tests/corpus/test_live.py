"""For every agent of the corpus the same components live as with the real Flume, or a documented reason says why not.

Compared with the verdict's pass with stubs: a class that the real Flume could not load costs, here, only its component.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from flumepy.agent.materialize import MaterializedAgent, materialize
from flumepy.config.build import find
from flumepy.config.load import configure
from flumepy.core.errors import UnknownTypeError
from flumepy.core.problems import Severity
from flumepy.formats.properties import load_properties
from tests.corpus.corpus import Verdict, verdicts

KINDS = {"sources": "source", "channels": "channel", "sinks": "sink"}
COMPATIBILITY = Path(__file__).parents[2] / "docs" / "compatibility.md"

#: what Flume's log says of a source or sink that lives here -> the words of docs/compatibility.md that give the reason
LIVES_HERE = {
    "Interceptor.Builder not found.": "`multi_static`",
    'For input string: "${': "`${name}` finds another key",
    "Timed out waiting for connection while in state: CONNECTING": "with `zookeeperConnect`",
}


def judge(verdict: Verdict) -> MaterializedAgent:
    entries = load_properties(verdict.path.read_bytes(), verdict.path.name)
    config = configure(entries, {}, {}).agents.get(verdict.agent)
    return MaterializedAgent(verdict.agent) if config is None else materialize(config, {})


def is_known(kind: str, type_name: str) -> bool:
    try:
        find(kind, type_name)
    except UnknownTypeError:
        return False
    return True


def unloadable(verdict: Verdict) -> set[tuple[str, str]]:
    """Return the components whose class, or the class of a part of it, neither Flume nor flumepy has."""
    gone = set()
    for key, missing in verdict.judged.get("with_stubs", {}).get("stubs", {}).items():
        section, name, rest = key.split(".", 2)
        kind = KINDS[section] if rest == "type" else "interceptor"
        if not is_known(kind, missing):
            gone.add((section, name))
    return gone


def expected(verdict: Verdict, live: dict[str, Any]) -> dict[str, set[str]]:
    """Return what must live: Flume's components less those that cannot be loaded and what hangs on them alone."""
    gone = unloadable(verdict)
    channels = {name for name in live["channels"] if ("channels", name) not in gone}
    sources = {n: s for n, s in live["sources"].items() if ("sources", n) not in gone and channels & set(s["channels"])}
    sinks = {n: s for n, s in live["sinks"].items() if ("sinks", n) not in gone and s["channel"] in channels}
    used = {channel for s in sources.values() for channel in s["channels"]} | {s["channel"] for s in sinks.values()}
    groups = {name for name, group in live["sinkgroups"].items() if set(group["sinks"]) & set(sinks)}
    return {"sources": set(sources), "channels": channels & used, "sinks": set(sinks), "sinkgroups": groups}


def living(agent: MaterializedAgent) -> dict[str, Collection[str]]:
    return {"sources": set(agent.sources), "channels": set(agent.channels), "sinks": set(agent.sinks),
            "sinkgroups": set(agent.groups)}  # fmt: skip


def documented_reason(verdict: Verdict, extra: set[str]) -> str | None:
    """Return the documented words for why these components live here and not in Flume."""
    judged = verdict.judged.get("with_stubs", verdict.judged)
    if judged.get("fatal"):
        return "costs only its own component"
    if any(drop["kind"] == "all" for drop in judged["dropped"]):
        return "goes on without"
    reasons = {drop["name"]: drop["reason"] or "" for drop in judged["dropped"]}
    words = {words for name in extra for said, words in LIVES_HERE.items() if said in reasons.get(name, "")}
    return words.pop() if len(words) == 1 else None


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder: relative paths in the files name nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_the_same_components_live_as_with_the_real_flume() -> None:
    wrong, compatibility = [], COMPATIBILITY.read_text(encoding="utf-8")
    for verdict in verdicts():
        want, got = expected(verdict, verdict.live), living(judge(verdict))
        if want == got:
            continue
        missing = {name for section in want for name in set(want[section]) - set(got[section])}
        reason = documented_reason(
            verdict, {name for section in got for name in set(got[section]) - set(want[section])}
        )
        if missing or reason is None or reason not in compatibility:
            wrong.append(f"{verdict.path.name} {verdict.agent}: {got}, Flume {want}, documented: {reason}")
    assert not wrong, "\n".join(wrong)


def test_everything_that_does_not_live_is_an_error_with_file_and_line() -> None:
    for verdict in verdicts():
        entries = load_properties(verdict.path.read_bytes(), verdict.path.name)
        configuration = configure(entries, {}, {})
        config = configuration.agents.get(verdict.agent)
        if config is None:
            continue
        agent = materialize(config, {})
        dropped = {*config.sources, *config.sinks} - {*agent.sources, *agent.sinks}
        errors = {
            problem.component.rpartition(".")[2] for problem in agent.problems if problem.severity is Severity.ERROR
        }
        assert dropped <= errors, f"{verdict.path.name} {verdict.agent}"
        assert all(problem.line for problem in agent.problems), verdict.path.name


def test_nothing_is_written_while_configuring(tmp_path: Path) -> None:
    for verdict in verdicts():
        judge(verdict)
    assert not list(tmp_path.iterdir())
