"""Plugins: components that others wrote, found by name.

Three doors, one mechanism (a catalog row with a Python path): entry points of installed packages in the groups
`flumepy.<kind>s`; folders below a plugins directory, each put on sys.path with its `lib` and `libext`, and with an optional
`entry_points.txt` in the same form; and a dotted path written as `type`. Nothing is searched before a built-in name failed.
"""

import configparser
import importlib.metadata
import importlib.util
import sys
from functools import lru_cache
from pathlib import Path

from flumepy.config.catalog import Row

_folders: list[Path] = []


def add_plugins_path(paths: str) -> list[str]:
    """Use the plugin folders below these colon-separated directories; return the plugins' names."""
    found: list[str] = []
    for path in filter(None, paths.split(":")):
        for folder in sorted(Path(path).expanduser().glob("*/")):
            _folders.append(folder)
            found.append(folder.name)
            for place in (folder / "libext", folder / "lib", folder):
                if place.is_dir() and str(place) not in sys.path:
                    sys.path.insert(0, str(place))
    importlib.invalidate_caches()
    _entry_points.cache_clear()
    return found


def find(kind: str, type_name: str) -> Row | None:
    """Return a row for a plugin's name or a dotted Python path, or None."""
    if (path := _entry_points(f"flumepy.{kind}s").get(type_name.lower())) is not None:
        return Row(kind, type_name, path, (type_name,), is_plugin=True)
    module, separator, name = type_name.removesuffix("$Builder").replace(":", ".").rpartition(".")
    if separator and module.replace(".", "").isidentifier() and _is_importable(module):
        return Row(kind, type_name, f"{module}:{name}", (type_name,), is_plugin=True)
    return None


def _is_importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


@lru_cache(maxsize=64)
def _entry_points(group: str) -> dict[str, str]:
    """Return lower-case name -> path of everything that is installed or lies in a plugin folder."""
    known = {point.name.lower(): point.value for point in importlib.metadata.entry_points(group=group)}
    for folder in _folders:
        listing = configparser.ConfigParser(delimiters=("=",), interpolation=None)
        listing.read(folder / "entry_points.txt", encoding="utf-8")
        if listing.has_section(group):
            known.update(listing.items(group))
    return known
