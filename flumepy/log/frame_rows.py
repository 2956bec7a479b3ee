"""Walking over the heads of plain frames, from one to the next: what a start without a checkpoint spends its time with.

In C where flumepy was compiled (`_frame_rows.c`, 10 ns a frame), else here (300 ns); `row_end` means what stands here. Who
walks in Python does well to look for equal frames first, see `stride`; where IS_QUICK, that is not worth the while.
"""

import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from flumepy.log.disk import Buffer

__all__ = ["HEAD_BYTES", "IS_QUICK", "MAGIC", "row_end"]

MAGIC: Final = b"\xf1\x7e"
HEAD_BYTES: Final = 44
IS_QUICK = False
#: magic, kind, length of the payload, count, position, first sequence number
_HEAD = struct.Struct("<HBxI4xIQQ")
_MAGIC_NUMBER = int.from_bytes(MAGIC, "little")


def row_end(data: Buffer, position: int, offset: int, sequence: int, kind: int, most_bytes: int) -> tuple[int, int]:
    """Return where a row of frames of this kind ends that goes on at `offset`, and the sequence number behind it.

    `data` begins at this position; the row ends when it is about `most_bytes` long. A frame belongs to it if a head of the
    right place, with the right number, stands behind it; that says as much of its length and count as its checksum would.
    """
    end, behind = offset, sequence
    stop = min(len(data) - HEAD_BYTES, offset + most_bytes)
    unpack = _HEAD.unpack_from
    while offset <= stop:
        magic, its_kind, payload_bytes, count, stated, number = unpack(data, offset)
        if stated != position + offset or number != sequence or magic != _MAGIC_NUMBER:
            break
        end, behind = offset, sequence
        if its_kind != kind or not count:
            break
        offset += HEAD_BYTES + payload_bytes
        sequence += count
    return end, behind


if not TYPE_CHECKING:
    with suppress(ImportError):
        from flumepy.log._frame_rows import row_end

        IS_QUICK = True
