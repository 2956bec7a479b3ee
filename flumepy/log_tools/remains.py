"""What the bytes of a segment tell by themselves: its header, the head of a damaged frame, what an older life left."""

from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from flumepy.core.errors import StartError
from flumepy.event_log.frames import GAP, PUT, TAKE
from flumepy.log.checksum import crc32c
from flumepy.log.frame import CHECKED_BYTES, HEAD
from flumepy.log.frame_rows import MAGIC
from flumepy.log.segment import HEADER_BYTES, SegmentHeader
from flumepy.log_tools.words import counted

KIND_NAMES = {TAKE: "a frame that a take left", GAP: "a repaired gap"}


def first_sequence(segments: list[tuple[int, Path]], start: int = 0) -> int | None:
    """Return the sequence number with which the first segment begins, if its header can be read."""
    if segments and segments[0][0] == 0 == start:
        return 0  # no event was before
    behind = [path for (_, path), (stop, _) in pairwise(segments) if stop > start]
    for path in [*behind, *(path for _, path in segments[-1:])][:1]:
        return header_sequence(path)
    return None


def header_sequence(path: Path) -> int | None:
    """Return the sequence number with which a segment begins, if its header can be read."""
    with suppress(OSError, StartError), path.open("rb") as file:
        header = SegmentHeader.decode(file.read(HEADER_BYTES), path)
        return header.sequence if header is not None else None
    return None


def what_stands(data: bytes, position: int) -> tuple[str, int | None, int]:
    """Return why these bytes are no frame, and where its head is sound how many events it had, and its length."""
    if len(data) >= HEAD.size:
        magic, kind, _, length, _, count, stated, _, _, head_crc = HEAD.unpack_from(data)
        if magic == MAGIC and stated == position and crc32c(data[:CHECKED_BYTES]) == head_crc:
            what = KIND_NAMES.get(kind, f"a frame of kind {kind}")
            if kind == PUT:
                what = f"a frame of {counted(count, 'event')}"
            return f"{what} has a wrong checksum", count, HEAD.size + length
    return "no frame begins where one should", None, 0


def holds_old_frame(data: bytes, position: int) -> bool:
    """Tell whether the head of a frame from before this segment stands here: the file was used before."""
    at = data.find(MAGIC)
    while 0 <= at <= len(data) - HEAD.size:
        *_, stated, _, _, head_crc = HEAD.unpack_from(data, at)
        if stated < position and crc32c(data[at : at + CHECKED_BYTES]) == head_crc:
            return True
        at = data.find(MAGIC, at + 1)
    return False
