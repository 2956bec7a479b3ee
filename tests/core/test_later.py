"""Components that cannot run yet: they are built, refuse to start by name, and stop quietly."""

import re

import pytest

from flumepy import __version__
from flumepy.core.batch import EventBatch
from flumepy.core.errors import UnsupportedError
from flumepy.core.later import LaterChannel, LaterInterceptor, LaterSink, LaterSource
from flumepy.core.options import NoOptions, Options, opt, read_options
from flumepy.core.problems import Problem, Severity
from flumepy.testing.fakes import build


class Sink(LaterSink[NoOptions]):
    type_name = "gopher"


class Source(LaterSource[NoOptions]):
    type_name = "gopher"


class Channel(LaterChannel[NoOptions]):
    type_name = "gopher"


class Drops(LaterInterceptor[NoOptions]):
    type_name = "gopher"


@pytest.mark.parametrize("component", [Sink, Source, Channel, Drops])
def test_start_refuses_by_prefix_type_and_version_and_is_not_retried(component: type[Sink]) -> None:
    built = build(component, prefix="a1.things.x1")
    expected = f"a1.things.x1: the gopher {built.kind} is known but flumepy {__version__} cannot run it yet"
    with pytest.raises(UnsupportedError, match=re.escape(expected)) as caught:
        built.start()
    assert not caught.value.retryable
    built.stop()
    built.stop()


def test_work_is_refused_too() -> None:
    with pytest.raises(UnsupportedError):
        build(Sink).process()
    with pytest.raises(UnsupportedError):
        build(Channel).transaction()
    with pytest.raises(UnsupportedError):
        build(Drops).intercept(EventBatch([b"x"]))
    assert build(Channel).size == 0


def test_doubts_go_to_the_report() -> None:
    problems: list[Problem] = []
    sink = build(Sink, report=problems.append)
    assert [(p.severity, p.key) for p in problems] == [(Severity.NOTE, "type")], "that it cannot run yet is said first"
    problems.clear()
    sink.warn("is odd", key="k", hint="h")
    sink.note("is old")
    assert problems == [Problem(Severity.WARNING, "is odd", key="k", hint="h"), Problem(Severity.NOTE, "is old")]


class Numbers(Options):
    size: int = opt("size", 7, doc="A size.", ge=1, on_bad="default_outside", deprecated_keys=("oldSize",))


def test_a_number_outside_its_limits_becomes_the_default_and_no_number_drops() -> None:
    outside = read_options(Numbers, {"oldSize": "0"})
    assert outside.options == Numbers(size=7)
    assert [problem.severity for problem in outside.problems] == [Severity.NOTE, Severity.WARNING]
    assert "'0': " in outside.problems[1].message
    assert read_options(Numbers, {"size": "many"}).options is None


def test_an_old_name_beside_the_new_one_is_said_to_have_no_effect() -> None:
    reading = read_options(Numbers, {"size": "3", "oldSize": "9"})
    assert reading.options == Numbers(size=3)
    assert [(problem.severity, problem.key) for problem in reading.problems] == [(Severity.NOTE, "oldSize")]
