"""Lines of a stream that comes in pieces; LF, CR and CRLF end a line, as in java.io.BufferedReader.

Lines keep the charset they came in; what is no text in it becomes its replacement character. A line longer than the limit
is cut there and goes on as the next line, so that a stream without line ends needs bounded memory. The lines of a piece
stay one text where their charset allows it.
"""

import codecs

from flumepy.core.batch import EventBatch
from flumepy.core.line_text import LineText
from flumepy.formats.java_text import decode_utf8
from flumepy.formats.text_lines import is_ascii_superset, is_unchanged, split_lines

MAX_LINE_BYTES = 16 * 1024 * 1024


class StreamLines:
    """Splits one stream. `cuts` counts lines that were too long."""

    def __init__(self, charset: str, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self.cuts = 0
        self._charset = charset
        self._max_line_bytes = max_line_bytes
        self._parts: list[bytes] = []  # of the line that has no end yet
        self._parts_bytes = 0
        self._is_after_cr = False
        # A charset in which LF is no single byte is split as UTF-8 and encoded again.
        self._decoder = None if is_ascii_superset(charset) else codecs.getincrementaldecoder(charset)("replace")

    def feed(self, data: bytes) -> EventBatch:
        """Return the lines that ended in this piece."""
        return self._batch(self._text(data if self._decoder is None else self._decoder.decode(data).encode()))

    def finish(self) -> EventBatch:
        """Return the last line if it has no end."""
        text = b"" if self._decoder is None else self._text(self._decoder.decode(b"", True).encode())
        rest = b"".join(self._parts)
        self._parts, self._parts_bytes = [], 0
        return self._batch(text + rest + b"\n" if rest else text)

    def _text(self, data: bytes) -> bytes:
        """Return all lines that ended, each with a line feed."""
        if self._is_after_cr and data:
            self._is_after_cr = False
            data = data.removeprefix(b"\n")
        if b"\r" in data:
            self._is_after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        end = data.rfind(b"\n") + 1
        text = b""
        if end:
            text = b"".join([*self._parts, memoryview(data)[:end]])
            self._parts, self._parts_bytes = [], 0
            data = data[end:]
        if data:
            self._parts.append(data)
            self._parts_bytes += len(data)
        while self._parts_bytes >= self._max_line_bytes:
            text += self._cut()
        return text

    def _cut(self) -> bytes:
        """Return the start of a line that is too long; a UTF-8 character is not cut in two."""
        line = b"".join(self._parts)
        at = self._max_line_bytes
        while at > 1 and self._max_line_bytes - at < 4 and at < len(line) and line[at] & 0xC0 == 0x80:
            at -= 1
        self.cuts += 1
        self._parts, self._parts_bytes = [line[at:]], len(line) - at
        return line[:at] + b"\n"

    def _batch(self, text: bytes) -> EventBatch:
        if self._decoder is not None:
            return EventBatch([line.decode().encode(self._charset, "replace") for line in split_lines(text)])
        if not is_unchanged(text, self._charset, self._charset):
            known = decode_utf8(text) if self._charset == "utf-8" else text.decode(self._charset, "replace")
            text = known.encode(self._charset, "replace")
        return EventBatch.from_text(LineText(text))
