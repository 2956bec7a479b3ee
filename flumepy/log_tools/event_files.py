"""Files of events: JSON Lines, Avro containers, plain lines. Read in batches; files are written whole or not at all."""

import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from flumepy.core.batch import Event, EventBatch
from flumepy.core.errors import InputError
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
_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2}
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d{1,9})")


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
def file_errors(path: Path, what: str) -> Iterator[None]:
    """Raise an OSError as InputError: the file that the user knows, and the reason alone."""
    try:
        yield
    except BrokenPipeError:
        raise  # whoever reads the pipe has seen enough: the command ends quietly, as with stdout
    except OSError as error:
        raise InputError(f"{path} cannot be {what}: {error.strerror or error}") from error


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Open a file that gets its name, durably, when the block ends well; behind a symlink its target is meant.

    `-` is stdout; a device or a pipe is written into as it goes, and stays. Raises InputError where the file exists and
    `force` is not set, or it cannot be written.
    """
    if path == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    stream = _open_stream(path)
    if stream is not None:
        with file_errors(path, "written"), stream:
            yield stream
        return
    if path.exists() and not force:
        raise InputError(f"{path} exists; --force overwrites it")
    target = Path(os.path.realpath(path))
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with file_errors(path, "written"):
            with draft.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if path.exists() and not force:
                raise InputError(f"{path} has come to be meanwhile; --force overwrites it")
            os.replace(draft, target)
            Disk().sync_folder(target.parent)
    finally:
        with suppress(OSError):
            draft.unlink()


def _open_stream(path: Path) -> BinaryIO | None:
    """Open what is no regular file, or one that this process has open already; None for a file to be made or replaced."""
    with file_errors(path, "written"):
        descriptor = _descriptor(path)
        if descriptor is not None:
            return os.fdopen(os.dup(descriptor), "wb")  # a socket cannot be opened by name, a file might be appended to
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(mode):
            raise InputError(f"{path} is a directory; name a file")
        return None if stat.S_ISREG(mode) else path.open("wb")


def _descriptor(path: Path) -> int | None:
    match = _DESCRIPTOR.fullmatch(str(path))
    return int(match[1]) if match else _STREAMS.get(str(path))


def format_of(path: Path) -> str:
    """Return the format of a file by how it begins. Raises InputError."""
    with file_errors(path, "read"), path.open("rb") as file:
        return "avro" if file.read(len(MAGIC)) == MAGIC else "jsonl"


def read_batches(
    paths: Sequence[Path], form: str | None, advance: Callable[[int], object] = lambda _: None
) -> Iterator[EventBatch]:
    """Iterate the events of files; the same files give the same batches. Raises InputError that names the file."""
    for path in paths:
        with file_errors(path, "read"), path.open("rb") as file:
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
