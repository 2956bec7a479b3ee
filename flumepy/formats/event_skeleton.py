"""Cut a JSON array of like events without parsing each: `[{"body":"` text `"},{"body":"` text … `"}]`.

Most clients print every event of a request alike, so all that differs is the text of one string. Then the array is a prefix,
texts with one separator between them, and a tail. This is only a guess from the bytes; the caller proves it by decoding the
array that `with_texts` makes of two marks: if both events carry their mark as body, then so does every event between,
because a separator leads from inside a body to inside the next. Texts with a quote or a backslash are never cut.
"""

from dataclasses import dataclass

from flumepy.core.byte_loops import cut_like_texts

_KEY = b'"body"'
_QUOTE = b'"'


@dataclass(slots=True)
class EventSkeleton:
    """What stands around the texts."""

    prefix: bytes
    separator: bytes
    tail: bytes

    def with_texts(self, first: bytes, second: bytes) -> bytes:
        """Return the array of two events with these texts."""
        return b"".join((self.prefix, first, self.separator, second, self.tail))

    def texts(self, data: bytes) -> tuple[bytes, list[bytes]] | None:
        """Return the texts of two events or more, as lines in one piece and as a list; None for another skeleton."""
        least_bytes = len(self.prefix) + len(self.tail)
        if len(data) < least_bytes or not (data.startswith(self.prefix) and data.endswith(self.tail)) or b"\\" in data:
            return None
        middle = data[len(self.prefix) : -len(self.tail)]
        texts = middle.split(self.separator)
        if len(texts) < 2:
            return None
        texts.append(b"")
        lines = b"\n".join(texts)
        texts.pop()
        return None if _QUOTE in lines else (lines, texts)

    def lines(self, data: bytes, start: int) -> tuple[bytes, int] | None:
        """Return the texts behind `start` as lines, and their number; None also for what is no UTF-8 or has line ends."""
        found = cut_like_texts(data, start, self.prefix, self.separator, self.tail)
        return None if found is None or not (found[0].isascii() or is_utf8(found[0])) else found

    def size_bytes(self, count: int) -> int:
        """Return the length of an array of `count` events without their texts."""
        return len(self.prefix) + (count - 1) * len(self.separator) + len(self.tail)


def find_skeleton(data: bytes) -> EventSkeleton | None:
    """Return what may be the skeleton of an array, or None where the events are too few or plainly not alike."""
    key = data.find(_KEY)
    start = data.find(_QUOTE, key + len(_KEY)) + 1
    if key < 0 or not start:
        return None
    prefix = data[:start]
    event_start = prefix[prefix.find(b"{") :]
    first_end = data.find(_QUOTE, start)
    second = data.find(event_start, first_end)
    if first_end < 0 or second < 0:
        return None
    separator = data[first_end : second + len(event_start)]
    last_end = data.find(_QUOTE, data.rfind(separator) + len(separator))
    return None if last_end < 0 else EventSkeleton(prefix, separator, data[last_end:])


def is_utf8(data: bytes) -> bool:
    """Tell whether this is valid UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
