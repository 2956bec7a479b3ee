"""From a configuration to components: what is dropped, what is said, what is used again."""

from pathlib import Path

import pytest

from flumepy.agent.materialize import MaterializedAgent
from flumepy.channels.memory import MemoryChannel
from flumepy.core.problems import Severity
from tests.agent.parts import agent_of, config


def messages(agent: MaterializedAgent, severity: Severity = Severity.ERROR) -> list[str]:
    return [str(problem) for problem in agent.problems if problem.severity is severity]


def alive(agent: MaterializedAgent) -> tuple[list[str], list[str], list[str]]:
    return [*agent.sources], [*agent.channels], [*agent.sink_runners]


def test_a_whole_agent_is_built_and_wired_and_nothing_is_opened() -> None:
    agent = agent_of(config(r1="netcat c1 bind=127.0.0.1 port=0", c1="memory", k1="logger c1"))
    assert alive(agent) == (["r1"], ["c1"], ["k1"])
    assert agent.problems == []
    assert agent.sinks["k1"].channel is agent.channels["c1"]
    assert agent.sources["r1"].outlet.selector.channels == [agent.channels["c1"]]
    assert not agent.is_empty


def test_a_component_that_raises_anything_is_dropped_with_one_line_and_the_rest_goes_on() -> None:
    agent = agent_of(config(r1="source c1 initError=boom", r2="source c1", c1="memory", k1="sink c1 initError=bang"))
    assert alive(agent) == (["r2"], ["c1"], [])
    assert agent.dropped == ["a1.sources.r1", "a1.sinks.k1"]
    assert messages(agent) == [
        "x.conf:5: a1.sources.r1: PartSource cannot be made: RuntimeError: boom in two lines; the source is removed",
        "x.conf:11: a1.sinks.k1: PartSink cannot be made: RuntimeError: bang; the sink is removed",
    ]


def test_a_sentence_that_goes_on_loses_its_dot() -> None:
    options = "useDualCheckpoints=true checkpointDir=/c backupCheckpointDir=/c"
    agent = agent_of(config(r1="source c1", c1=f"file {options}", k1="sink c1"))
    assert "configured to be the same; the channel is removed" in messages(agent)[0]


def test_a_class_of_another_kind_is_refused_by_name() -> None:
    text = config(r1="source c1", c1="memory", k1="tests.agent.parts.PartSource c1")
    assert messages(agent_of(text)) == [
        "x.conf:8: a1.sinks.k1.type: tests.agent.parts:PartSource is a source, not a sink; the sink is removed"
    ]


def test_a_channel_that_cannot_be_configured_takes_along_only_what_depends_on_it() -> None:
    agent = agent_of(config(
        r1="source c1", r2="source c1 c2", c1="memory capacity=1 transactionCapacity=2", c2="memory", k1="sink c1",
        k2="sink c2",
    ))  # fmt: skip
    assert alive(agent) == (["r2"], ["c2"], ["k2"])
    assert [channel.name for channel in agent.sources["r2"].outlet.selector.channels] == ["c2"]
    said = "\n".join(messages(agent))
    assert "a1.sources.r1.channels: none of its channels could be configured; the source is removed" in said
    assert "a1.sinks.k1.channel: its channel 'c1' could not be configured; the sink is removed" in said


def test_a_channel_that_nobody_uses_is_removed() -> None:
    agent = agent_of(config(r1="source c1", c1="memory", c2="memory", k1="sink c1"))
    assert alive(agent) == (["r1"], ["c1"], ["k1"])
    assert messages(agent, Severity.WARNING) == [
        "x.conf:8: a1.channels.c2: has no source or sink connected and is removed"
    ]


@pytest.mark.parametrize(("size", "lives"), [(100, True), (101, False)])
def test_a_batch_larger_than_the_transaction_capacity_drops_source_and_sink_in_flumes_words(
    size: int, lives: bool
) -> None:
    text = config(r1=f"seq c1 batchSize={size}", r2="source c1", c1="memory", k1=f"null c1 batchSize={size}")
    agent = agent_of(text)
    assert ("r1" in agent.sources, "k1" in agent.sinks) == (lives, lives)
    if lives:
        assert agent.problems == []
        return
    for kind, name in (("source", "r1"), ("sink", "k1")):
        expected = (
            f"Incompatible {kind} and channel settings defined. {kind}'s batch size is greater than the channels"
            f" transaction capacity. {kind.capitalize()}: {name}, batch size = 101, channel c1, transaction capacity = 100"
        )
        assert any(expected in message for message in messages(agent))
    assert "set a1.channels.c1.transactionCapacity to 101 or more" in messages(agent)[0]


def test_a_sink_group_goes_on_without_a_member_that_cannot_be_configured() -> None:
    text = config(
        r1="source c1", c1="memory", k1="sink c1", k2="sink c1 initError=x", g1="k1,k2 processor.type=failover"
    )
    agent = agent_of(text)
    assert alive(agent)[2] == ["g1"]
    assert [sink.name for sink in agent.sink_runners["g1"].sinks] == ["k1"]
    assert "goes on without k2, which could not be configured" in messages(agent, Severity.WARNING)[0]


def test_a_sink_group_without_a_member_left_is_removed() -> None:
    text = config(r1="source c1", c1="memory", k1="sink c1 initError=x", k2="sink c1 initError=x", k3="sink c1",
                  g1="k1,k2 processor.type=failover")  # fmt: skip
    agent = agent_of(text)
    assert alive(agent)[2] == ["k3"]
    assert "none of its sinks could be configured; the sink group is removed" in messages(agent)[-1]


def test_the_sinks_of_a_group_whose_processor_cannot_be_configured_run_alone() -> None:
    text = config(r1="source c1", c1="memory", k1="sink c1", k2="sink c1",
                  g1="k1,k2 processor.type=load_balance processor.selector=nobody")  # fmt: skip
    agent = agent_of(text)
    assert agent.dropped == ["a1.sinkgroups.g1"]
    assert alive(agent)[2] == ["k1", "k2"]


def test_an_interceptor_or_selector_that_cannot_be_configured_costs_its_source() -> None:
    text = config(r1="source c1 interceptors=i1 interceptors.i1.type=regex_filter interceptors.i1.regex=(",
                  r2="source c1 selector.type=nobody", r3="source c1 interceptors=i1",
                  c1="memory", k1="sink c1")  # fmt: skip
    agent = agent_of(text)
    assert alive(agent)[0] == []
    said = messages(agent)
    assert "a1.sources.r1.interceptors.i1.regex: " in said[0]
    assert "a1.sources.r2.selector.type: no selector type is called 'nobody'" in said[1]
    assert "a1.sources.r3.interceptors.i1.type: the interceptor has no type" in said[2]


def test_a_running_channel_of_the_same_class_is_used_again_with_its_new_options_pending() -> None:
    first = agent_of(config(r1="source c1", c1="memory capacity=10 transactionCapacity=5", k1="sink c1"))
    channel = first.channels["c1"]
    second = agent_of(
        config(r1="source c1", c1="memory capacity=20 transactionCapacity=7", k1="sink c1"), first.channels
    )
    assert second.channels["c1"] is channel
    assert channel.options.capacity == 10, "nothing changes before the agent is applied"
    [(reused, options)] = second.reconfigured
    assert (reused, options.capacity) == (channel, 20)


def test_the_capacity_check_uses_the_new_options_of_a_running_channel() -> None:
    first = agent_of(config(r1="source c1", c1="memory", k1="sink c1"))
    text = config(r1="seq c1 batchSize=101", c1="memory capacity=500 transactionCapacity=500", k1="sink c1")
    assert agent_of(text, first.channels).dropped == []
    text = config(r1="seq c1 batchSize=50", c1="memory transactionCapacity=40", k1="sink c1")
    assert agent_of(text, first.channels).dropped == ["a1.sources.r1"]


def test_the_options_of_the_channel_below_a_running_channel_are_judged_at_the_reload() -> None:
    first = agent_of(config(r1="source c1", c1="spillablememory transactionCapacity=40", k1="sink c1"))
    text = config(r1="seq c1 batchSize=50", c1="spillablememory transactionCapacity=50", k1="sink c1")
    second = agent_of(text, first.channels)
    assert second.dropped == []
    assert second.channels["c1"] is first.channels["c1"]
    third = agent_of(config(r1="seq c1", c1="spillablememory checkpointInterval=x", k1="sink c1"), first.channels)
    assert third.is_empty
    assert "a1.channels.c1.checkpointInterval" in messages(third)[0]


def test_a_channel_of_another_class_or_with_bad_options_is_not_used_again() -> None:
    first = agent_of(config(r1="source c1", c1="memory", k1="sink c1"))
    second = agent_of(config(r1="source c1", c1="channel", k1="sink c1"), first.channels)
    assert type(second.channels["c1"]) is not MemoryChannel
    assert second.reconfigured == []
    third = agent_of(config(r1="source c1", c1="memory capacity=1 transactionCapacity=2", k1="sink c1"), first.channels)
    assert third.is_empty
    assert "transactionCapacity 2 cannot be higher than the capacity, 1" in messages(third)[0]


def test_a_stand_alone_sink_with_a_groups_name_runs_too() -> None:
    text = config(
        r1="source c1", c1="memory", k1="sink c1", k2="sink c1", k3="sink c1", g1="k1,k2 processor.type=failover"
    )
    agent = agent_of(text.replace("k3", "g1"))
    assert alive(agent)[2] == ["g1", "g1-sink"]


def test_file_channels_that_share_a_folder_are_told_apart_before_they_lock_each_other_out(tmp_path: Path) -> None:
    agent = agent_of(config(
        r1="source c1 c2 c3", c1=f"file checkpointDir={tmp_path}/c1 dataDirs={tmp_path}/data", k1="sink c1",
        c2=f"file checkpointDir={tmp_path}/c2 dataDirs={tmp_path}/more,{tmp_path}/c1/../data",
        c3=f"spillablememory checkpointDir={tmp_path}/c3 dataDirs={tmp_path}/own",
    ))  # fmt: skip
    assert alive(agent)[1] == ["c1", "c2", "c3"]
    said = [message for message in messages(agent, Severity.WARNING) if "only one" in message]
    assert [message.split("c2: ")[1] for message in said] == [
        f"keeps its events in {tmp_path}/data, which channel c1 uses: only one of them can run; give each directories of"
        " its own"
    ]
