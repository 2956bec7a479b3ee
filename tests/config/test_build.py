"""From a type's name to a component, and what is said where that fails."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flumepy.config.build import build, find, load
from flumepy.config.catalog import Row
from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError, MissingPackageError, UnknownTypeError
from flumepy.core.problems import Problem
from flumepy.sources.netcat import NetcatSource


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on sys.path whose modules are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    known = set(sys.modules)
    yield tmp_path
    for module in set(sys.modules) - known:
        if (getattr(sys.modules[module], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[module]


def refusal(kind: str, type_name: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        build(kind, type_name, {}, Context("x1"))
    assert "\n" not in str(caught.value)
    assert caught.value.key == "type"
    return caught.value


def test_an_alias_and_a_java_class_build_the_same_component() -> None:
    settings = {"bind": "127.0.0.1", "port": "0"}
    for type_name in ("netcat", "NETCAT", "org.apache.flume.source.NetcatSource"):
        assert type(build("source", type_name, settings, Context("r1"))) is NetcatSource


def test_an_unknown_type_gets_the_nearest_name_or_all_of_them() -> None:
    assert refusal("source", "netcta").hint == "did you mean 'netcat'?"
    assert "known types: default, failover, load_balance" in str(refusal("processor", "zzz").hint)
    java = refusal("sink", "com.acme.flume.OurSink")
    assert isinstance(java, UnknownTypeError)
    assert java.hint == "a Java class cannot run here; write it in Python and name it `package.module.Class`"


def test_problems_with_settings_are_told_to_the_context_or_raised() -> None:
    told: list[Problem] = []
    context = Context("r1", report=told.append)
    build("source", "netcat", {"bind": "127.0.0.1", "port": "0", "prot": "1"}, context)
    assert [problem.key for problem in told] == ["prot"]
    with pytest.raises(ConfigurationError) as caught:
        build("source", "netcat", {"bind": "127.0.0.1"}, context)
    assert caught.value.key == "port"


@pytest.mark.parametrize(
    ("code", "type_name", "said"),
    [
        ("class Source(:\n", "broken.Source", "broken:Source cannot be imported: SyntaxError: "),
        ("1 / 0\n", "broken.Source", "broken:Source cannot be imported: ZeroDivisionError: division by zero"),
        ("raise OSError('one\\ntwo')\n", "broken.Source", "broken:Source cannot be imported: OSError: one two"),
        ("from math import nothing\n", "broken.Source", "broken:Source cannot be imported: ImportError: cannot import name"),
        ("class Sorce: pass\n", "broken.Source", "broken has no class 'Source'"),
        ("class Source: pass\n", "broken.Source", "broken:Source is not a flumepy component"),
        ("Source = 7\n", "broken.Source", "broken:Source is not a flumepy component"),
        ("from flumepy.sinks.null import NullSink as Source\n", "broken.Source", "broken:Source is a sink, not a source"),
    ],
)  # fmt: skip
def test_each_defect_of_a_plugin_is_one_clear_line(code: str, type_name: str, said: str, modules: Path) -> None:
    (modules / "broken.py").write_text(code)
    error = refusal("source", type_name)
    assert str(error).startswith(said)
    assert not isinstance(error, MissingPackageError)


def test_a_class_that_is_nearly_there_is_hinted_at(modules: Path) -> None:
    (modules / "broken.py").write_text("class Sorce: pass\n")
    assert refusal("source", "broken.Source").hint == "did you mean 'Sorce'?"


def test_an_init_that_raises_anything_is_a_configuration_error(modules: Path) -> None:
    (modules / "broken.py").write_text(
        "from flumepy.core.component import Source\n"
        "class Bad(Source):\n"
        "    def __init__(self, context, options):\n"
        "        raise LookupError('no such table')\n"
    )
    with pytest.raises(ConfigurationError, match=r"^Bad cannot be made: LookupError: no such table$"):
        build("source", "broken.Bad", {}, Context("r1"))


def test_an_abstract_class_is_refused_and_names_what_is_missing(modules: Path) -> None:
    (modules / "broken.py").write_text("from flumepy.core.component import Sink\nclass Bad(Sink): pass\n")
    with pytest.raises(ConfigurationError, match=r"^Bad cannot be made: TypeError: .*abstract.* process"):
        build("sink", "broken.Bad", {}, Context("k1"))


def test_a_package_that_is_missing_is_named_with_what_installs_it(modules: Path) -> None:
    (modules / "broken.py").write_text("import surely_absent.part\n")
    error = refusal("source", "broken.Source")
    assert isinstance(error, MissingPackageError)
    assert (str(error), error.hint) == ("broken.Source needs the package surely_absent", "pip install surely_absent")
    with pytest.raises(MissingPackageError) as caught:
        load(Row("source", "x", "broken:Source", ("x",), extra="kafka"))
    assert caught.value.hint == "pip install 'flumepy[kafka]'"


def test_a_row_with_a_wrong_path_does_not_ask_for_a_package() -> None:
    for path in ("flumepy.sources.nothing:Source", "surely_absent.module:Source"):
        with pytest.raises(ConfigurationError, match=f"^{path} cannot be imported: ModuleNotFoundError: ") as caught:
            load(Row("source", "x", path, ("x",)))
        assert not isinstance(caught.value, MissingPackageError)


def test_a_package_whose_own_import_fails_costs_only_who_names_it(modules: Path) -> None:
    (modules / "pack").mkdir()
    (modules / "pack" / "__init__.py").write_text("raise RuntimeError('not today')\n")
    assert str(refusal("source", "pack.part.Source")) == "pack.part cannot be imported: RuntimeError: not today"
    (modules / "needy").mkdir()
    (modules / "needy" / "__init__.py").write_text("import surely_absent\n")
    assert "No module named 'surely_absent'" in str(refusal("source", "needy.part.Source"))


@pytest.mark.parametrize("type_name", [".x", "x.", "a..b", "os.path", "__main__.X", "a-b.C", "1.2", "é.É", "a b.C"])
def test_odd_type_names_are_errors_and_nothing_worse(type_name: str) -> None:
    refusal("source", type_name)


SMALL_AGENT = """
import json, sys
from flumepy.agent.materialize import materialize
from flumepy.config.load import configure
from flumepy.formats.properties import load_properties
text = '''
a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = 0
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = logger
a1.sinks.k1.channel = c1
'''
agent = materialize(configure(load_properties(text.encode(), "x.conf"), {}, {}).agents["a1"], {})
assert len(agent.sources) == len(agent.sinks) == 1 and not agent.problems
print(json.dumps(sorted(sys.modules)))
"""
COMPONENT_PACKAGES = (
    "sources", "channels", "sinks", "interceptors", "selectors", "processors", "serializers", "deserializers",
    "http_handlers", "path_managers", "regex_serializers", "selector_policies", "sink_selectors", "monitor", "cli",
)  # fmt: skip


def test_a_small_agent_loads_what_it_names_and_no_more() -> None:
    run = subprocess.run([sys.executable, "-c", SMALL_AGENT], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(json.loads(run.stdout))
    ours = {module for module in loaded if module.startswith(tuple(f"flumepy.{name}." for name in COMPONENT_PACKAGES))}
    assert ours == {
        "flumepy.sources.netcat", "flumepy.channels.memory", "flumepy.sinks.logger",
        "flumepy.selectors.replicating", "flumepy.processors.default",
    }  # fmt: skip
    heavy = {
        "fastavro", "cramjam", "kazoo", "prometheus_client", "cryptography", "msgspec", "httptools", "watchdog", "click",
        "numpy", "hypothesis", "pytest",
    }  # fmt: skip
    assert loaded & heavy == set()
    assert not any(module.startswith("flumepy.testing") for module in loaded)


def test_find_names_the_row_without_importing_it() -> None:
    assert find("sink", "hdfs").path == "flumepy.sinks.hdfs:HdfsSink"
