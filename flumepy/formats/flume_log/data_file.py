"""Opens a `log-N` of either version.

A `.meta` beside it says version 3. The writer of Flume leaves `.meta.tmp` and `.meta.meta.old` behind where it was
interrupted, its recovery looks for `.tmp` and `.meta.old`: all four stand in for a missing `.meta`.
Source: LogFileFactory, Serialization.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from flumepy.core.errors import InputError, translate
from flumepy.formats.flume_log.data_file_v2 import VERSION as VERSION_2
from flumepy.formats.flume_log.data_file_v2 import DataFileV2
from flumepy.formats.flume_log.data_file_v3 import DataFileV3
from flumepy.formats.flume_log.errors import Report
from flumepy.formats.flume_log.messages import LogFileMeta, read_log_file_meta
from flumepy.formats.flume_log.records import OP_FILLER, DataFile

NAME = re.compile(r"log-([0-9]{1,10})")
META_SUFFIXES = (".meta", ".meta.tmp", ".tmp", ".meta.meta.old", ".meta.old")
MOST_META_BYTES = 64 * 1024


def open_data_file(path: Path, file_id: int, keys: Mapping[str, bytes] | None, report: Report) -> DataFile | None:
    """Return a data file, or None for one without any record. Raises InputError, ConfigurationError, MissingPackageError."""
    with translate({OSError: InputError}, f"{path} cannot be read"):
        with path.open("rb") as file:
            first = file.read(4)
        if not first:
            return None
        meta = _meta(path, report)
        if meta is None and int.from_bytes(first, "big") == VERSION_2:
            return DataFileV2(path, file_id)
        if meta is None and first[0] == OP_FILLER:
            return None
        if meta is None:
            report.say(f"{path} has no .meta file that can be read; it is read from its start, unencrypted.")
        elif meta.file_id != file_id:
            report.say(f"{path} has the .meta file of log-{meta.file_id}; the file's name counts.")
        return DataFileV3(path, file_id, meta, keys)


def _meta(path: Path, report: Report) -> LogFileMeta | None:
    for suffix in META_SUFFIXES:
        candidate = path.with_name(path.name + suffix)
        try:
            with candidate.open("rb") as file:
                meta = read_log_file_meta(file.read(MOST_META_BYTES))
        except FileNotFoundError:
            continue
        except InputError as error:
            report.say(f"{candidate} cannot be used: {error}.")
            continue
        if suffix != META_SUFFIXES[0]:
            report.say(f"{path.name}.meta is missing or damaged; {candidate} is used in its place.")
        return meta
    return None
