"""Files of events: JSON Lines, Avro containers, plain lines. Written whole or not at all, read in batches."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from flumepy.core.batch import Event, EventBatch
from flumepy.core.errors import InputError, translate
from flumepy.formats.avro_container import MAGIC
from flumepy.formats.avro_event import SCHEMA, encode_events
from flumepy.formats.avro_event import read_events as read_avro
from flumepy.formats.avro_writer import ContainerWriter
from flumepy.formats.event_json import encode_json, read_json
from flumepy.log.disk import Disk

FORMATS = ("jsonl", "avro", "lines")
STDOUT = Path("-")
BATCH_EVENTS = 1000
BATCH_BYTES = 1024 * 1024
_AVRO_BLOCK_BYTES = 64 * 1024


class EventWriter:
    """Encodes events in one of the formats."""

    def __init__(self, form: str) -> None:
        self._form = form
        self._avro = ContainerWriter(SCHEMA, "null", _AVRO_BLOCK_BYTES)
        self.split = 0  #: events whose body has line feeds, and so comes back as several from plain lines

    def begin(self) -> bytes:
        """Return what a file begins with."""
        return self._avro.begin() if self._form == "avro" else b""

    def encode(self, batch: EventBatch) -> bytes:
        """Return the bytes of a batch."""
        if self._form == "avro":
            return b"".join(self._avro.append(encode_events(batch)))
        if self._form == "jsonl":
            return b"".join(encode_json(batch))
        self.split += sum([b"\n" in body for body in batch.bodies])
        return b"".join([body + b"\n" for body in batch.bodies])

    def end(self) -> bytes:
        """Return what is still open."""
        return self._avro.flush() if self._form == "avro" else b""


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Open a file that gets its name, durably, when the block ends well; `-` is stdout.

    Raises InputError where the file exists and `force` is not set, or it cannot be written.
    """
    if path == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if path.exists() and not force:
        raise InputError(f"{path} exists; --force overwrites it")
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with translate({OSError: InputError}, f"{path} cannot be written"):
            with draft.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if path.exists() and not force:
                raise InputError(f"{path} has come to be meanwhile; --force overwrites it")
            os.replace(draft, path)
            Disk().sync_folder(path.absolute().parent)
    finally:
        with suppress(OSError):
            draft.unlink()


def format_of(path: Path) -> str:
    """Return the format of a file by how it begins. Raises InputError."""
    with translate({OSError: InputError}, f"{path} cannot be read"), path.open("rb") as file:
        return "avro" if file.read(len(MAGIC)) == MAGIC else "jsonl"


def read_batches(
    paths: Sequence[Path], form: str | None, advance: Callable[[int], object] = lambda _: None
) -> Iterator[EventBatch]:
    """Iterate the events of files; the same files give the same batches. Raises InputError that names the file."""
    for path in paths:
        with translate({OSError: InputError}, f"{path} cannot be read"), path.open("rb") as file:
            done = 0
            try:
                for batch in _batches(_READERS[form or format_of(path)](file)):
                    yield batch
                    advance(file.tell() - done)
                    done = file.tell()
            except InputError as error:
                raise InputError(f"{path}: {error}") from error


def _batches(events: Iterator[Event]) -> Iterator[EventBatch]:
    held: list[Event] = []
    size = 0
    for event in events:
        if held and (len(held) == BATCH_EVENTS or size + len(event.body) > BATCH_BYTES):
            yield EventBatch.from_events(held)
            held, size = [], 0
        held.append(event)
        size += len(event.body)
    if held:
        yield EventBatch.from_events(held)


def _read_lines(file: BinaryIO) -> Iterator[Event]:
    return (Event(line.removesuffix(b"\n")) for line in file)


_READERS: dict[str, Callable[[BinaryIO], Iterator[Event]]] = {
    "jsonl": read_json,
    "avro": read_avro,
    "lines": _read_lines,
}
