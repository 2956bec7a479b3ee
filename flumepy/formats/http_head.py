"""The head of a request that came before: most clients send it again and again, with another Content-Length at most.

A head whose bytes are the same but for the digits of its Content-Length means the same, so it is compared and not parsed.
What was parsed with care is the first one; only a plain one, with one Content-Length and no other kind of body, is kept.
"""

import re
from dataclasses import dataclass

LENGTH = b"content-length"
_LENGTH_LINE = re.compile(rb"\r\ncontent-length: ?([0-9]{1,15})\r\n", re.IGNORECASE)
_DIGITS = re.compile(rb"[0-9]{1,15}")
_END = b"\r\n\r\n"
#: these change what follows the head
_SPECIAL = (b"transfer-encoding", b"upgrade", b"expect")


@dataclass(frozen=True, slots=True)
class RepeatedHead:
    """What stands before and after the digits of the length."""

    before: bytes
    after: bytes

    def body_span(self, data: bytes, start: int) -> tuple[int, int] | None:
        """Return where the body of the request at `start` begins and ends, or None if its head is another one."""
        if not data.startswith(self.before, start):
            return None
        digits = _DIGITS.match(data, start + len(self.before))
        if digits is None or not data.startswith(self.after, digits.end()):
            return None
        body_start = digits.end() + len(self.after)
        return body_start, body_start + int(digits[0])


def repeated_head(data: bytes, body: bytes) -> RepeatedHead | None:
    """Return the head at the start of `data`, which was parsed and has this body, or None where it is not plain."""
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
    return RepeatedHead(head[: line.start(1)], head[line.end(1) :])
