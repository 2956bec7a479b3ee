"""What is needed of an Avro schema to take records apart: canonical form, fingerprint, and where a record ends.

A record is not decoded: a schema is compiled once into a function that steps over one datum.
Source: Avro 1.11 specification, SchemaNormalization.
"""

import json
import struct
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

from flumepy.core.errors import InputError
from flumepy.formats.avro_container import read_long

ResultT = TypeVar("ResultT")
#: steps over one datum: (data, index) -> index behind it
Step = Callable[[bytes, int], int]

PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
_FIXED_SIZES = {"null": 0, "boolean": 1, "float": 4, "double": 8}
_EMPTY_FINGERPRINT = 0xC15D213AA4D7A795


def parse_schema(text: bytes) -> Any:
    """Return a schema as plain JSON values. Raises InputError."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"the Avro schema is not JSON: {error}") from error


def schema_text(schema: Any) -> str:
    """Return a schema on one line, as Java's Schema.toString prints what Java wrote."""
    return json.dumps(schema, separators=(",", ":"), ensure_ascii=False)


def canonical_form(schema: Any) -> str:
    """Return the Parsing Canonical Form. Raises InputError."""
    return _guarded(lambda: _canonical(schema, "", {}))


def fingerprint_hex(schema: Any) -> str:
    """Return the CRC-64-AVRO fingerprint of the canonical form: 16 hex digits, bytes in little-endian order."""
    table = _fingerprint_table()
    value = _EMPTY_FINGERPRINT
    for byte in canonical_form(schema).encode():
        value = value >> 8 ^ table[(value ^ byte) & 0xFF]
    return struct.pack("<Q", value).hex()


def compile_step(schema: Any) -> Step:
    """Return the function that steps over one datum of a schema. Raises InputError."""
    return _guarded(lambda: _step(schema, "", {}))


def split_records(data: bytes, count: int, step: Step) -> Iterator[bytes]:
    """Iterate the binary encodings of `count` records. Raises InputError where the data do not fit."""
    at = 0
    try:
        for _ in range(count):
            end = step(data, at)
            if end > len(data):
                raise InputError("an Avro record goes on beyond its block")
            yield data[at:end]
            at = end
    except (IndexError, RecursionError) as error:
        raise InputError("an Avro record does not fit its schema") from error


@lru_cache(maxsize=1)
def _fingerprint_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_EMPTY_FINGERPRINT if value & 1 else 0)  # noqa: PLW2901
        table.append(value)
    return table


def _guarded(work: Callable[[], ResultT]) -> ResultT:
    try:
        return work()
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"the Avro schema is not valid: {type(error).__name__} {error}") from error


def _full_name(schema: dict[str, Any], namespace: str) -> tuple[str, str]:
    """Return the full name of a named type and the namespace inside it."""
    name = schema["name"]
    if "." in name:
        return name, name.rpartition(".")[0]
    namespace = schema.get("namespace", namespace)
    return (f"{namespace}.{name}" if namespace else name), namespace


def _reference(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"


def _canonical(schema: Any, namespace: str, known: dict[str, str]) -> str:
    if isinstance(schema, list):
        return f"[{','.join(_canonical(branch, namespace, known) for branch in schema)}]"
    if isinstance(schema, str):
        return f'"{schema}"' if schema in PRIMITIVES else known[_reference(schema, namespace)]
    kind = schema["type"]
    if not isinstance(kind, str) or kind in PRIMITIVES:
        return _canonical(kind, namespace, known)
    if kind in ("array", "map"):
        key = "items" if kind == "array" else "values"
        return f'{{"type":"{kind}","{key}":{_canonical(schema[key], namespace, known)}}}'
    if kind not in ("enum", "fixed", "record", "error"):
        return known[_reference(kind, namespace)]
    return _canonical_named(schema, kind, namespace, known)


def _canonical_named(schema: dict[str, Any], kind: str, namespace: str, known: dict[str, str]) -> str:
    name, inner = _full_name(schema, namespace)
    known[name] = f'"{name}"'
    if kind == "enum":
        symbols = ",".join(f'"{symbol}"' for symbol in schema["symbols"])
        return f'{{"name":"{name}","type":"enum","symbols":[{symbols}]}}'
    if kind == "fixed":
        return f'{{"name":"{name}","type":"fixed","size":{int(schema["size"])}}}'
    fields = ",".join(
        f'{{"name":"{field["name"]}","type":{_canonical(field["type"], inner, known)}}}' for field in schema["fields"]
    )
    return f'{{"name":"{name}","type":"record","fields":[{fields}]}}'


def _step(schema: Any, namespace: str, known: dict[str, Step]) -> Step:
    if isinstance(schema, list):
        return _union_step([_step(branch, namespace, known) for branch in schema])
    if isinstance(schema, str):
        return _primitive_step(schema) if schema in PRIMITIVES else known[_reference(schema, namespace)]
    kind = schema["type"]
    if not isinstance(kind, str) or kind in PRIMITIVES:
        return _step(kind, namespace, known)
    if kind in ("array", "map"):
        item = _step(schema["items" if kind == "array" else "values"], namespace, known)
        return _blocks_step(item if kind == "array" else _sequence_step([_step_bytes, item]))
    if kind not in ("enum", "fixed", "record", "error"):
        return known[_reference(kind, namespace)]
    return _named_step(schema, kind, namespace, known)


def _named_step(schema: dict[str, Any], kind: str, namespace: str, known: dict[str, Step]) -> Step:
    name, inner = _full_name(schema, namespace)
    if kind == "enum":
        known[name] = _step_long
    elif kind == "fixed":
        known[name] = _fixed_step(int(schema["size"]))
    else:
        steps: list[Step] = []
        # Known before its fields are: a record may hold itself.
        known[name] = _sequence_step(steps)
        steps += [_step(field["type"], inner, known) for field in schema["fields"]]
    return known[name]


def _step_long(data: bytes, at: int) -> int:
    return read_long(data, at)[1]


def _step_bytes(data: bytes, at: int) -> int:
    length, at = read_long(data, at)
    if length < 0:
        raise InputError("an Avro length is negative")
    return at + length


def _primitive_step(name: str) -> Step:
    if name in _FIXED_SIZES:
        return _fixed_step(_FIXED_SIZES[name])
    return _step_long if name in ("int", "long") else _step_bytes


def _fixed_step(size: int) -> Step:
    return lambda data, at: at + size


def _sequence_step(steps: list[Step]) -> Step:
    def step(data: bytes, at: int) -> int:
        for part in steps:
            at = part(data, at)
        return at

    return step


def _union_step(branches: list[Step]) -> Step:
    def step(data: bytes, at: int) -> int:
        branch, at = read_long(data, at)
        if branch < 0:
            raise InputError("an Avro union has no such branch")
        return branches[branch](data, at)

    return step


def _blocks_step(item: Step) -> Step:
    """Return the step over an array or map: blocks of items up to an empty one; a negative count comes with a size."""

    def step(data: bytes, at: int) -> int:
        while True:
            count, at = read_long(data, at)
            if not count:
                return at
            if count < 0:
                at = _step_bytes(data, at)
                continue
            for _ in range(count):
                start, at = at, item(data, at)
                if at == start:  # items without bytes: a wrong count must not keep us busy
                    break
                if at > len(data):
                    raise InputError("an Avro record goes on beyond its block")

    return step
