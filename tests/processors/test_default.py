"""The default processor."""

from typing import Any

import pytest

from flumepy.core.component import Sink
from flumepy.core.errors import ConfigurationError, StartError
from flumepy.processors.default import DefaultProcessor
from flumepy.testing.conformance import ProcessorConformance
from flumepy.testing.fakes import build
from flumepy.testing.sinks import RecordingSink


class TestLaw(ProcessorConformance):
    sink_count = 1

    def make_for(self, sinks: list[Sink[Any]]) -> DefaultProcessor:
        return build(DefaultProcessor, {}, sinks)


@pytest.mark.parametrize("count", [0, 2])
def test_it_runs_exactly_one_sink(count: int) -> None:
    with pytest.raises(ConfigurationError, match="exactly one sink"):
        build(DefaultProcessor, {}, [RecordingSink(f"k{number}") for number in range(count)])


def test_a_sink_that_cannot_start_is_the_supervisors_matter() -> None:
    sink = RecordingSink()
    sink.start_failures = [StartError("port taken")]
    with pytest.raises(StartError):
        build(DefaultProcessor, {}, [sink]).start()
