"""The line deserializer: one event per line.

Lines end at LF only; a CR stays. The file is read in chunks. A chunk that passes one check (flumepy.formats.text_lines) is
split as it is, every other one is decoded and encoded again as a whole; only one with a bad or long line goes line by
line. What a line gives depends on its bytes alone, never on where a chunk ends. Source: LineDeserializer.
"""

import codecs
from typing import BinaryIO

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context
from flumepy.core.deserializer import Deserializer, EventReader, TextRules
from flumepy.core.errors import InputError
from flumepy.core.options import Options, opt
from flumepy.formats.java_text import java_charset
from flumepy.formats.text_lines import cut_text, is_ascii_superset, is_unchanged, split_at_newlines, split_lines

CHUNK_BYTES = 256 * 1024
_READ_BYTES_PER_UNIT = 8  # no charset takes more for one UTF-16 unit: enough to be sure of one whole piece


class LineOptions(Options):
    """Properties of the line deserializer."""

    max_line_length: int = opt(
        "maxLineLength", 2048, doc="A longer line is cut here and goes on as the next event.", unit="UTF-16 units"
    )
    output_charset: str = opt("outputCharset", "UTF-8", doc="Charset of the events' bodies.")


class LineDeserializer(Deserializer[LineOptions]):
    """One event per line of text."""

    Options = LineOptions

    def __init__(self, context: Context, options: LineOptions) -> None:
        super().__init__(context, options)
        self.output_charset = java_charset(options.output_charset)

    def open(self, file: BinaryIO, position: int, text: TextRules) -> "LineReader":
        """Return a reader from this position on."""
        return LineReader(file, position, text, self.output_charset, max(1, self.options.max_line_length))


class LineReader(EventReader):
    """Reads the lines of one file. `chunk_bytes` is how much is read at once."""

    def __init__(
        self,
        file: BinaryIO,
        position: int,
        text: TextRules,
        output_charset: str,
        max_line_units: int,
        chunk_bytes: int = CHUNK_BYTES,
    ) -> None:
        self.position = position
        self._file = file
        self._charset = codecs.lookup(text.charset).name
        self._errors = text.on_error.codec_errors
        self._output_charset = output_charset
        self._max_line_units = max_line_units
        self._chunk_bytes = chunk_bytes
        self._newline = "\n".encode(self._charset)
        self._tail = b""  # the start of a line whose end has not been read yet
        self._bodies: list[bytes] = []
        self._sizes: list[int] | None = None  # bytes of each line in the file; None: those of its body and an LF
        self._next = 0  # the first body that has not been returned
        self._end: int | None = None  # position behind the last body, where that is known without adding up
        self._is_at_end = False
        self._error: InputError | None = None
        file.seek(position)

    def read(self, limit: int) -> EventBatch:
        """Return up to `limit` lines."""
        while self._next >= len(self._bodies):
            if self._error is not None:
                raise self._error
            if self._is_at_end:
                return EventBatch([])
            self._fill()
        start, stop = self._next, min(self._next + limit, len(self._bodies))
        bodies = self._bodies if stop - start == len(self._bodies) else self._bodies[start:stop]
        if stop == len(self._bodies) and self._end is not None:
            self.position = self._end
        elif self._sizes is None:
            self.position += sum(map(len, bodies)) + len(bodies)
        else:
            self.position += sum(self._sizes[start:stop])
        self._next = stop
        return EventBatch(bodies)

    def _fill(self) -> None:
        """Read a chunk and make bodies of its whole lines."""
        self._bodies, self._sizes, self._next, self._end = [], None, 0, None
        chunk = self._file.read(max(self._chunk_bytes, len(self._tail)))
        data = self._tail + chunk
        if not chunk:
            self._is_at_end, self._tail = True, b""
            if data:
                self._take_lines([data], ends_with_newline=False)
            return
        end = self._end_of_lines(data)
        self._tail = data[end:]
        if end:
            self._take(data[:end])
        elif len(data) >= self._max_line_units * _READ_BYTES_PER_UNIT:
            self._sizes = []
            self._tail = data[self._take_pieces(data) :]

    def _end_of_lines(self, data: bytes) -> int:
        """Return the index behind the last line end."""
        width = len(self._newline)
        at = data.rfind(self._newline)
        while at % width and at >= 0:
            at = data.rfind(self._newline, 0, at + width - 1)
        return at + width if at >= 0 else 0

    def _take(self, data: bytes) -> None:
        """Make bodies of whole lines, all at once where that gives the same as one by one."""
        if is_unchanged(data, self._charset, self._output_charset):
            bodies = split_lines(data)
            if max(map(len, bodies)) < self._max_line_units:
                self._bodies, self._end = bodies, self.position + len(data)
                return
            self._take_lines(bodies)
            return
        lines = self._split(data)
        if not self._take_decoded(data, lines):
            self._take_lines(lines)

    def _split(self, data: bytes) -> list[bytes]:
        if self._newline == b"\n":
            return split_lines(data)
        return split_at_newlines(data, self._newline)[:-1]

    def _take_decoded(self, data: bytes, lines: list[bytes]) -> bool:
        """Decode and encode all lines together; false where they must be looked at one by one."""
        if not (is_ascii_superset(self._charset) and is_ascii_superset(self._output_charset)):
            return False
        if max(map(len, lines)) >= self._max_line_units:  # a line has at most one unit per byte
            return False
        try:
            bodies = split_lines(data.decode(self._charset, self._errors).encode(self._output_charset, "replace"))
        except UnicodeDecodeError:
            return False
        if len(bodies) != len(lines):
            return False
        self._bodies, self._sizes = bodies, [len(line) + 1 for line in lines]
        return True

    def _take_lines(self, lines: list[bytes], *, ends_with_newline: bool = True) -> None:
        """Make bodies line by line; a bad one ends the file after those before it."""
        newline_size = len(self._newline) if ends_with_newline else 0
        self._sizes = []
        line_start = self.position
        for line in lines:
            taken = self._take_pieces(line) if len(line) >= self._max_line_units else 0
            if self._error is not None:
                return
            rest = line[taken:]
            if rest or newline_size:
                try:
                    body = rest.decode(self._charset, self._errors).encode(self._output_charset, "replace")
                except UnicodeDecodeError as error:
                    self._refuse(line_start, error)
                    return
                self._bodies.append(body)
                self._sizes.append(len(rest) + newline_size)
            line_start += len(line) + newline_size

    def _take_pieces(self, line: bytes) -> int:
        """Cut full pieces off a long line; return how many bytes they are. A bad character ends them."""
        assert self._sizes is not None
        taken, line_start = 0, self.position + sum(self._sizes)
        try:
            for text, size in cut_text(line, self._charset, self._errors, self._max_line_units):
                self._bodies.append(text.encode(self._output_charset, "replace"))
                self._sizes.append(size)
                taken += size
        except UnicodeDecodeError as error:
            self._refuse(line_start, error)
        return taken

    def _refuse(self, line_start: int, error: UnicodeDecodeError) -> None:
        """End the file here, once what came before has been returned."""
        self._error = InputError(
            f"the line at byte {line_start} is not {self._charset}: {error.reason}; set decodeErrorPolicy to REPLACE or"
            " IGNORE, or inputCharset to what the file is"
        )
