"""Plugins: components that others wrote, found by name.

Three doors, one mechanism (a catalog row with a Python path): entry points of installed packages in the groups
`flumepy.<kind>s`; folders below a plugins directory, each put at the end of sys.path with its `lib` and `libext`, and with
an optional `entry_points.txt` in the same form; and a dotted path written as `type`. Built-in names come first and nothing
is searched before one failed; a name that is a built-in one's or another plugin's is warned about when it is seen.
"""

import configparser
import importlib.metadata
import importlib.util
import logging
import sys
from functools import lru_cache
from pathlib import Path

from flumepy.config.catalog import Row, find_builtin
from flumepy.core.errors import ConfigurationError, naming_key, translate

log = logging.getLogger("flumepy.plugins")

PREFIX = "flumepy."

_folders: list[Path] = []


def add_plugins_path(paths: str) -> list[str]:
    """Use the plugin folders below these colon-separated directories; return the plugins' names."""
    found: list[Path] = []
    for path in filter(None, paths.split(":")):
        directory = Path(path).expanduser().absolute()
        if not directory.is_dir():
            log.warning("--plugins-path %s: there is no such directory.", path)
        found += sorted(folder for folder in directory.glob("*/") if folder.is_dir())
    for folder in found:
        # Last, so that no plugin hides a module that flumepy needs.
        sys.path += [str(place) for place in (folder, folder / "lib", folder / "libext")
                     if place.is_dir() and str(place) not in sys.path]  # fmt: skip
    _folders.extend(folder for folder in found if folder not in _folders)
    importlib.invalidate_caches()
    _entry_points.cache_clear()
    for group in {group for folder in found for group in _listing(folder)}:
        _entry_points(group)  # says now which names cannot be used
    return [folder.name for folder in found]


def find(kind: str, type_name: str) -> Row | None:
    """Return a row for a plugin's name or a dotted Python path, or None. Raises ConfigurationError."""
    if (path := _entry_points(f"{PREFIX}{kind}s").get(type_name.lower())) is not None:
        return Row(kind, type_name, path, (type_name,), is_plugin=True)
    module, separator, name = type_name.removesuffix("$Builder").replace(":", ".").rpartition(".")
    if separator and all(part.isidentifier() for part in module.split(".")) and _is_importable(module):
        return Row(kind, type_name, f"{module}:{name}", (type_name,), is_plugin=True)
    return None


def _is_importable(module: str) -> bool:
    # Looking for a.b imports a, which may fail in any way.
    with naming_key("type"), translate({Exception: ConfigurationError}, f"{module} cannot be imported"):
        try:
            return importlib.util.find_spec(module) is not None
        except ModuleNotFoundError as error:
            if error.name is None or not f"{module}.".startswith(f"{error.name}."):
                raise
            return False


@lru_cache(maxsize=64)
def _entry_points(group: str) -> dict[str, str]:
    """Return lower-case name -> path of everything that is installed or lies in a plugin folder."""
    kind = group.removeprefix(PREFIX).removesuffix("s")
    places = [(point.name, point.value, point.dist.name if point.dist else "a package")
              for point in importlib.metadata.entry_points(group=group)]  # fmt: skip
    for folder in _folders:
        places += [(name, path, str(folder)) for name, path in _listing(folder).get(group, {}).items()]
    known: dict[str, str] = {}
    for name, value, origin in places:
        path = value.partition("[")[0].replace(" ", "")
        if find_builtin(kind, name) is not None:
            log.warning("The %s %r of plugin %s has a built-in name; the built-in one is used.", kind, name, origin)
        elif known.get(name.lower(), path) != path:
            log.warning("The %s %r of plugin %s has the name of another plugin's and is not used.", kind, name, origin)
        else:
            known[name.lower()] = path
    return known


@lru_cache(maxsize=64)
def _listing(folder: Path) -> dict[str, dict[str, str]]:
    """Return group -> name -> path of a plugin folder's entry_points.txt, nothing where it cannot be read."""
    listing = configparser.ConfigParser(delimiters=("=",), interpolation=None, default_section="")
    try:
        listing.read(folder / "entry_points.txt", encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError) as error:
        log.error("%s cannot be used: %s", folder / "entry_points.txt", " ".join(str(error).split()))
        return {}
    return {group: dict(listing.items(group)) for group in listing.sections()}
