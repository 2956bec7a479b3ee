"""flumepy.config.validate against what Flume's validator does (FlumeConfiguration, a.2 to a.4)."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.config.model import AgentConfig, Configuration
from flumepy.config.validate import validate
from flumepy.core.problems import Severity
from flumepy.formats.properties import Entry, load_properties

CHANNEL = "a1.channels=c1\na1.channels.c1.type=memory\n"
SOURCE = "a1.sources=r1\na1.sources.r1.type=seq\na1.sources.r1.channels=c1\n"
SINK = "a1.sinks=k1\na1.sinks.k1.type=null\na1.sinks.k1.channel=c1\n"
AGENT = CHANNEL + SOURCE + SINK
TWO_SINKS = AGENT.replace("sinks=k1", "sinks=k1 k2") + "a1.sinks.k2.type=null\na1.sinks.k2.channel=c1\n"


def read(text: str) -> Configuration:
    return validate(load_properties(text.encode(), "x.conf"))


def agent(text: str) -> AgentConfig:
    return read(text).agents["a1"]


def said(text: str) -> str:
    return "\n".join(f"{problem.severity} {problem}" for problem in read(text).problems)


def test_a_sound_agent_is_kept_whole_and_silently() -> None:
    configured = read(AGENT)
    assert not configured.problems
    assert not configured.invalid
    kept = configured.agents["a1"]
    assert [*kept.channels] == ["c1"]
    assert kept.sources["r1"].channels == ("c1",)
    assert kept.sinks["k1"].channel == "c1"
    assert (kept.sinks["k1"].prefix, kept.sinks["k1"].settings["type"].line) == ("a1.sinks.k1", 7)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("NC_PORT = 1", "note x.conf:9: NC_PORT: has no agent's name"),
        (".sources = r1", "note x.conf:9: .sources: has no agent's name"),
        ("a1.sources.r1.k =", "note x.conf:9: a1.sources.r1.k: has no value"),
        ("a1. = 1", "warning x.conf:9: a1: has nothing after the agent's name"),
        ("a1.sources.r1 = 1", "warning x.conf:9: a1.sources.r1: lacks the property's name after the component's"),
        ("a1.sources.r1. = 1", "warning x.conf:9: a1.sources.r1.: lacks the property's name"),
        ("a1.sources..k = 1", "warning x.conf:9: a1.sources..k: lacks the property's name"),
        ("a1.bogus.x.y = 1", "warning x.conf:9: a1.bogus.x.y: is ignored: 'bogus' is none of"),
        ("a1.source.r1.type = exec", "(did you mean 'sources.r1.type'?)"),
        ("a1.SOURCES.r1.type = exec", "(did you mean 'sources.r1.type'?)"),
        ("log4j.rootLogger = INFO", "note x.conf:9: log4j.rootLogger: configures nothing: 'log4j' lists no"),
        ("a2.channels.c1.type = memory", "warning x.conf:9: a2: configures components but lists none of them"),
    ],
)
def test_what_flume_ignores_is_ignored_and_said(line: str, message: str) -> None:
    text = AGENT + line + "\n"
    assert message in said(text)
    assert agent(text).sources["r1"].values() == {"type": "seq", "channels": "c1"}


def test_properties_of_no_agent_are_one_note() -> None:
    assert said(AGENT + "log4j.a=1\nlog4j.b=2\nlog4j.c=3").count("log4j.") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SOURCE + SINK, "error x.conf:1: a1: has no list of channels, so the whole agent cannot run"),
        ("a1.channels=\n" + SOURCE, "error x.conf:2: a1: has no list of channels, so the whole agent cannot run"),
        ("a1.channels=c1\n" + SOURCE, "error x.conf:1: a1.channels: 'c1' is listed but has no usable property"),
        ("a1.channels=c1\na1.channels.c1.capacity=5\n" + SOURCE, "error x.conf:2: a1.channels.c1.type: is missing"),
        (CHANNEL, "error x.conf:1: a1: has no usable source and no usable sink"),
        (
            SOURCE + CHANNEL.replace("c1", "c2"),
            "a1.sources.r1.channels: 'c1' is not a usable channel; the source has no",
        ),
    ],
)
def test_an_agent_that_cannot_run_is_invalid_and_says_why(text: str, message: str) -> None:
    configured = read(text)
    assert not configured.agents
    assert configured.invalid == ("a1",)
    assert message in said(text)


def test_one_kind_of_sources_and_sinks_is_enough() -> None:
    assert not agent(CHANNEL + SOURCE).sinks
    assert not agent(CHANNEL + SINK).sources
    assert "note x.conf:1: a1: has no list of sinks" in said(CHANNEL + SOURCE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (AGENT.replace("k1.channel=c1", "k1.channels=c1"), "x.conf:8: a1.sinks.k1.channel: is missing; the sink is "
         "dropped ('channels' is set; did you mean 'channel'?)"),
        (CHANNEL + SOURCE + "a1.sinks=k1\na1.sinks.k1.type=null\n", "x.conf:7: a1.sinks.k1.channel: is missing; the sink "
         "is dropped ('c1' is the only channel: a1.sinks.k1.channel = c1)"),
        (AGENT.replace("k1.channel=c1", "k1.channel=c2"), "x.conf:8: a1.sinks.k1.channel: 'c2' is not a usable channel; "
         "the sink is dropped (did you mean 'c1'"),
        (AGENT.replace("k1.channel=c1", "k1.channel=c1 c1"), "(a sink reads one channel)"),
        (AGENT.replace("k1.type", "k1.typ"), "x.conf:7: a1.sinks.k1.type: is missing; the sink is dropped "
         "('typ' is set; did you mean 'type'?)"),
        (AGENT.replace("sinks=k1", "sinks=k9"), "x.conf:6: a1.sinks: 'k9' is listed but has no usable property"),
        (TWO_SINKS.replace("sinks=k1 k2", "sinks=k1,k2"), "(names are separated by blanks only)"),
    ],
)  # fmt: skip
def test_a_broken_sink_is_dropped_with_its_place_and_a_hint(text: str, message: str) -> None:
    assert not agent(text).sinks
    assert agent(text).sources
    assert message in said(text)


def test_a_source_keeps_the_valid_channels_in_the_order_written() -> None:
    text = AGENT.replace("channels=c1\na1.channels", "channels=c1 c2\na1.channels.c2.type=memory\na1.channels")
    text = text.replace("r1.channels=c1", "r1.channels=c2\tc9 c1 c2")
    assert agent(text).sources["r1"].channels == ("c2", "c1")
    assert "warning x.conf:6: a1.sources.r1.channels: 'c9' is not a usable channel; the source runs without it" in said(
        text
    )


def test_names_in_agents_lists_keep_their_order_and_count_once() -> None:
    text = TWO_SINKS.replace("sinks=k1 k2", "sinks=k2 \\\n   k1\tk2")
    assert [*agent(text).sinks] == ["k2", "k1"]


def test_a_list_of_sink_groups_is_not_split_at_tabs() -> None:
    group = "a1.sinkgroups.g1.sinks=k1\na1.sinkgroups.g2.sinks=k2\n"
    assert [*agent(TWO_SINKS + "a1.sinkgroups=g1  g2\n" + group).sink_groups] == ["g1", "g2"]
    assert not agent(TWO_SINKS + "a1.sinkgroups=g1\\tg2\n" + group).sink_groups


def test_a_sink_belongs_to_the_first_group_that_names_it() -> None:
    groups = "a1.sinkgroups=g1 g2 g3\na1.sinkgroups.g1.sinks=k2 k1\na1.sinkgroups.g2.sinks=k1 kx\n"
    text = TWO_SINKS + groups
    kept = agent(text)
    assert {name: group.sinks for name, group in kept.sink_groups.items()} == {"g1": ("k2", "k1")}
    assert [*kept.sinks] == ["k1", "k2"]
    assert "a1.sinkgroups.g2.sinks: 'k1' belongs to sink group 'g1' already and is left out here" in said(text)
    assert "a1.sinkgroups.g2.sinks: 'kx' is not a usable sink" in said(text)
    assert "a1.sinkgroups.g2.sinks: has no usable sink and is dropped" in said(text)
    assert "a1.sinkgroups: 'g3' is listed but has no usable property" in said(text)


def test_a_group_without_processor_type_has_the_documented_default() -> None:
    assert agent(AGENT + "a1.sinkgroups=g1\na1.sinkgroups.g1.sinks=k1\n").sink_groups["g1"].type == "default"


def test_a_group_without_sinks_costs_only_itself() -> None:
    text = AGENT + "a1.sinkgroups=g1\na1.sinkgroups.g1.processor.type=failover\n"
    assert [*agent(text).sinks] == ["k1"]
    assert "error x.conf:10: a1.sinkgroups.g1.sinks: is missing; the sink group is dropped" in said(text)


def test_components_that_no_list_names_are_noted() -> None:
    text = AGENT + "a1.sinks.k2.type=null\n"
    assert [*agent(text).sinks] == ["k1"]
    assert "note x.conf:9: a1.sinks.k2: is configured but not listed in a1.sinks; it has no effect" in said(text)


def test_the_last_of_equal_keys_counts_and_the_first_is_said() -> None:
    text = AGENT + "a1.sources.r1.type = exec\n"
    assert agent(text).sources["r1"].type == "exec"
    assert "warning x.conf:4: a1.sources.r1.type: is set again in line 9 of the same file" in said(text)


def test_an_empty_value_in_a_later_file_removes_a_property() -> None:
    first = load_properties(f"{AGENT}a1.sources.r1.totalEvents=5\n".encode(), "one.conf")
    configured = validate(first + load_properties(b"a1.sources.r1.totalEvents=\n", "two.conf"))
    assert "totalEvents" not in configured.agents["a1"].sources["r1"].settings
    assert [str(problem) for problem in configured.problems] == [
        "two.conf:1: a1.sources.r1.totalEvents: has no value and is ignored"
    ]


def test_a_comment_behind_a_value_is_noted() -> None:
    assert "note x.conf:9: a1.sources.r1.port: the value goes on after '#'" in said(
        AGENT + "a1.sources.r1.port = 1 # x\n"
    )
    assert "#" not in said(AGENT + "a1.sources.r1.color = #fff\na1.sources.r1.u = http://a/#b\n")


def test_several_agents_of_a_file_are_judged_each_alone() -> None:
    configured = read(AGENT + AGENT.replace("a1.", "a2.") + "a3.sources=r1\n")
    assert [*configured.agents] == ["a1", "a2"]
    assert configured.invalid == ("a3",)
    assert [problem.component for problem in configured.problems_of("a1")] == []
    assert {problem.component for problem in configured.problems_of("a3")} == {"a3"}


def test_an_agent_of_a_similar_name_without_lists_gets_a_hint() -> None:
    text = AGENT.replace("a1.", "agent1.") + "agent.sources.r1.type = seq\n"
    assert "agent: configures components but lists none of them, so it is no agent (did you mean 'agent1'?)" in said(
        text
    )


def test_a_name_list_with_nothing_to_it_blames_the_line() -> None:
    errors = [problem for problem in read("a1.channels = c1\n").problems if problem.severity is Severity.ERROR]
    assert {problem.line for problem in errors} == {1}


PART = st.sampled_from(
    ["a1", "a2", "sources", "sinks", "channels", "sinkgroups", "configfilters", "r1", "k1", "c1", "g1", "f1", "type",
     "channel", "processor", "it's", ".", "=", " ", "\t", "\n", "\\", "#", "${", "}", "['x']",
     "env", "memory", "null", ",", ""]
)  # fmt: skip


@given(st.one_of(st.lists(PART, max_size=60).map("".join), st.lists(PART, max_size=60).map(".".join)))
def test_no_text_of_familiar_parts_raises(text: str) -> None:
    lines = text.replace("\n", " \n").encode()
    for problem in validate(load_properties(lines, "f")).problems:
        assert problem.message
        assert problem.line


@given(
    st.lists(
        st.tuples(
            st.lists(PART, min_size=1, max_size=5).map(".".join), st.lists(PART, max_size=4).map(" ".join)
        ),
        max_size=30,
    )
)  # fmt: skip
def test_no_set_of_properties_raises(pairs: list[tuple[str, str]]) -> None:
    configured = validate(Entry(key, value, "f", line) for line, (key, value) in enumerate(pairs, 1))
    for kept in configured.agents.values():
        assert kept.channels
        assert kept.sources or kept.sinks


RECORDED = json.loads(Path(__file__).with_name("flume_validation.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: case["name"])
def test_odd_agents_are_left_with_what_the_real_flume_left_them(case: dict[str, Any]) -> None:
    # Recorded from the validator of Flume 1.11.0 in a running JVM.
    kept = {
        name: {
            "sources": sorted(found.sources),
            "channels": sorted(found.channels),
            "sinks": sorted(found.sinks),
            "sinkgroups": sorted(found.sink_groups),
        }
        for name, found in read(case["text"]).agents.items()
    }
    assert kept == case["agents"]


def test_a_load_balancing_selector_does_not_cost_the_source_as_in_flume() -> None:
    assert agent(AGENT + "a1.sources.r1.selector.type=load_balancing\n").sources


def test_a_no_break_space_is_a_blank() -> None:
    assert [*agent(AGENT.replace("sinks=k1", "sinks=k1\u00a0")).sinks] == ["k1"]
