"""The morphline interceptor: its file is read while configuring, as Flume does."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.batch import EventBatch
from flumepy.core.component import Interceptor
from flumepy.core.errors import ConfigurationError, UnsupportedError
from flumepy.interceptors.morphline import check_morphlines
from tests.later.cases import make

CLASS = "org.apache.flume.sink.solr.morphline.MorphlineInterceptor$Builder"
GOOD = '''
# a comment with an open { and an open "
morphlines : [
  {
    id : first
    importCommands : ["org.kitesdk.**"]  // and one more [
    commands : [{ grok { expressions : { message : """<%{NUMBER:n}>"[""" } } }]
  }
  { "id" = second, commands : [] }
]
'''


@pytest.fixture
def morphlines(tmp_path: Path) -> Path:
    path = tmp_path / "morphline.conf"
    path.write_text(GOOD)
    return path


@pytest.mark.parametrize("extra", [{}, {"morphlineId": "first"}, {"morphlineId": "second"}])
def test_a_file_with_the_morphline_is_accepted(morphlines: Path, extra: dict[str, str]) -> None:
    interceptor = make("interceptor", CLASS, {"morphlineFile": str(morphlines), **extra}).component
    assert isinstance(interceptor, Interceptor)
    with pytest.raises(UnsupportedError, match="the morphline interceptor is known"):
        interceptor.start()
    with pytest.raises(UnsupportedError):
        interceptor.intercept(EventBatch([b"x"]))


def test_no_file_a_missing_file_and_a_missing_morphline_are_refused(morphlines: Path) -> None:
    with pytest.raises(ConfigurationError, match="Missing parameter: morphlineFile"):
        make("interceptor", CLASS, {})
    with pytest.raises(ConfigurationError, match=r"^Cannot parse morphline file: conf/gone\.conf \(No such file"):
        make("interceptor", CLASS, {"morphlineFile": "conf/gone.conf"})
    with pytest.raises(ConfigurationError, match="Morphline id 'third' not found in morphline file"):
        make("interceptor", CLASS, {"morphlineFile": str(morphlines), "morphlineId": "third"})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it has no list 'morphlines'"),
        ("# morphlines : []", "it has no list 'morphlines'"),
        ("morphlines : [", "']' is missing at the end"),
        ("morphlines : [\n}", "line 2: '}' closes nothing"),
        ('morphlines : ["a]', "line 1: a quote is left open"),
    ],
)
def test_what_is_no_morphline_file_is_refused_with_the_line(morphlines: Path, text: str, reason: str) -> None:
    morphlines.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        make("interceptor", CLASS, {"morphlineFile": str(morphlines)})
    assert str(caught.value) == f"Cannot parse morphline file: {morphlines} ({reason})"


@given(st.text(alphabet='morphlines:[]{}"#/=\n \\id1'))
def test_any_text_is_accepted_or_refused_and_nothing_else(text: str) -> None:
    with suppress(ConfigurationError):
        check_morphlines("m.conf", text, "1")
