"""Lines that stay one piece of text until somebody wants them one by one.

Invariants: the text is empty or ends with a line feed, and is never changed. Line ends are counted window by window by
taking them out, for which CPython uses memchr (bytes.count looks at every byte). The counts stay, so that a slice looks
for its ends in two windows and copies once, however many lines there are. A few lines behind the last end are passed one
by one.
"""

from bisect import bisect_left
from collections.abc import Iterable
from io import BytesIO
from itertools import islice

LINE_FEED = b"\n"
WINDOW_BYTES = 16 * 1024  # fits the smallest cache
FEW_LINES = 128  # are passed one by one in the time in which a window is searched


class LineText:
    """A text of lines; `count` is the number of them."""

    __slots__ = ("_ends_before", "_found", "count", "text")

    def __init__(self, text: bytes, count: int = -1) -> None:
        """Keep a text. `count`: the number of its lines, where it is known anyway."""
        self.text = text
        #: line ends before each window, and at last all of them; empty where nobody has counted
        self._ends_before: list[int] = []
        #: a line and where it begins: a text is cut from front to back, so that a slice begins where the last one ended
        self._found = (0, 0)
        self.count = self._counted()[-1] if count < 0 else count

    @classmethod
    def concat(cls, texts: "Iterable[LineText]") -> "LineText":
        """Join texts in order."""
        texts = list(texts)
        return cls(b"".join([one.text for one in texts]), sum([one.count for one in texts]))

    def lines(self) -> list[bytes]:
        """Return the lines, each with its line feed."""
        return BytesIO(self.text).readlines()

    def slice(self, start: int, stop: int) -> "LineText":
        """Return the lines [start, stop)."""
        start = min(max(0, start), self.count)
        stop = min(max(start, stop), self.count)
        return LineText(self.text[self._offset(start) : self._offset(stop)], stop - start)

    def pick(self, places: list[tuple[int, int]]) -> "LineText":
        """Return the lines that begin and end at these places of the text, which ascend."""
        return LineText(b"".join([self.text[start:stop] for start, stop in places]), len(places))

    def without(self, places: list[tuple[int, int]]) -> "LineText":
        """Return all lines but those that begin and end at these places of the text, which ascend."""
        text, kept, start = memoryview(self.text), list[memoryview](), 0
        for gone, stop in places:
            kept.append(text[start:gone])
            start = stop
        kept.append(text[start:])
        return LineText(b"".join(kept), self.count - len(places))

    def _offset(self, line: int) -> int:
        """Return where a line begins."""
        if line == self.count:
            return len(self.text)
        found, offset = self._found if line else (0, 0)
        if line == found:
            return offset
        if 0 < line - found <= FEW_LINES:
            reader = BytesIO(self.text)
            reader.seek(offset)
            for _ in islice(reader, line - found):
                pass
            offset = reader.tell()
        else:
            offset = self._offset_by_window(line)
        self._found = line, offset
        return offset

    def _offset_by_window(self, line: int) -> int:
        ends_before = self._ends_before or self._counted()
        window = bisect_left(ends_before, line) - 1
        start, earlier = window * WINDOW_BYTES, line - ends_before[window] - 1
        # Without the line ends before it, the one that is looked for comes first.
        rest = self.text[start : start + WINDOW_BYTES].replace(LINE_FEED, b"", earlier)
        return start + earlier + rest.index(LINE_FEED) + 1

    def _counted(self) -> list[int]:
        text, ends, ends_before = self.text, 0, [0]
        for start in range(0, len(text), WINDOW_BYTES):
            window = text[start : start + WINDOW_BYTES]
            ends += len(window) - len(window.replace(LINE_FEED, b""))
            ends_before.append(ends)
        self._ends_before = ends_before
        return ends_before
