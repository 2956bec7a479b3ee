"""What keeps the house in order: size, threads, options with words, and no path of anybody's machine."""

import re
import subprocess
import tomllib
from abc import ABC
from importlib import import_module
from pathlib import Path
from typing import Generic, Protocol

import pytest

from flumepy.config.build import load
from flumepy.config.catalog import ROWS, Row
from flumepy.core.errors import MissingPackageError
from flumepy.core.options import option_fields

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "flumepy"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 300

#: what starts a thread, or hands work to one
THREAD_MAKERS = re.compile(
    r"threading\.(Thread|Timer)\(|ThreadPoolExecutor|run_in_executor|to_thread\(|_thread\.start|import Thread\b"
)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def repository_files() -> list[Path]:
    """Return what belongs to the project: committed, or new and not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / file for file in listing.stdout.decode().split("\0") if file and (ROOT / file).is_file()]


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_module_is_longer_than_a_reader_can_hold(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_threads_are_made_in_one_module_only() -> None:
    makers = [name(path) for path in MODULES if THREAD_MAKERS.search(path.read_text(encoding="utf-8"))]
    assert makers == ["flumepy/core/threads.py"]


def test_every_module_opens_with_its_strategy() -> None:
    silent = [name(path) for path in MODULES if not path.read_text(encoding="utf-8").startswith(('"""', 'r"""'))]
    assert silent == []


def text_of(compiled: Path) -> Path:
    """Return what a module was compiled from; a twin in C has an underscore before its name."""
    stem = compiled.name.split(".")[0]
    return compiled.with_name(f"{stem}.c" if stem.startswith("_") else f"{stem}.py")


def test_no_compiled_module_is_older_than_its_text() -> None:
    compiled = PACKAGE.rglob("*.so")
    old = [name(module) for module in compiled if module.stat().st_mtime < text_of(module).stat().st_mtime]
    assert old == [], "scripts/compile makes them again, scripts/compile --clean removes them"


def test_no_compiled_class_stands_on_an_interpreted_one() -> None:
    """The collector of such an object does not know all of it: the process ended with a segmentation fault."""
    compiled = [path.relative_to(PACKAGE.parent).with_name(path.name.split(".")[0]) for path in PACKAGE.rglob("*.so")]
    modules = [import_module(".".join(path.parts)) for path in compiled]
    classes = [thing for module in modules for thing in vars(module).values() if isinstance(thing, type)]
    native = [thing for thing in classes if "__mypyc_attrs__" in vars(thing)]
    assert bool(native) == bool(compiled)
    plain = {object, Generic, Protocol, ABC}
    mixed = [c for c in native for base in c.__mro__ if base not in plain and "__mypyc_attrs__" not in vars(base)]
    assert mixed == []


def test_every_twin_in_c_stands_beside_its_reference() -> None:
    twins = list(PACKAGE.rglob("*.c"))
    assert twins
    assert [name(twin) for twin in twins if not twin.with_name(f"{twin.stem.removeprefix('_')}.py").is_file()] == []


def test_all_modules_to_compile_are_there() -> None:
    hooks = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]
    named = hooks["mypyc"]["include"]
    assert [path for path in named if not (ROOT / path.lstrip("/")).is_file()] == []
    assert named == sorted(named)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.kind}-{row.name}")
def test_every_option_of_every_component_says_what_it_is(row: Row) -> None:
    try:
        component = load(row)
    except MissingPackageError as error:
        pytest.skip(str(error))
    for option in option_fields(component.Options):
        assert len(f"{option.doc}{option.ignored or ''}") > 5, f"{component.__name__}.{option.name} has no doc"
        assert option.doc.endswith((".", "…")), f"{component.__name__}.{option.name}: its doc is no sentence"
    assert component.__doc__, f"{component.__name__} has no docstring"


def test_no_file_names_a_place_of_one_machine() -> None:
    needles = [f"/{folder}/".encode() for folder in ("work", "home/user", "Users")]
    found = [
        f"{name(path)}: {needle.decode()}" for path in repository_files() for needle in needles
        if re.search(rb"(?<![\w.}/*-])" + needle, path.read_bytes())
    ]  # fmt: skip
    assert found == []
