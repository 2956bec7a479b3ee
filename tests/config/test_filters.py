"""Config filters: env, external and hadoop (b.6), and how references are replaced."""

import sys
from pathlib import Path

import pytest

from flumepy.config.model import Configuration
from flumepy.config.validate import validate
from flumepy.formats.properties import load_properties

STORES = Path(__file__).parents[1] / "formats"
AGENT = """a1.channels=c1
a1.channels.c1.type=memory
a1.sources=r1
a1.sources.r1.type=seq
a1.sources.r1.channels=c1
"""


def read(text: str, **system_properties: str) -> Configuration:
    return validate(load_properties((AGENT + text).encode(), "x.conf"), system_properties)


def value(text: str, reference: str) -> str:
    configured = read(f"{text}\na1.sources.r1.v = {reference}\n")
    return configured.agents["a1"].sources["r1"].settings["v"].value


def said(text: str) -> str:
    return "\n".join(f"{problem.severity} {problem}" for problem in read(text).problems)


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "s3")
    monkeypatch.setenv("SECOND", "${f2[MY_KEY]}!")
    monkeypatch.delenv("HADOOP_CREDSTORE_PASSWORD", raising=False)


ENV = "a1.configfilters = f1\na1.configfilters.f1.type = env\n"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("${f1['MY_KEY']}", "s3"),
        ('${f1["MY_KEY"]}', "s3"),
        ("${f1[MY_KEY]}", "s3"),
        ("<${f1[MY_KEY]}${f1['MY_KEY']}>", "<s3s3>"),
        ("${f1['MY_KEY\"]}", "${f1['MY_KEY\"]}"),
        ("${f1[MY.KEY]}", "${f1[MY.KEY]}"),
        ("${f1['UNSET_KEY']}", "${f1['UNSET_KEY']}"),
        ("${f9['MY_KEY']}", "${f9['MY_KEY']}"),
        ("${f1}", "${f1}"),
    ],
)
def test_references_are_replaced_as_by_flume(reference: str, expected: str) -> None:
    assert value(ENV, reference) == expected


def test_every_value_of_components_is_filtered_but_no_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIND", "exec")
    monkeypatch.setenv("NAME", "r1")
    configured = validate(
        load_properties(
            AGENT.replace("type=seq", "type=${f1[KIND]}").replace("r1.channels=c1", "r1.channels=c${f1[N]}").encode()
            + ENV.encode() + b"a1.sinks = ${f1[NAME]}\n",
            "x.conf",
        )
    )  # fmt: skip
    assert not configured.agents  # N is unset, so the source has no channel
    monkeypatch.setenv("N", "1")
    configured = validate(
        load_properties((AGENT.replace("seq", "${f1[KIND]}") + ENV + "a1.sinks = ${f1[NAME]}\n").encode(), "x.conf")
    )
    assert configured.agents["a1"].sources["r1"].type == "exec"
    assert not configured.agents["a1"].sinks
    assert any("'${f1[NAME]}' is listed" in problem.message for problem in configured.problems)


def test_a_value_may_hold_a_reference_to_a_later_filter() -> None:
    both = "a1.configfilters = f1 f2\na1.configfilters.f1.type = env\na1.configfilters.f2.type = ENV\n"
    assert value(both, "${f1[SECOND]}") == "s3!"
    assert value(both, "${f2[SECOND]}") == "${f2[MY_KEY]}!"


def test_a_filter_by_its_java_class_works() -> None:
    text = ENV.replace("= env", "= org.apache.flume.configfilter.EnvironmentVariableConfigFilter")
    assert value(text, "${f1[MY_KEY]}") == "s3"


def test_a_missing_value_is_a_warning_with_its_place() -> None:
    assert (
        "warning x.conf:8: a1.sources.r1.v: config filter 'f1' has no value for UNSET_KEY"
        in said(ENV + "a1.sources.r1.v = ${f1['UNSET_KEY']}")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a1.configfilters = f1\n", "error x.conf:6: a1.configfilters: 'f1' is listed but has no property"),
        (
            "a1.configfilters = f1\na1.configfilters.f1.typ = env\n",
            "x.conf:7: a1.configfilters.f1.type: is missing; the filter",
        ),
        (
            "a1.configfilters = f1\na1.configfilters.f1.type = com.x.Y\n",
            "x.conf:7: a1.configfilters.f1.type: no config filter type",
        ),
        ("a1.configfilters = f1\na1.configfilters.f1.type = external\n", "a1.configfilters.f1.command: is required"),
    ],
)
def test_a_filter_that_cannot_be_made_is_left_out_and_said(text: str, message: str) -> None:
    assert message in said(text)
    assert value(text, "${f1[MY_KEY]}") == "${f1[MY_KEY]}"


def external(script: str, *options: str) -> str:
    lines = [f"a1.configfilters.f1.{line}" for line in ("type = external", f"command = {script}", *options)]
    return "a1.configfilters = f1\n" + "\n".join(lines) + "\n"


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "secret.py"
    path.write_text(
        "import sys\n"
        "key = sys.argv[-1]\n"
        "if key == 'fails': sys.exit(3)\n"
        "if key == 'latin': sys.stdout.buffer.write(b'\\xe9')\n"
        "elif key == 'large': print('x' * 1000000); print('second')\n"
        "elif key != 'silent': print(*sys.argv[1:]); print('second line')\n"
    )
    return f"{sys.executable} {path} fixed"


def test_the_first_line_of_a_program_is_the_value(program: str) -> None:
    assert value(external(program), "<${f1['my-key']}>") == "<fixed my-key>"


def test_a_large_output_does_not_block(program: str) -> None:
    assert len(value(external(program), "${f1[large]}")) == 1_000_000


def test_the_charset_of_a_program_is_heeded(program: str) -> None:
    assert value(external(program, "charset = ISO-8859-1"), "${f1[latin]}") == "é"
    assert "charset: 'nope' is not a known character set" in said(external(program, "charset = nope"))


@pytest.mark.parametrize("key", ["fails", "silent"])
def test_a_program_that_fails_or_is_silent_gives_nothing(program: str, key: str) -> None:
    assert value(external(program), f"${{f1[{key}]}}") == f"${{f1[{key}]}}"


def test_a_program_that_is_not_there_gives_nothing() -> None:
    assert value(external("/nowhere/program"), "${f1[k]}") == "${f1[k]}"


def hadoop(url: str, *options: str) -> str:
    lines = [f"a1.configfilters.f1.{line}" for line in ("type = hadoop", f"credential.provider.path = {url}", *options)]
    return "a1.configfilters = f1\n" + "\n".join(lines) + "\n"


def test_a_value_of_a_hadoop_store_is_found() -> None:
    text = hadoop(f"jceks://file/nowhere/x.jceks, jceks://file{STORES}/hadoop_default.jceks")
    assert value(text, "${f1['other_key-2']}") == "two"
    assert value(text, "${f1['nope']}") == "${f1['nope']}"


def test_the_password_comes_from_the_variable_or_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"localjceks://file{STORES}/hadoop_secret.jceks"
    (tmp_path / "pw").write_text("secret\n")
    option = "credstore.java-keystore-provider.password-file = pw"
    text = f"{hadoop(url, option)}a1.sources.r1.v = ${{f1[k]}}"
    configured = read(text, **{"flumepy.conf.directory": str(tmp_path)})
    assert configured.agents["a1"].sources["r1"].settings["v"].value == "v"
    monkeypatch.setenv("HADOOP_CREDSTORE_PASSWORD", "secret")
    assert value(hadoop(url), "${f1[k]}") == "v"


def test_a_wrong_password_is_said_and_no_secret_is_shown() -> None:
    text = hadoop(f"jceks://file{STORES}/hadoop_secret.jceks") + "a1.sources.r1.v = ${f1[k]}"
    assert "error x.conf:9: a1.sources.r1.v: config filter 'f1': " in said(text)
    assert "hadoop_secret.jceks: the password is wrong" in said(text)


def test_a_file_that_is_no_store_is_said(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"nothing of the kind")
    assert "x is not a JCEKS key store" in said(hadoop(f"jceks://file{tmp_path}/x") + "a1.sources.r1.v = ${f1[k]}")


def test_a_provider_elsewhere_is_refused_by_name() -> None:
    assert "the credential provider jceks://hdfs@nn/x is not supported" in said(hadoop("jceks://hdfs@nn/x"))
