"""Modules whose loops have a twin in C: the same module without its twin."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType


def in_python(module: ModuleType) -> ModuleType:
    """Return a second copy of a module, which cannot see its twin."""
    package, _, stem = module.__name__.rpartition(".")
    assert module.__file__ is not None
    spec = spec_from_file_location(f"{stem}_in_python", module.__file__)
    assert spec is not None
    assert spec.loader is not None
    copy, twin = module_from_spec(spec), f"{package}._{stem}"
    hidden = sys.modules.get(twin)
    sys.modules[twin] = None  # type: ignore[assignment]
    try:
        spec.loader.exec_module(copy)
    finally:
        del sys.modules[twin]
        if hidden is not None:
            sys.modules[twin] = hidden
    return copy
