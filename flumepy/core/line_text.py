"""Lines that stay one piece of text, or a few, until somebody wants them one by one.

Invariants: a text is empty or ends with a line feed, and is never changed. It consists of places in blocks, which slices and
joined texts share: to cut or to join copies nothing, and where a block was counted once its lines are known in all of them.
Line ends are counted window by window, and the counts stay, so that a cut looks for its place in one window. A few lines
behind the last place are passed one by one.
"""

from bisect import bisect_left
from collections.abc import Iterable
from io import BytesIO

from flumepy.core.byte_loops import FEW_LINES, behind_line_feed, count_line_feeds

LINE_FEED = b"\n"
WINDOW_BYTES = 16 * 1024  # fits the smallest cache
LEAST_PIECE_BYTES = 8 * 1024  # joined texts whose pieces are smaller on average become one

Buffer = bytes | memoryview


class _Block:
    """A text and what is known of the places of its lines."""

    __slots__ = ("_ends_before", "_found", "text")

    def __init__(self, text: bytes) -> None:
        self.text = text
        #: line ends before each window, and at last all of them; empty where nobody has counted
        self._ends_before: list[int] = []
        #: a line and where it begins: a text is cut from front to back, so that a slice begins where the last one ended
        self._found = (0, 0)

    def count(self) -> int:
        """Count the lines."""
        text, ends, ends_before = self.text, 0, [0]
        for start in range(0, len(text), WINDOW_BYTES):
            ends += count_line_feeds(text, start, start + WINDOW_BYTES)
            ends_before.append(ends)
        self._ends_before = ends_before
        return ends

    def offset(self, line: int) -> int:
        """Return where a line begins that is not behind the end."""
        found, offset = self._found if line else (0, 0)
        if line == found:
            return offset
        if 0 < line - found <= FEW_LINES:
            offset = behind_line_feed(self.text, offset, len(self.text), line - found)
        else:
            offset = self._offset_by_window(line)
        self._found = line, offset
        return offset

    def _offset_by_window(self, line: int) -> int:
        if not self._ends_before:
            self.count()
        ends_before = self._ends_before
        window = bisect_left(ends_before, line) - 1
        start = window * WINDOW_BYTES
        return behind_line_feed(self.text, start, start + WINDOW_BYTES, line - ends_before[window])


#: a block, the first of its lines, how many, and the bytes [start, stop) where these are
_Piece = tuple[_Block, int, int, int, int]


class LineText:
    """A text of lines; `count` is the number of them, `size_bytes` its length."""

    __slots__ = ("_pieces", "count", "size_bytes")

    def __init__(self, text: bytes, count: int = -1) -> None:
        """Keep a text. `count`: the number of its lines, where it is known anyway."""
        self.count, self.size_bytes = 0, len(text)
        self._pieces: list[_Piece] = []
        if text:
            block = _Block(text)
            self.count = block.count() if count < 0 else count
            self._pieces.append((block, 0, self.count, 0, self.size_bytes))

    @classmethod
    def _of(cls, pieces: list[_Piece], count: int, size_bytes: int) -> "LineText":
        text = cls(b"", 0)
        text._pieces, text.count, text.size_bytes = pieces, count, size_bytes
        return text

    @classmethod
    def concat(cls, texts: "Iterable[LineText]") -> "LineText":
        """Join texts in order."""
        pieces, count, size_bytes = list[_Piece](), 0, 0
        for text in texts:
            pieces += text._pieces
            count += text.count
            size_bytes += text.size_bytes
        if len(pieces) > 1 and size_bytes < LEAST_PIECE_BYTES * len(pieces):
            return cls(b"".join(map(_bytes_of, pieces)), count)
        return cls._of(pieces, count, size_bytes)

    @classmethod
    def of_pieces(cls, texts: list[bytes], counts: list[int]) -> "LineText":
        """Join texts whose numbers of lines are known."""
        size_bytes = sum(map(len, texts))
        if size_bytes < LEAST_PIECE_BYTES * len(texts):
            return cls(b"".join(texts), sum(counts))
        pieces = [(_Block(text), 0, count, 0, len(text)) for text, count in zip(texts, counts, strict=True) if text]
        return cls._of(pieces, sum(counts), size_bytes)

    @property
    def text(self) -> bytes:
        """Return the text in one piece, which it stays from then on."""
        pieces = self._pieces
        if not pieces:
            return b""
        block = pieces[0][0]
        if len(pieces) > 1 or len(block.text) != self.size_bytes:
            block = _Block(b"".join(map(_bytes_of, pieces)))
            self._pieces = [(block, 0, self.count, 0, self.size_bytes)]
        return block.text

    def buffers(self) -> list[Buffer]:
        """Return the text as it is, in its pieces."""
        return list(map(_bytes_of, self._pieces))

    def lines(self) -> list[bytes]:
        """Return the lines, each with its line feed."""
        return BytesIO(self.text).readlines()

    def slice(self, start: int, stop: int) -> "LineText":
        """Return the lines [start, stop)."""
        start = max(0, start)
        pieces, wanted, size_bytes = list[_Piece](), max(0, min(stop, self.count) - start), 0
        left = wanted
        for piece in self._pieces:
            if not left:
                break
            block, first, count, begin, end = piece
            if start >= count:
                start -= count
                continue
            if start:
                begin = block.offset(first + start)
            taken = min(left, count - start)
            if start + taken < count:
                end = block.offset(first + start + taken)
            pieces.append((block, first + start, taken, begin, end))
            size_bytes += end - begin
            left -= taken
            start = 0
        return self._of(pieces, wanted, size_bytes)

    def pick(self, places: list[tuple[int, int]]) -> "LineText":
        """Return the lines that begin and end at these places of the text, which ascend."""
        text = self.text
        return LineText(b"".join([text[start:stop] for start, stop in places]), len(places))

    def without(self, places: list[tuple[int, int]]) -> "LineText":
        """Return all lines but those that begin and end at these places of the text, which ascend."""
        text, kept, start = memoryview(self.text), list[memoryview](), 0
        for gone, stop in places:
            kept.append(text[start:gone])
            start = stop
        kept.append(text[start:])
        return LineText(b"".join(kept), self.count - len(places))


def _bytes_of(piece: _Piece) -> Buffer:
    block, _, _, start, stop = piece
    text = block.text
    return text if stop - start == len(text) else memoryview(text)[start:stop]
