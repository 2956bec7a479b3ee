"""The head of a request that came before: most clients send it again and again, with another Content-Length at most.

A head whose bytes are the same but for the digits of its Content-Length means the same, so it is compared and not parsed.
What was parsed with care is the first one; only a plain one, with one Content-Length and no other kind of body, is kept.
"""

import re
from dataclasses import dataclass, field

LENGTH = b"content-length"
_LENGTH_LINE = re.compile(rb"\r\ncontent-length: ?([0-9]{1,15})\r\n", re.IGNORECASE)
_DIGITS = re.compile(rb"[0-9]{1,15}")
_MOST_DIGITS = 15
_END = b"\r\n\r\n"
#: these change what follows the head
_SPECIAL = (b"transfer-encoding", b"upgrade", b"expect")


@dataclass(slots=True)
class RepeatedHead:
    """What stands before and after the digits of the length, and the head that was seen last."""

    before: bytes
    after: bytes
    headers: dict[str, str]  #: of the last one
    size_bytes: int = field(init=False)  #: of the longest head
    _last: bytes = field(init=False, default=b"")
    _last_sizes: tuple[int, int] = field(init=False, default=(0, 0))

    def __post_init__(self) -> None:
        self.size_bytes = len(self.before) + _MOST_DIGITS + len(self.after)

    def sizes(self, data: bytes) -> tuple[int, int] | None:
        """Return the lengths of head and body of the request at the start of `data`, or None if its head is another one."""
        if self._last and data.startswith(self._last):
            return self._last_sizes
        if not data.startswith(self.before):
            return None
        digits = _DIGITS.match(data, len(self.before))
        if digits is None or not data.startswith(self.after, digits.end()):
            return None
        head_bytes = digits.end() + len(self.after)
        self._last, self._last_sizes = data[:head_bytes], (head_bytes, int(digits[0]))
        self.headers = {**self.headers, "content-length": str(self._last_sizes[1])}
        return self._last_sizes


def repeated_head(data: bytes, body: bytes, headers: dict[str, str]) -> RepeatedHead | None:
    """Return the head at the start of `data`, which was parsed into these parts, or None where it is not plain."""
    end = data.find(_END) + len(_END)
    head = data[:end]
    known = head.lower()
    if known.count(LENGTH) != 1 or any(name in known for name in _SPECIAL):
        return None
    line = _LENGTH_LINE.search(head)
    if (
        line is None
        or head.count(b"\n") != head.count(b"\r\n")
        or int(line[1]) != len(body)
        or data[end : end + len(body)] != body
    ):
        return None
    return RepeatedHead(head[: line.start(1)], head[line.end(1) :], headers)
