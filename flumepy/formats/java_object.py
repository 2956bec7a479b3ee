"""Objects as java.io.ObjectOutputStream writes them, as far as key stores need: objects, arrays of bytes, strings.

An object becomes a dict from field name to value. Source: Java Object Serialization Specification, chapter 6 (grammar).
"""

import struct
from dataclasses import dataclass, field
from typing import Any

from flumepy.core.errors import InputError

STREAM_HEADER = b"\xac\xed\x00\x05"
_NULL, _REFERENCE, _CLASS_DESCRIPTION, _OBJECT, _STRING, _ARRAY = 0x70, 0x71, 0x72, 0x73, 0x74, 0x75
_BLOCK_DATA, _END_BLOCK = 0x77, 0x78
_FIRST_HANDLE = 0x7E0000
_WRITE_METHOD, _SERIALIZABLE = 0x01, 0x02
_PRIMITIVES = {"B": ">b", "C": ">H", "D": ">d", "F": ">f", "I": ">i", "J": ">q", "S": ">h", "Z": ">?"}
_LIMIT_DEPTH = 32


@dataclass(slots=True)
class _ClassDescription:
    name: str
    flags: int = 0
    fields: list[tuple[str, str]] = field(default_factory=list)
    parent: "_ClassDescription | None" = None


def read_object(data: bytes, position: int) -> tuple[Any, int]:
    """Read one stream with one object; return it and the position behind it. Raises InputError."""
    if data[position : position + 4] != STREAM_HEADER:
        raise InputError("not a stream of Java objects")
    reader = _Reader(data, position + 4)
    try:
        return reader.content(0), reader.position
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise InputError(f"a Java object is cut off or malformed: {error}") from error


class _Reader:
    """One stream; `handles` are what later references point to."""

    def __init__(self, data: bytes, position: int) -> None:
        self.data = data
        self.position = position
        self.handles: list[Any] = []

    def content(self, depth: int) -> Any:
        tag = self.number(">B")
        if depth > _LIMIT_DEPTH:
            raise InputError("Java objects are nested too deeply")
        if tag == _NULL:
            return None
        if tag == _REFERENCE:
            return self.handles[self.number(">I") - _FIRST_HANDLE]
        if tag == _STRING:
            text = self.text()
            self.handles.append(text)
            return text
        if tag == _CLASS_DESCRIPTION:
            return self.class_description(depth)
        if tag == _OBJECT:
            return self.object(depth)
        if tag == _ARRAY:
            return self.array(depth)
        raise InputError(f"Java objects with the tag {tag:#x} are not read")

    def class_description(self, depth: int) -> _ClassDescription:
        description = _ClassDescription(self.text())
        self.number(">q")
        self.handles.append(description)
        description.flags = self.number(">B")
        for _ in range(self.number(">H")):
            kind = chr(self.number(">B"))
            name = self.text()
            if kind in "[L":
                self.content(depth + 1)
            description.fields.append((kind, name))
        if self.number(">B") != _END_BLOCK:
            raise InputError("a Java class with annotations is not read")
        parent = self.content(depth + 1)
        description.parent = parent if isinstance(parent, _ClassDescription) else None
        return description

    def object(self, depth: int) -> dict[str, Any]:
        description = self.content(depth + 1)
        values: dict[str, Any] = {}
        self.handles.append(values)
        line: list[_ClassDescription] = []
        while isinstance(description, _ClassDescription):
            line.insert(0, description)
            description = description.parent
        for level in line:
            if level.flags not in (_SERIALIZABLE, _SERIALIZABLE | _WRITE_METHOD):
                raise InputError(f"Java class {level.name} writes itself and is not read")
            for kind, name in level.fields:
                values[name] = self.number(_PRIMITIVES[kind]) if kind in _PRIMITIVES else self.content(depth + 1)
            if level.flags & _WRITE_METHOD:
                self.skip_blocks()
        return values

    def array(self, depth: int) -> bytes:
        description = self.content(depth + 1)
        if not isinstance(description, _ClassDescription) or description.name != "[B":
            raise InputError("only Java arrays of bytes are read")
        index = len(self.handles)
        self.handles.append(b"")
        value = self.handles[index] = self.bytes(self.number(">i"))
        return value

    def skip_blocks(self) -> None:
        while (tag := self.number(">B")) == _BLOCK_DATA:
            self.bytes(self.number(">B"))
        if tag != _END_BLOCK:
            raise InputError("a Java object writes other objects behind its fields and is not read")

    def number(self, form: str) -> Any:
        (value,) = struct.unpack_from(form, self.data, self.position)
        self.position += struct.calcsize(form)
        return value

    def text(self) -> str:
        return self.bytes(self.number(">H")).decode("utf-8")

    def bytes(self, length: int) -> bytes:
        end = self.position + length
        if length < 0 or end > len(self.data):
            raise InputError("a Java object is cut off")
        value = self.data[self.position : end]
        self.position = end
        return value
