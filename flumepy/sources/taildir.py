"""Tail many growing files found by regular expression, with positions kept in a JSON file. Source: TaildirSource."""

from pathlib import Path

from flumepy.core.component import Context
from flumepy.core.counters import SourceCounters
from flumepy.core.errors import ConfigurationError
from flumepy.core.folders import home_folder
from flumepy.core.later import LaterSource
from flumepy.core.options import opt
from flumepy.core.pollable_options import PollableOptions

DEFAULT_POSITION_FILE = ".flume/taildir_position.json"
UNLIMITED_BATCHES = (1 << 63) - 1


class TaildirOptions(PollableOptions):
    """Properties of the TAILDIR source."""

    filegroups: tuple[str, ...] = opt("filegroups", doc="Blank-separated names of groups of files.")
    paths: dict[str, str] = opt(
        "filegroups.", {}, doc="filegroups.<name>: absolute path whose last element is a Java regular expression."
    )
    headers: dict[str, str] = opt("headers.", {}, doc="headers.<name>.<header>: fixed headers of that group's events.")
    position_file: str | None = opt(
        "positionFile", None, doc="Where the positions are kept; default ~/.flume/taildir_position.json."
    )
    skip_to_end: bool = opt("skipToEnd", False, doc="Begin at the end of files that are there at start and not known.")
    byte_offset_header: bool = opt("byteOffsetHeader", False, doc="Add header byteoffset, where the line begins.")
    idle_timeout_ms: int = opt("idleTimeout", 120_000, unit="ms", doc="Close files that did not grow for so long.")
    write_position_interval_ms: int = opt("writePosInterval", 3000, unit="ms", doc="How often positions are written.")
    batch_size: int = opt("batchSize", 100, unit="events", doc="Most lines in one transaction.")
    max_batch_count: int = opt(
        "maxBatchCount", UNLIMITED_BATCHES, long=True, ge=1, on_bad="default_outside", since="1.9", unit="batches",
        doc="Most batches in a row from one file, so that a busy one does not starve the others.",
    )  # fmt: skip
    cache_pattern_matching: bool = opt("cachePatternMatching", True, doc="List a folder again only when it changed.")
    file_header: bool = opt("fileHeader", False, doc="Add a header with the file's absolute path.")
    file_header_key: str = opt("fileHeaderKey", "file", doc="Name of that header.")


class TaildirSource(LaterSource[TaildirOptions]):
    """Tails groups of files."""

    Options = TaildirOptions
    type_name = "TAILDIR"

    def __init__(self, context: Context, options: TaildirOptions) -> None:
        super().__init__(context, options)
        self.counters = SourceCounters(context.name)
        self.declared_batch_size = options.batch_size
        self.paths = {name: options.paths[name] for name in options.filegroups if name in options.paths}
        if not self.paths:
            raise ConfigurationError("Mapping for tailing files is empty or invalid: 'filegroups.'", key="filegroups")
        for name in sorted(set(options.filegroups) - set(self.paths)):
            self.warn(f"group {name!r} has no path and is skipped", key=f"filegroups.{name}")
        for name in sorted(set(options.paths) - set(options.filegroups)):
            self.warn("is not listed in 'filegroups' and has no effect", key=f"filegroups.{name}")
        for key in options.headers:
            if "." not in key:
                raise ConfigurationError("needs the name of a header: headers.<group>.<header>", key=f"headers.{key}")
        self.position_file = Path(options.position_file or f"{home_folder(context)}/{DEFAULT_POSITION_FILE}")
        if "/" not in str(options.position_file or "/"):
            raise ConfigurationError("needs a folder in front of the name, such as ./ (Flume fails without one)",
                                     key="positionFile")  # fmt: skip
        _check_folder(self.position_file)


def _check_folder(position_file: Path) -> None:
    """Refuse what cannot become a folder; the folder itself is made at start."""
    nearest = next(folder for folder in position_file.parents if folder.exists())
    if not nearest.is_dir():
        raise ConfigurationError(f"Error creating positionFile parent directories: {nearest} is not a folder",
                                 key="positionFile")  # fmt: skip
