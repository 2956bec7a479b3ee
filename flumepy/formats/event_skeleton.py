"""Cut a JSON array of like events without parsing each: `[{"body":"` text `"},{"body":"` text … `"}]`.

Most clients print every event of a request alike, so all that differs is the text of one string. Then the array is a prefix,
texts with one separator between them, and a tail. This is only a guess from the bytes; the caller proves it by decoding the
array that `with_texts` makes of two marks: if both events carry their mark as body, then so does every event between,
because a separator leads from inside a body to inside the next. Texts with a quote or a backslash are never cut.
"""

from dataclasses import dataclass

_KEY = b'"body"'
_QUOTE = b'"'


@dataclass(frozen=True, slots=True)
class EventSkeleton:
    """What stands around the texts."""

    prefix: bytes
    separator: bytes
    tail: bytes

    def with_texts(self, first: bytes, second: bytes) -> bytes:
        """Return the array of two events with these texts."""
        return b"".join((self.prefix, first, self.separator, second, self.tail))

    def size_bytes(self, count: int) -> int:
        """Return the length of an array of `count` events without their texts."""
        return len(self.prefix) + (count - 1) * len(self.separator) + len(self.tail)


def cut_like_events(data: bytes) -> tuple[EventSkeleton, list[bytes]] | None:
    """Return the skeleton and the texts, or None where the events are too few or not alike."""
    key = data.find(_KEY)
    start = data.find(_QUOTE, key + len(_KEY)) + 1
    if key < 0 or not start or b"\\" in data:
        return None
    prefix = data[:start]
    event_start = prefix[prefix.find(b"{") :]
    first_end = data.find(_QUOTE, start)
    second = data.find(event_start, first_end)
    if first_end < 0 or second < 0:
        return None
    separator = data[first_end : second + len(event_start)]
    texts = data[start:].split(separator)
    texts[-1], quote, tail = texts[-1].partition(_QUOTE)
    if not quote or _QUOTE in b"\n".join(texts):
        return None
    return EventSkeleton(prefix, separator, quote + tail), texts
