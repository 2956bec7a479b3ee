"""The events of a case and the check that what arrived is what was sent.

A line is 100 bytes with its newline and begins with its number, so every line is unique and loss, doubling, reordering
and damage all show. One line in twenty says DEBUG: the case with interceptors drops those.
"""

import os
from pathlib import Path

LINE_BYTES = 100
COMPARE_BYTES = 4 << 20
CYCLE = 20
DEBUG_POSITION = 7
TEXT = b"app[4711]: GET /catalogue/items?page=3 answered 200 in 12 ms, client 192.0.2.17"


def write_lines(path: Path, count: int, *, without_debug: bool = False) -> None:
    """Write `count` numbered lines, a multiple of 20, or only those that the interceptor case lets through."""
    kept = [position for position in range(CYCLE) if not (without_debug and position == DEBUG_POSITION)]
    template = b"".join(_line_template(position) for position in kept)
    with open(path, "wb") as out:
        for start in range(0, count, CYCLE):
            out.write(template % tuple(start + position for position in kept))


def _line_template(position: int) -> bytes:
    level = b"DEBUG " if position == DEBUG_POSITION else b"INFO "
    text = level + TEXT
    return b"%012d " + text.ljust(LINE_BYTES - 14, b".")[: LINE_BYTES - 14] + b"\n"


def differs(path: Path, base: int, expected: Path, offset: int, length: int) -> str:
    """Compare `length` bytes of `path` from `base` with `expected` from `offset`; return "" or where they part."""
    with open(path, "rb") as got, open(expected, "rb") as wanted:
        for done in range(0, length, COMPARE_BYTES):
            size = min(COMPARE_BYTES, length - done)
            ours = os.pread(got.fileno(), size, base + done)
            theirs = os.pread(wanted.fileno(), size, offset + done)
            if ours != theirs:
                first = next((at for at, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), len(ours))
                return f"differs from what was sent at line {(offset + done + first) // LINE_BYTES}"
    return ""


def differs_by_stream(path: Path, base: int, expected: Path, streams: int) -> str:
    """Check lines that came over several connections: each connection's own lines are complete and in order."""
    wanted = expected.read_bytes()
    per_stream = len(wanted) // streams // LINE_BYTES
    with open(path, "rb") as got:
        content = os.pread(got.fileno(), len(wanted), base)
        while len(content) < len(wanted) and (
            more := os.pread(got.fileno(), len(wanted) - len(content), base + len(content))
        ):
            content += more
    arrived: list[list[bytes]] = [[] for _ in range(streams)]
    try:
        for line in content.splitlines(keepends=True):
            arrived[int(line[:12]) // per_stream].append(line)
    except (ValueError, IndexError):
        return "holds a line that was never sent"
    if b"".join(b"".join(lines) for lines in arrived) != wanted:
        return "the lines of a connection are not complete or not in order"
    return ""
