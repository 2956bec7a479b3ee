"""flumepy.config.lookups: what Flume's MapResolver resolves, and what it leaves (b.4)."""

from pathlib import Path

import pytest

from flumepy.config.lookup_functions import by_constant
from flumepy.config.lookups import Resolver
from flumepy.core.errors import ConfigurationError, UnsupportedError
from flumepy.core.problems import Problem, Severity
from flumepy.formats.properties import load_properties


def resolved(text: str, resolver: Resolver | None = None) -> tuple[dict[str, str], list[Problem]]:
    resolver = resolver or Resolver({"p": "sysval"}, {"HOME": "/h", "NAME": "envval"})
    entries, problems = resolver.resolve(load_properties(text.encode(), "x.conf"))
    return {entry.key: entry.value for entry in entries}, problems


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${sys:p} ${SYS:p}", "sysval sysval"),
        ("${env:HOME}/x", "/h/x"),
        ("${sys:nope:-d}", "d"),
        ("${env:nope}", "${env:nope}"),
        ("${other}", "${other}"),
        ("${NC_PORT}", "44444"),
        ("${a1.sources.r1.port}", "44444"),
        ("${HOME}", "${HOME}"),
        ("$${HOME}", "${HOME}"),
        ("${f1['key']} %{host} %Y", "${f1['key']} %{host} %Y"),
        ("${sys:user.dir}", str(Path.cwd())),
    ],
)
def test_references_are_resolved_as_by_flume(value: str, expected: str) -> None:
    values, _ = resolved(f"a1.x = {value}\nNC_PORT = 44444\na1.sources.r1.port = ${{NC_PORT}}")
    assert values["a1.x"] == expected


def test_an_own_key_resolves_wherever_it_stands() -> None:
    for text in ("a.x=${K}\nK=1", "K=1\na.x=${K}"):
        assert resolved(text)[0]["a.x"] == "1"


def test_the_date_is_formatted_as_simple_date_format_does() -> None:
    values, problems = resolved("a.x = ${date:yyyy}-${date:'day'}")
    assert values["a.x"][:2] == "20"
    assert values["a.x"][4:] == "-day"
    assert not problems


def test_a_bad_date_pattern_is_an_error_and_stays_as_written() -> None:
    values, (problem,) = resolved("a.x = ${date:'}")
    assert values["a.x"] == "${date:'}"
    assert (problem.severity, problem.line, problem.component, problem.key) == (Severity.ERROR, 1, "a", "x")


def test_a_cycle_is_an_error_that_names_the_key_and_spares_the_rest() -> None:
    values, (problem,) = resolved("a.b.x = ${a.b.x}\na.y = ${sys:p}")
    assert values == {"a.b.x": "${a.b.x}", "a.y": "sysval"}
    assert str(problem) == "x.conf:1: a.b.x: ${a.b.x} needs itself: a.b.x -> a.b.x; the value stays as it is written"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "a.x = ${NAME}",
            "x.conf:1: a.x: ${NAME} stands for nothing and stays as it is written (did you mean ${env:NAME}?)",
        ),
        ("a.x = ${NC_PRT}\nNC_PORT=1", "(did you mean 'NC_PORT'?)"),
        ("a.x = ${envv:HOME}", "(did you mean 'env'?)"),
        ("a.x = ${const:java.lang.Long.MAX_VALUE}", "${const:java.lang.Long.MAX_VALUE} stands for nothing"),
    ],
)
def test_a_reference_to_nothing_is_noted_with_a_hint(text: str, said: str) -> None:
    _, (problem,) = resolved(text)
    assert problem.severity is Severity.NOTE
    assert said in str(problem)


def test_the_old_environment_switch_makes_bare_names_variables() -> None:
    switch = {"propertiesImplementation": "org.apache.flume.node.EnvVarResolverProperties"}
    values, _ = resolved(
        "a.x = ${NAME}\na.y = ${HOME}\nHOME = own\na.z = ${UNSET}", Resolver(switch, {"NAME": "v", "HOME": "/"})
    )
    assert (values["a.x"], values["a.y"], values["a.z"]) == ("v", "own", "${UNSET}")


def test_another_properties_implementation_is_said_to_have_no_effect() -> None:
    resolver = Resolver({"propertiesImplementation": "com.example.Mine"}, {})
    assert "is a Java class and has no effect" in str(resolver.problems[0])


def test_a_file_of_lookups_replaces_the_four_defaults(tmp_path: Path) -> None:
    prefix = "org.apache.commons.text.lookup.DefaultStringLookup."
    secret = tmp_path / "secret"
    secret.write_text("s3")
    listing = tmp_path / "my.properties"
    listing.write_text(
        f"f = {prefix}FILE\ne = {prefix}ENVIRONMENT\nc = {prefix}CONST\nj = com.example.Lookup\ns = {prefix}SCRIPT\n"
    )
    resolver = Resolver({"lookups": str(listing)}, {"K": "v"})
    values, problems = resolved(f"a.x = ${{f:UTF-8:{secret}}} ${{E:K}} ${{env:K}} ${{f:{secret}}}", resolver)
    said = [str(problem) for problem in problems]
    assert values["a.x"].startswith("${f:UTF-8:")  # one bad reference leaves the whole value as it is written
    assert any("my.properties:3: c: the look-up CONST reads constants of Java classes" in text for text in said)
    assert any("my.properties:4: j: there is no look-up com.example.Lookup" in text for text in said)
    assert any("s: the look-up SCRIPT runs scripts" in text for text in said)
    assert any("must have the form file:CHARSET:PATH" in text for text in said)
    assert resolved(f"a.x = ${{f:UTF-8:{secret}}} ${{E:K}} ${{env:K}}", resolver)[0]["a.x"] == "s3 v ${env:K}"


def test_lookups_in_the_conf_directory_are_used_and_a_missing_named_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "lookups.properties").write_text("v = org.apache.commons.text.lookup.DefaultStringLookup.ENVIRONMENT\n")
    assert resolved("a.x=${v:K}", Resolver({}, {"K": "1"}, tmp_path))[0]["a.x"] == "1"
    assert resolved("a.x=${v:K}", Resolver({"lookups": "lookups.properties"}, {"K": "1"}, tmp_path))[0]["a.x"] == "1"
    missing = Resolver({"lookups": "none.properties"}, {"K": "1"}, tmp_path)
    assert "-Dlookups=none.properties: there is no such file" in str(missing.problems[0])
    assert resolved("a.x=${env:K}", missing)[0]["a.x"] == "1"


@pytest.mark.parametrize(
    ("constant", "argument", "expected"),
    [
        ("PROPERTIES", "{home}/p::k", "v"),
        ("PROPERTIES", "{home}/p::none", None),
        ("URL", "UTF-8:file://{home}/p", "k = v\n"),
        ("FILE", "UTF-8:{home}/p", "k = v\n"),
        ("DNS", "localhost", "127.0.0.1"),
        ("DNS", "address|127.0.0.1", "127.0.0.1"),
        ("DNS", "name|127.0.0.1", "localhost"),
        ("DNS", "nowhere.invalid", None),
    ],
)
def test_lookups_that_read_the_machine_answer(
    constant: str, argument: str, expected: str | None, tmp_path: Path
) -> None:
    (tmp_path / "p").write_text("k = v\n")
    found = by_constant(constant, {}, {})(argument.format(home=tmp_path))
    assert found == expected or (constant == "DNS" and expected == "127.0.0.1" and found == "::1")


@pytest.mark.parametrize("name", ["version", "runtime", "vm", "os", "hw", "hardware", "locale"])
def test_facts_of_the_platform_are_pythons(name: str) -> None:
    assert by_constant("JAVA", {}, {})(name)


@pytest.mark.parametrize("name", ["name", "canonical-name"])
def test_the_local_host_has_names(name: str) -> None:
    assert by_constant("LOCAL_HOST", {}, {})(name)


@pytest.mark.parametrize(
    ("constant", "argument"),
    [
        ("FILE", "/x"), ("FILE", "UTF-8:/nowhere/x"), ("FILE", "no-charset:/etc/hostname"), ("PROPERTIES", "/x"),
        ("URL", "UTF-8:ftp://x/y"), ("URL", "UTF-8:file:///nowhere/x"), ("BASE64_DECODER", "%%%"), ("LOCAL_HOST", "x"),
        ("JAVA", "x"),
    ],
)  # fmt: skip
def test_a_bad_argument_is_a_configuration_error(constant: str, argument: str) -> None:
    with pytest.raises(ConfigurationError):
        by_constant(constant, {}, {})(argument)


def test_lookups_that_need_a_jvm_are_refused_by_name() -> None:
    for constant in ("CONST", "RESOURCE_BUNDLE", "SCRIPT", "XML"):
        with pytest.raises(UnsupportedError, match=constant):
            by_constant(constant, {}, {})
