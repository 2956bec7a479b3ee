"""Loops over bytes that no function of Python runs at the speed of memory: in C where flumepy was compiled, else here.

Each has one meaning, which is what stands here; `_byte_loops.c` is the same, three to fifteen times as fast, and takes its
place where `scripts/compile` or a wheel has built it. What is here makes the most of CPython's own loops: taking line feeds
out uses memchr, while bytes.count looks at every byte.
"""

from contextlib import suppress
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING

__all__ = ["FEW_LINES", "behind_line_feed", "count_line_feeds", "cut_like_texts"]

_LINE_FEED = b"\n"
# Integers: `in` raises and forgets an error inside before it looks for bytes.
_QUOTE, _BACKSLASH = b'"\\'
FEW_LINES = 128  # are passed one by one in the time in which some kilobytes are searched


def count_line_feeds(text: bytes, start: int, stop: int) -> int:
    """Return how many line feeds are in text[start:stop], with 0 <= start."""
    part = text[start:stop]
    return len(part) - len(part.replace(_LINE_FEED, b""))


def behind_line_feed(text: bytes, start: int, stop: int, number: int) -> int:
    """Return the place behind so many line feeds of text[start:stop], with 0 <= start.

    Raises ValueError where there are fewer.
    """
    if number <= FEW_LINES:
        reader = BytesIO(text)
        reader.seek(start)
        lines = list(islice(reader, number))
        place = start + sum(map(len, lines))
        if place <= stop and len(lines) == number and (not lines or lines[-1].endswith(_LINE_FEED)):
            return place
        raise ValueError("the text has fewer lines")
    # Without the line feeds before it, the one that is looked for comes first.
    rest = text[start:stop].replace(_LINE_FEED, b"", number - 1)
    return start + number + rest.index(_LINE_FEED)


def cut_like_texts(data: bytes, start: int, prefix: bytes, separator: bytes, tail: bytes) -> tuple[bytes, int] | None:
    """Return the texts of data[start:] as lines, and their number.

    The data is prefix, texts with a separator between them, tail; the separator begins with a quote. None where it is not,
    where there are fewer than two texts, or where a text has a quote, a backslash or a line feed in it.
    """
    text_start, text_stop = start + len(prefix), len(data) - len(tail)
    if text_stop < text_start or not (data.startswith(prefix, start) and data.endswith(tail)):
        return None
    texts = data[text_start:text_stop].split(separator)
    lines = _LINE_FEED.join([*texts, b""])
    if len(texts) < 2 or _QUOTE in lines or _BACKSLASH in lines or count_line_feeds(lines, 0, len(lines)) > len(texts):
        return None
    return lines, len(texts)


if not TYPE_CHECKING:
    with suppress(ImportError):
        from flumepy.core._byte_loops import behind_line_feed, count_line_feeds, cut_like_texts
