"""FCINTEGRITYTOOL: which records of a data file are damaged, and their voiding.

A voided record has its op byte overwritten with 0x00; readers skip it by its length. Unlike Flume's tool this one reads
encrypted files, and version 2 (in which nothing is voided), and leaves records alone whose length is damaged too: skipping
by it would lose the rest of the file. Source: FileChannelIntegrityTool, LogFile.OperationRecordUpdater.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

from flumepy.core.batch import Event
from flumepy.core.errors import InputError, translate
from flumepy.formats.flume_log.data_file import open_data_file
from flumepy.formats.flume_log.data_file_v3 import DataFileV3
from flumepy.formats.flume_log.errors import CorruptLogError, Report
from flumepy.formats.flume_log.records import OP_RECORD, OP_VOIDED, PUT, DataFile
from flumepy.formats.flume_log.window import Window

Validator = Callable[[Event], bool]
_RULE = "---------------------------------------"


@dataclass(frozen=True, slots=True)
class IntegrityCounts:
    """What was found in one file, or in several together."""

    #: all records, damaged ones too, and one for the end of each file, as in Flume
    records: int = 0
    puts: int = 0
    valid_puts: int = 0
    invalid_puts: int = 0
    validator_errors: int = 0
    corrupt: int = 0

    def __add__(self, other: "IntegrityCounts") -> "IntegrityCounts":
        return IntegrityCounts(*map(sum, zip(astuple(self), astuple(other), strict=True)))

    def summary(self) -> list[str]:
        """Return the lines that Flume's tool ends with."""
        return [
            "---------- Summary --------------------",
            f"Number of Events in the Channel = {self.records}",
            f"Number of Put Events Processed = {self.puts}",
            f"Number of Valid Put Events = {self.valid_puts}",
            f"Number of Invalid Put Events = {self.invalid_puts}",
            f"Number of Put Events that threw Exception during validation = {self.validator_errors}",
            f"Number of Corrupt Events = {self.corrupt}",
            _RULE,
        ]


def verify_java_file(
    path: Path,
    *,
    keys: Mapping[str, bytes] | None = None,
    validator: Validator | None = None,
    repair: bool = False,
    damages: list[CorruptLogError] | None = None,
) -> IntegrityCounts:
    """Read every record of a `log-N`; with `repair` void those damaged or refused, after a copy to `<name>.bak`.

    `validator` may refuse a put, or raise InputError for it. `damages` gets what was found. Raises InputError,
    ConfigurationError, MissingPackageError.
    """
    # A file without a usable name is read all the same: its id matters to pointers only.
    file = open_data_file(path, 0, keys, Report(tolerant=True))
    if file is None:
        return IntegrityCounts(records=1)
    scan = _Scan(file, validator)
    scan.run()
    if damages is not None:
        damages += scan.damages
    if repair and scan.bad and isinstance(file, DataFileV3):
        with translate({OSError: InputError}, f"{path} cannot be copied"):
            shutil.copyfile(path, path.with_name(f"{path.name}.bak"))
        for offset in scan.bad:
            void_record(path, offset)
    return IntegrityCounts(*scan.counts)


def void_record(path: Path, offset: int) -> None:
    """Overwrite the op byte of a record with 0x00, and sync. Raises InputError where there is no record."""
    with translate({OSError: InputError}, f"{path} cannot be changed"), path.open("r+b") as file:
        file.seek(offset)
        op = file.read(1)
        if op not in (bytes([OP_RECORD]), bytes([OP_VOIDED])):
            raise InputError(f"{path} has no record at byte {offset}; nothing was changed")
        file.seek(offset)
        file.write(bytes([OP_VOIDED]))
        file.flush()
        os.fsync(file.fileno())


class _Scan(Report):
    """One pass over a file. `bad`: offsets to void."""

    def __init__(self, file: DataFile, validator: Validator | None) -> None:
        super().__init__(tolerant=True)
        self._file = file
        self._validator = validator
        self.bad: list[int] = []
        self.damages: list[CorruptLogError] = []
        self._records = 1
        self._valid = self._invalid = self._raised = 0

    @property
    def counts(self) -> tuple[int, ...]:
        """Return the fields of IntegrityCounts."""
        puts = self._valid + self._invalid + self._raised
        return self._records + self.corrupt, puts, self._valid, self._invalid, self._raised, self.corrupt

    def damage(self, error: CorruptLogError, *, is_live: bool = False) -> None:
        """Count a damaged record."""
        self.corrupt += 1
        self.damages.append(error)
        if error.length_is_sound:
            self.bad.append(error.offset)

    def run(self) -> None:
        """Read all records."""
        with Window(self._file.path) as window:
            for kind, offset, *_ in self._file.records(self._file.start(-1), self):
                if kind != PUT:
                    self._records += 1
                    continue
                try:
                    event = self._file.read(window, offset)
                except CorruptLogError as error:
                    self.damage(error)
                    continue
                self._records += 1
                if event is not None:
                    self._check(Event(event.body, event.headers), offset)

    def _check(self, event: Event, offset: int) -> None:
        try:
            is_valid = self._validator is None or self._validator(event)
        except InputError:
            self._raised += 1
            self.bad.append(offset)
            return
        if is_valid:
            self._valid += 1
        else:
            self._invalid += 1
            self.bad.append(offset)
