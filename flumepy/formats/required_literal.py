r"""Text that every match of a pattern contains, and the events of a batch that have it: a cheap look before a real search.

Finding a literal in many joined bodies costs a fraction of one search per body. What is found this way is a superset: the
caller still searches those bodies. The literal is ASCII, as such a character of a decoded body is the same byte in the
body, whatever was malformed around it. It is read off the translation for any text, not off the plain one, where "[Kß]"
has become "K". Only top-level text counts; groups, classes and everything that may be absent end a run.
"""

import re
from bisect import bisect_right
from itertools import accumulate

from flumepy.core.batch import EventBatch
from flumepy.core.line_text import LINE_FEED, LineText

SPAN_EVENTS = 2048
#: looked at first, so that little is lost where the literal is everywhere
FIRST_EVENTS = 128
LEAST_BYTES = 2
#: a literal in more than one of so many events does not pay
SPARSE = 4

_TOKEN = re.compile(
    r"""(?P<skip>\[\^?\]?(?:\\.|[^\\\]])*\])  # a class
    |\\x(?P<code>[0-7][0-9a-f])
    |\\(?P<escaped>[^\w])
    |(?P<other>\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[0-9]+|.))
    |(?P<quantifier>[*+?]|\{[0-9]*,?[0-9]*\})
    |(?P<bracket>[()|])
    |(?P<anchor>[.^$])
    |(?P<character>.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)


def required_literal(pattern: re.Pattern[str]) -> bytes:
    """Return the longest known ASCII text that is in every match of a translated pattern, or b"" where none is known."""
    if pattern.flags & (re.IGNORECASE | re.VERBOSE):
        return b""
    runs = [""]
    depth = 0
    for token in _TOKEN.finditer(pattern.pattern):
        bracket = token["bracket"]
        if bracket == "|" and not depth:
            return b""
        depth += {"(": 1, ")": -1}.get(bracket or "", 0)
        if depth or bracket:
            runs.append("")
            continue
        character = chr(int(token["code"], 16)) if token["code"] else token["escaped"] or token["character"]
        if character and character.isascii():
            runs[-1] += character
            continue
        if token["quantifier"]:
            runs[-1] = runs[-1][:-1]
        runs.append("")
    return max(runs, key=len).encode("ascii")


def may_contain(literal: bytes, batch: EventBatch) -> list[int] | None:
    """Return the indexes of all events with `literal` in the body, in order, and perhaps some others.

    None where it does not pay: the literal is too short, or in more than a quarter of the events.
    """
    if len(literal) < LEAST_BYTES:
        return None
    entries = batch.bodies if batch.lines is None else batch.lines
    found: list[int] = []
    start, stop = 0, FIRST_EVENTS
    while start < len(entries):
        indexes = _in_span(literal, entries[start:stop])
        if indexes is None:
            return None
        found += [start + index for index in indexes]
        start, stop = stop, stop + SPAN_EVENTS
    return found


def _in_span(literal: bytes, entries: list[bytes]) -> list[int] | None:
    whole = b"".join(entries)
    place = whole.find(literal)
    if place < 0:
        return []
    ends = list(accumulate(map(len, entries)))
    found: list[int] = []
    most = len(entries) // SPARSE
    while place >= 0:
        if len(found) >= most:
            return None
        index = bisect_right(ends, place)
        found.append(index)
        # From the start of the next entry, so that a find across two entries hides none.
        place = whole.find(literal, ends[index])
    return found


def lines_that_may_contain(literal: bytes, lines: LineText) -> list[tuple[int, int]] | None:
    """Return where each line of a text with `literal` in it begins and ends, in order, without cutting the others.

    None where it does not pay, as above, or where the literal has a line feed in it.
    """
    if len(literal) < LEAST_BYTES or LINE_FEED in literal:
        return None
    text, found = lines.text, list[tuple[int, int]]()
    place = text.find(literal)
    while place >= 0:
        # As many lines as lie before it if all are equally long, so that little is lost where the literal is everywhere.
        if SPARSE * len(found) >= FIRST_EVENTS + place * lines.count // len(text):
            return None
        stop = text.index(LINE_FEED, place) + 1
        found.append((text.rfind(LINE_FEED, 0, place) + 1, stop))
        place = text.find(literal, stop)
    return found
