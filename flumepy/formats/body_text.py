"""Bodies as text, a batch at a time: one join, one decode and one split where the bodies allow it."""

from collections.abc import Sequence

from flumepy.formats.java_text import decode_utf8


def is_plain(text: bytes) -> bool:
    """Tell whether patterns of `compile_plain` may run on it: ASCII without carriage returns."""
    return text.isascii() and b"\r" not in text


def decode_bodies(bodies: Sequence[bytes]) -> tuple[list[str], bool]:
    """Return each body decoded as Java decodes UTF-8, and whether all of them are plain."""
    joined = b"\n".join(bodies)
    try:
        texts = joined.decode().split("\n")
    except UnicodeDecodeError:
        texts = []
    if len(texts) != len(bodies):
        texts = [decode_utf8(body) for body in bodies]
    return texts, is_plain(joined)
