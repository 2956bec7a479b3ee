"""Events as JSON Lines: one object a line, as `flumepy channel export` writes them.

{"headers": {"name": "text"}, "body": "text"}
{"headers": {}, "body_base64": "/w=="}          a body that is not UTF-8
"""

import base64
import binascii
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from flumepy.core.batch import Event, EventBatch
from flumepy.core.errors import InputError

_encode = msgspec.json.Encoder().encode


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    headers: dict[str, str] = {}
    body: str | None = None
    body_base64: str | None = None


_decode = msgspec.json.Decoder(_Line).decode


def encode_json(batch: EventBatch) -> list[bytes]:
    """Return one line for each event, with its line feed."""
    return [_line(headers, body) for headers, body in zip(batch.header_maps(), batch.bodies, strict=True)]


def _line(headers: dict[str, str], body: bytes) -> bytes:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return _encode({"headers": headers, "body_base64": base64.b64encode(body).decode("ascii")}) + b"\n"
    return _encode({"headers": headers, "body": text}) + b"\n"


def read_json(file: BinaryIO) -> Iterator[Event]:
    """Iterate the events of a file; empty lines are skipped. Raises InputError with the line's number, OSError."""
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            found = _decode(line)
            if (found.body is None) == (found.body_base64 is None):
                raise InputError("an event needs either body or body_base64")
            body = (
                found.body.encode()
                if found.body is not None
                else base64.b64decode(found.body_base64 or "", validate=True)
            )
        except (msgspec.DecodeError, UnicodeError, binascii.Error, InputError) as error:
            raise InputError(f"line {number}: {error}") from error
        yield Event(body, found.headers)
