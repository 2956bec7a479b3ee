"""The two messages that stand beside Flume's files: `checkpoint.meta` and `log-N.meta`. Source: filechannel.proto."""

from dataclasses import dataclass

from flumepy.core.errors import InputError
from flumepy.formats.flume_log import protobuf

VERSION = 3
_CHECKPOINT = {1: "version", 2: "write_order", 3: "queue_size", 4: "queue_head"}
_LOG_FILE = {
    1: "version", 2: "file_id", 3: "checkpoint_position", 4: "checkpoint_write_order",
    6: "backup_position", 7: "backup_write_order",
}  # fmt: skip
_ENCRYPTION_FIELD = 5


@dataclass(frozen=True, slots=True)
class CheckpointMeta:
    """Which part of a checkpoint's ring is the queue."""

    version: int
    write_order: int
    queue_size: int
    queue_head: int


@dataclass(frozen=True, slots=True)
class Encryption:
    """How a data file is encrypted."""

    provider: str
    key_alias: str
    parameters: bytes


@dataclass(frozen=True, slots=True)
class LogFileMeta:
    """From where a data file is read after a checkpoint, and after the one before it."""

    version: int
    file_id: int
    checkpoint_position: int = 0
    checkpoint_write_order: int = 0
    backup_position: int = 0
    backup_write_order: int = 0
    encryption: Encryption | None = None


def read_checkpoint_meta(data: bytes) -> CheckpointMeta:
    """Parse `checkpoint.meta`. Raises InputError."""
    return CheckpointMeta(**protobuf.numbers(protobuf.delimited(data), _CHECKPOINT, required=4))


def read_log_file_meta(data: bytes) -> LogFileMeta:
    """Parse `log-N.meta`. Raises InputError."""
    message = protobuf.delimited(data)
    numbers = protobuf.numbers(message, _LOG_FILE, required=4)
    if numbers["version"] != VERSION:
        raise InputError(f"version {numbers['version']} is not {VERSION}")
    encryption = None
    for number, value in protobuf.fields(message):
        if number == _ENCRYPTION_FIELD and isinstance(value, bytes):
            encryption = _encryption(value)
    return LogFileMeta(**numbers, encryption=encryption)


def _encryption(data: bytes) -> Encryption:
    found = {number: value for number, value in protobuf.fields(data) if isinstance(value, bytes)}
    try:
        return Encryption(found[1].decode("utf-8"), found[2].decode("utf-8"), found[3])
    except (KeyError, UnicodeDecodeError) as error:
        raise InputError("the encryption of a message is malformed") from error
