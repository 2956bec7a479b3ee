"""Who uses a folder: the process that holds a record lock on its lock file, and how that was started."""

import os
import struct
from contextlib import suppress
from dataclasses import dataclass
from fcntl import F_GETLK, F_UNLCK, F_WRLCK, fcntl
from pathlib import Path

#: l_type, l_whence, l_start, l_len, l_pid as the C compiler lays them out
_FLOCK = struct.Struct("hhqqi4x")
COMMAND_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that uses a folder; `process` 0 or less where it cannot be told."""

    process: int
    command: str = ""

    def __str__(self) -> str:
        who = f"process {self.process}" if self.process > 0 else "another process"
        return f"{who} ({self.command})" if self.command else who


def holder_of(descriptor: int) -> Holder | None:
    """Return the other process that has locked an open file, if one has, as far as the file system tells."""
    with suppress(OSError):
        answer = fcntl(descriptor, F_GETLK, _FLOCK.pack(F_WRLCK, os.SEEK_SET, 0, 0, 0))
        kind, _, _, _, process = _FLOCK.unpack(answer)
        return None if kind == F_UNLCK else named(process)
    return None


def named(process: int) -> Holder:
    """Return a process with its command, as far as /proc tells."""
    with suppress(OSError):
        words = Path(f"/proc/{process}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        return Holder(process, " ".join(" ".join(words).split())[:COMMAND_CHARACTERS])
    return Holder(process)


def already_locked(folder: Path, holder: Holder | None, advice: str = "") -> str:
    """Return what to say of a folder that is locked, first in Flume's words. `holder` None: it has just ended."""
    who = holder or Holder(0)
    return f"Cannot lock {folder}. The directory is already locked. It is in use by {who}; stop it first{advice}"
