"""`inflightputs` and `inflighttakes`: what transactions that were open at the checkpoint had put or taken.

Layout: MD5 of all that follows, then big-endian i64: transaction, count, count pointers, and so on; a pair (0, 0) means
nothing. Source: FlumeEventQueue.InflightEventWrapper.
"""

import hashlib
import sys
from array import array
from pathlib import Path

from flumepy.formats.flume_log.errors import BadCheckpointError

DIGEST_BYTES = 16


def read_in_flight(path: Path) -> dict[int, list[int]]:
    """Return pointers by transaction; none where the file is missing or empty. Raises BadCheckpointError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadCheckpointError(f"{path} cannot be read: {error.strerror}") from error
    if not data:
        return {}
    content = data[DIGEST_BYTES:]
    if hashlib.md5(content, usedforsecurity=False).digest() != data[:DIGEST_BYTES]:
        raise BadCheckpointError(f"the checksum of {path} is wrong")
    return _groups(content)


def _groups(content: bytes) -> dict[int, list[int]]:
    numbers = array("q", content[: len(content) // 8 * 8])
    if sys.byteorder == "little":
        numbers.byteswap()
    groups: dict[int, list[int]] = {}
    at = 0
    while at + 2 <= len(numbers):
        transaction, count = numbers[at], numbers[at + 1]
        at += 2
        pointers = numbers[at : at + max(0, count)].tolist()
        if pointers:
            # Flume writes a set, in any order; a transaction's puts stand in the files as they were put.
            groups.setdefault(transaction, []).extend(sorted(pointers))
        at += len(pointers)
    return groups
