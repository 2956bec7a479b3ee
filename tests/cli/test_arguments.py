"""The spellings of commons-cli and bin/flume-ng (d.1, d.2), on the options of the real command."""

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.cli.agent import agent
from flumepy.cli.agent_command import OWN
from flumepy.cli.arguments import Normalizer, names_of


def normal(*arguments: str) -> list[str]:
    return Normalizer(names_of(agent, OWN)).normalize(arguments)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["--name", "a1"], ["--name=a1"]),
        (["--name=a1"], ["--name=a1"]),
        (["-name", "a1"], ["--name=a1"]),
        (["-name=a1"], ["--name=a1"]),
        (["-n", "a1"], ["--name=a1"]),
        (["-n=a1"], ["--name=a1"]),
        (["-na1"], ["--name=a1"]),
        (["--nam", "a1"], ["--name=a1"]),
        (["-conf-file", "x"], ["--conf-file=x"]),
        (["--conf-f", "x"], ["--conf-file=x"]),
        (["-conf-f=x"], ["--conf-file=x"]),
        (["-f", "x", "-f", "y"], ["--conf-file=x", "--conf-file=y"]),
        (["-fx=y"], ["--conf-file=x=y"]),
        (["--conf", "conf"], ["--conf=conf"]),
        (["-conf", "conf"], ["--conf=conf"]),
        (["-c", "conf"], ["--conf=conf"]),
        (["-prov", "a.B"], ["--conf-provider=a.B"]),
        (["-user", "u", "-pwd", "p"], ["--conf-user=u", "--conf-password=p"]),
        (["--zk", "z"], None),
        (["--zkC", "z", "-p", "/b"], ["--zkConnString=z", "--zkBasePath=/b"]),
        (["--po", "5"], ["--poll-interval=5"]),
        (["--p", "5"], ["--poll-interval=5"]),
        (["-i5"], ["--poll-interval=5"]),
        (["-i", "-5"], ["--poll-interval=-5"]),
        (["--no", "-h"], ["--no-reload-conf", "--help"]),
        (["-Dk=v"], ["-D", "k=v"]),
        (["-Dk=a=b c"], ["-D", "k=a=b c"]),
        (["-D", "k=v"], ["-D", "k=v"]),
        (["-Xmx512m", "-agentlib:jdwp=x"], ["--java-option=-Xmx512m", "--java-option=-agentlib:jdwp=x"]),
        (["-C", "a:b", "-d"], ["--classpath=a:b", "--dryrun"]),
        (["--classpath", "a", "--dryrun", "--plugins-path", "p"], ["--classpath=a", "--dryrun", "--plugins-path=p"]),
        (["--name", '"a1"'], ["--name=a1"]),
        (["--bogus", "x"], ["--bogus", "x"]),
        (["--name"], ["--name"]),
        (["--name", "--conf-file", "x"], ["--name", "--conf-file=x"]),
        (["\u2013\u2013name", "a1"], ["--name=a1"]),
        (["\u2013n", "a1", "\u2014Dk=v"], ["--name=a1", "-D", "k=v"]),
        (["--", "-n"], ["--", "-n"]),
        (["-"], ["-"]),
    ],
)
def test_every_spelling_means_the_same_as_to_flume(typed: list[str], meant: list[str] | None) -> None:
    if meant is None:
        with pytest.raises(click.UsageError, match="is ambiguous"):
            normal(*typed)
    else:
        assert normal(*typed) == meant


def test_a_long_dash_is_remarked() -> None:
    normalizer = Normalizer(names_of(agent, OWN))
    normalizer.normalize(["\u2013name", "a1"])
    assert normalizer.remarks == ["\u2013name is understood as -name: it began with a long dash."]


@given(st.lists(st.text(alphabet="-=Dnfcaonme.X\u2013 1", max_size=8), max_size=6))
def test_no_command_line_breaks_it_and_a_second_reading_changes_nothing(arguments: list[str]) -> None:
    try:
        once = normal(*arguments)
    except click.UsageError:
        return
    if "--" not in once and "-D" not in once:
        assert normal(*once) == once or any(text.startswith("-") and "=" not in text for text in once)
