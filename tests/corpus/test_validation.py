"""Validation keeps the same components as the real Flume's, for every agent of the corpus."""

from tests.corpus.corpus import configuration, verdicts


def test_validation_keeps_what_flume_keeps_in_every_file() -> None:
    wrong = []
    judged = 0
    for verdict in verdicts():
        agent = configuration(verdict.path).agents.get(verdict.agent)
        kept = {} if agent is None else {
            "sources": sorted(agent.sources), "channels": sorted(agent.channels), "sinks": sorted(agent.sinks),
            "sinkgroups": sorted(agent.sink_groups),
        }  # fmt: skip
        judged += 1
        if kept != verdict.validated:
            wrong.append(f"{verdict.path.name} {verdict.agent}: {kept}, Flume keeps {verdict.validated}")
    assert judged > 400
    assert not wrong, "\n".join(wrong)


def test_whatever_is_dropped_is_said_with_file_and_line() -> None:
    for verdict in verdicts():
        configured = configuration(verdict.path)
        assert all(problem.file == verdict.path.name and problem.line for problem in configured.problems)
        agent = configured.agents.get(verdict.agent)
        said = " ".join(str(problem) for problem in configured.problems_of(verdict.agent))
        for names, kept in ((verdict.judged["listed"].get("sources", []), agent and agent.sources),
                            (verdict.judged["listed"].get("sinks", []), agent and agent.sinks)):  # fmt: skip
            if agent is not None:
                assert all(name in said for name in names if name not in (kept or ())), verdict
