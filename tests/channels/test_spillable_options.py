"""The options of the spillable channel: what Flume accepts is accepted, what goes to the file channel gets there."""

import re
from typing import Any

import pytest

from flumepy.channels.file import FileChannel
from flumepy.channels.spillable_memory.channel import SpillableMemoryChannel
from flumepy.config.build import build
from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError
from flumepy.core.problems import Problem
from flumepy.core.queue_channel import UNLIMITED_BYTES


def make(settings: dict[str, str], **properties: str) -> tuple[SpillableMemoryChannel, list[Problem]]:
    """Build a channel as a file would; return it with what was reported."""
    reported: list[Problem] = []
    system_properties = {key.replace("_", "."): text for key, text in properties.items()}
    context = Context(
        "c1", "a1.channels.c1", builder=build, system_properties=system_properties, report=reported.append
    )
    channel = build("channel", "spillablememory", settings, context)
    assert isinstance(channel, SpillableMemoryChannel)
    return channel, reported


def file_options(channel: SpillableMemoryChannel) -> Any:
    """Return the options of the file channel below."""
    assert isinstance(channel.file, FileChannel)
    return channel.file.options


def test_defaults_are_those_of_flume() -> None:
    channel, reported = make({})
    options = channel.options
    assert not reported
    assert (channel.limits.capacity, channel.overflow_capacity, channel.limits.keep_alive_s) == (10_000, 100_000_000, 3)
    assert (options.overflow_deactivation_threshold, options.average_event_bytes) == (5, 500)
    assert channel.slot_limit == 512 * 1024 * 1024 * 8 // 10 // 500
    assert channel.transaction_capacity == 10_000
    assert channel.is_reusable


def test_bad_numbers_become_defaults_with_a_warning() -> None:
    bad = {"memoryCapacity": "-1", "overflowCapacity": "x", "overflowTimeout": "x", "overflowDeactivationThreshold": "x",
           "byteCapacity": "lots", "byteCapacityBufferPercentage": "x", "avgEventSize": "0"}  # fmt: skip
    channel, reported = make(bad)
    assert {problem.key for problem in reported} == set(bad)
    assert channel.options == make({})[0].options


def test_the_slots_follow_the_properties() -> None:
    def slots(settings: dict[str, str], **properties: str) -> int:
        return make(settings, **properties)[0].slot_limit

    assert slots({"byteCapacity": "1000000"}) == 1600
    assert slots({"byteCapacity": "1000000", "byteCapacityBufferPercentage": "0", "avgEventSize": "100"}) == 10_000
    assert slots({"byteCapacity": "0"}) == slots({"byteCapacity": "400"}) == UNLIMITED_BYTES
    assert slots({}, flumepy_xmx="1000000") == 1280


def test_the_file_channel_gets_what_the_channel_does_not_know_itself() -> None:
    settings = {"dataDirs": "/d", "transactionCapacity": "7", "capacity": "9", "keep-alive": "9", "chekpointDir": "/c"}
    channel, reported = make(settings)
    options = file_options(channel)
    assert (options.data_dirs, options.capacity, options.keep_alive_s) == ("/d", 100_000_000, 0)
    assert channel.transaction_capacity == 7
    assert {problem.key: problem.hint for problem in reported} == {
        "capacity": None, "keep-alive": None, "chekpointDir": "did you mean 'checkpointDir'?",
    }  # fmt: skip
    assert "overflowCapacity takes its place" in next(p.message for p in reported if p.key == "capacity")


def test_with_no_room_at_all_the_default_overflow_is_used() -> None:
    channel, reported = make({"memoryCapacity": "0", "overflowCapacity": "0"})
    assert [problem.key for problem in reported] == ["overflowCapacity"]
    assert file_options(channel).capacity == channel.overflow_capacity == 100_000_000


def test_without_overflow_the_file_is_still_opened_for_what_is_in_it() -> None:
    channel, reported = make({"overflowCapacity": "0"})
    assert not reported
    assert (channel.overflow_capacity, file_options(channel).capacity) == (0, 1_000_000)


@pytest.mark.parametrize(
    ("settings", "key", "reason"),
    [
        (
            {"overflowCapacity": "10"},
            "overflowCapacity",
            r"transactionCapacity is 10000 \(its default\), capacity is 10$",
        ),
        ({"checkpointInterval": "x"}, "checkpointInterval", "For input string"),
        ({"useDualCheckpoints": "true"}, "backupCheckpointDir", "the backup directory is not set"),
    ],
)
def test_what_the_file_channel_refuses_is_refused(settings: dict[str, str], key: str | None, reason: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make(settings)
    assert caught.value.key == key
    assert re.search(reason, str(caught.value))
