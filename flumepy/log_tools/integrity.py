"""FCINTEGRITYTOOL: damaged or refused events put out of the way, in Java's data files and in our own segments.

Java's records are voided in place after a copy to `<name>.bak`, as Flume's tool does; ours: see segment_integrity.
Source: FileChannelIntegrityTool, EventValidator.
"""

import importlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from flumepy.core.batch import Event
from flumepy.core.errors import ConfigurationError, InputError, translate
from flumepy.formats.flume_log import IntegrityCounts, verify_java_file
from flumepy.formats.flume_log.integrity import Validator
from flumepy.formats.flume_log.locks import locked
from flumepy.log.shelf import LOCK_NAME, SEGMENT_NAME, SPARE_NAME
from flumepy.log_tools.folders import Folders, holders, look_into
from flumepy.log_tools.repair import ASIDE
from flumepy.log_tools.segment_integrity import SegmentCheck

_LEFT_ALONE = (".meta", ".tmp", ".meta.old", ".bak")
_OURS = ("flumepy.", ASIDE, "java-")


def load_validator(path: str, settings: Mapping[str, str]) -> Validator:
    """Return what judges an event: `package.module.Name`, called with the -D settings, gives a function of an Event.

    Instead of a function it may give an object with `validate`. Raises ConfigurationError.
    """
    module_name, _, name = path.rpartition(".")
    if "$" in path or path.startswith(("org.apache.", "com.", "java.")):
        raise ConfigurationError(
            f"{path} is a Java class, which cannot run here; name a Python one (package.module.Name)"
        )
    if not module_name:
        raise ConfigurationError(f"{path!r} is no event validator; name one as package.module.Name")
    with translate({Exception: ConfigurationError}, f"the event validator {path} cannot be made"):
        made = getattr(importlib.import_module(module_name), name)(dict(settings))
        judge: Callable[[Event], bool] = made if callable(made) else made.validate
    return _judging(judge)


def _judging(judge: Callable[[Event], Any]) -> Validator:
    def validate(event: Event) -> bool:
        # Whatever a validator raises counts, and does not end the tool.
        with translate({Exception: InputError}, "the event validator"):
            return bool(judge(event))

    return validate


def check_integrity(
    folders: Iterable[Path], validator: Validator | None, say: Callable[[str], object]
) -> IntegrityCounts:
    """Check and mend all files of data directories. Raises StartError, ChannelError, InputError, ConfigurationError."""
    folders = list(dict.fromkeys(folders))
    for folder, holder in holders(folders).items():
        raise InputError(f"{folder} is in use by {holder}; stop it first. Nothing was changed")
    counts = IntegrityCounts()
    segments = False
    with locked(folder.resolve() for folder in folders):
        for folder in folders:
            for path in sorted(folder.iterdir()):
                if SEGMENT_NAME.match(path.name):
                    segments = True
                elif not _is_left_alone(path):
                    say(f"Checking for corruption in {path}")
                    counts += verify_java_file(path, validator=validator, repair=True)
    if segments:
        counts += SegmentCheck(look_into(Folders(tuple(folders))), validator, say).run()
    return counts


def _is_left_alone(path: Path) -> bool:
    name = path.name
    is_ours = name.startswith(_OURS) or SPARE_NAME.match(name) is not None
    return is_ours or name == LOCK_NAME or name.endswith(_LEFT_ALONE) or not path.is_file()
