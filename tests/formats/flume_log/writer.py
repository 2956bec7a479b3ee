"""Writes directories as Java Flume's file channel does, from its sources' layout and without a line of the reader's code.

`JavaChannel` is a model too: `expected()` is what must be live if the agent died now.
"""

import hashlib
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path

MEBIBYTE = 1024 * 1024
PUT, TAKE, ROLLBACK, COMMIT = 1, 2, 3, 4
Headers = dict[str, str | None]
Pointer = tuple[int, int]


def varint(number: int) -> bytes:
    text = bytearray()
    while number >= 128:
        text.append(number % 128 + 128)
        number //= 128
    return bytes([*text, number])


def delimited(message: bytes) -> bytes:
    return varint(len(message)) + message


def sf32(field_number: int, value: int) -> bytes:
    return bytes([field_number * 8 + 5]) + struct.pack("<i", value)


def sf64(field_number: int, value: int) -> bytes:
    return bytes([field_number * 8 + 1]) + struct.pack("<q", value)


def text(field_number: int, value: bytes) -> bytes:
    return bytes([field_number * 8 + 2]) + delimited(value)


def put_message(body: bytes, headers: Headers) -> bytes:
    event = b""
    for name, value in headers.items():
        entry = text(1, name.encode())
        event += text(1, entry if value is None else entry + text(2, value.encode()))
    return text(1, event + text(2, body)) + sf64(2, zlib.crc32(body))


def record(kind: int, transaction: int, order: int, message: bytes) -> bytes:
    header = sf32(1, kind) + sf64(2, transaction) + sf64(3, order)
    payload = delimited(header) + delimited(message) + b"\x00"
    return b"\x7f" + struct.pack(">i", len(payload)) + payload


def in_flight(groups: dict[int, list[Pointer]]) -> bytes:
    if not groups:
        return hashlib.md5(bytes(16)).digest() + bytes(16)
    content = b""
    for transaction, pointers in groups.items():
        content += struct.pack(">qq", transaction, len(pointers))
        content += b"".join(struct.pack(">q", (file << 32) + offset) for file, offset in pointers)
    content += bytes(16)
    return hashlib.md5(content).digest() + content


@dataclass
class LogFile:
    path: Path
    number: int
    data: bytearray = field(default_factory=bytearray)
    position: int = 0
    position_order: int = 0
    backup_position: int = 0
    backup_order: int = 0

    def save(self) -> None:
        self.path.write_bytes(self.data + b"\x80" * (-len(self.data) % MEBIBYTE))
        meta = sf32(1, 3) + sf32(2, self.number) + sf64(3, self.position) + sf64(4, self.position_order)
        meta += sf64(6, self.backup_position) + sf64(7, self.backup_order)
        self.path.with_name(self.path.name + ".meta").write_bytes(delimited(meta))


class JavaChannel:
    """One channel; nothing reaches the disk before `save`, but for checkpoints."""

    def __init__(self, root: Path, folders: int = 1, capacity: int = 40) -> None:
        self.checkpoint_dir = root / "checkpoint"
        self.backup_dir = root / "backup"
        self.data_dirs = [root / f"data{number}" for number in range(folders)]
        for folder in (self.checkpoint_dir, self.backup_dir, *self.data_dirs):
            folder.mkdir(parents=True)
        self.capacity = capacity
        self.head = capacity - 2
        self.order = 1000
        self.transaction = 5000
        self.files: list[LogFile] = []
        self.active: list[LogFile] = []
        self.events: dict[Pointer, bytes] = {}
        self.queue: list[Pointer] = []
        self.open_puts: dict[int, list[Pointer]] = {}
        self.open_takes: dict[int, list[Pointer]] = {}
        self.put_orders: dict[Pointer, int] = {}
        self.roll()

    def roll(self) -> None:
        self.active = []
        for folder in self.data_dirs:
            file = LogFile(folder / f"log-{len(self.files) + 1}", len(self.files) + 1)
            self.files.append(file)
            self.active.append(file)

    def write(self, kind: int, transaction: int, message: bytes) -> Pointer:
        self.order += 1
        file = self.active[transaction % len(self.active)]
        offset = len(file.data)
        file.data += record(kind, transaction, self.order, message)
        return file.number, offset

    def begin_put(self, *bodies: bytes, headers: Headers | None = None) -> int:
        self.transaction += 1
        self.open_puts[self.transaction] = []
        for body in bodies:
            self.put_more(self.transaction, body, headers)
        return self.transaction

    def put_more(self, transaction: int, body: bytes, headers: Headers | None = None) -> None:
        pointer = self.write(PUT, transaction, put_message(body, headers or {}))
        self.put_orders[pointer] = self.order
        self.events[pointer] = body
        self.open_puts[transaction].append(pointer)

    def begin_take(self, count: int) -> int:
        self.transaction += 1
        self.open_takes[self.transaction] = []
        for _ in range(min(count, len(self.queue))):
            pointer = self.queue.pop(0)
            self.write(TAKE, self.transaction, sf32(1, pointer[0]) + sf32(2, pointer[1]))
            self.open_takes[self.transaction].append(pointer)
        return self.transaction

    def commit(self, transaction: int) -> None:
        is_put = transaction in self.open_puts
        self.write(COMMIT, transaction, sf32(1, PUT if is_put else TAKE))
        if is_put:
            self.queue += self.open_puts.pop(transaction)
        else:
            del self.open_takes[transaction]

    def rollback(self, transaction: int) -> None:
        self.write(ROLLBACK, transaction, b"")
        if self.open_puts.pop(transaction, None) is None:
            self.queue = sorted(self.queue + self.open_takes.pop(transaction), key=self.put_orders.__getitem__)

    def put(self, *bodies: bytes, headers: Headers | None = None) -> None:
        self.commit(self.begin_put(*bodies, headers=headers))

    def take(self, count: int) -> None:
        self.commit(self.begin_take(count))

    def checkpoint(self, folder: Path | None = None) -> None:
        """Save the queue; in another folder than the checkpoint's the data files take no note of it."""
        self.order += 1
        slots = [0] * (1029 + self.capacity)
        slots[0], slots[1] = 3, self.order
        for place, (number, offset) in enumerate(self.queue):
            slots[1029 + (self.head + place) % self.capacity] = (number << 32) + offset
        target = folder or self.checkpoint_dir
        (target / "checkpoint").write_bytes(struct.pack(f">{len(slots)}q", *slots))
        meta = sf32(1, 3) + sf64(2, self.order) + sf32(3, len(self.queue)) + sf32(4, self.head)
        meta += text(5, sf32(1, 1) + sf32(2, len(self.queue)))
        (target / "checkpoint.meta").write_bytes(delimited(meta))
        (target / "inflightputs").write_bytes(in_flight(self.open_puts))
        (target / "inflighttakes").write_bytes(in_flight(self.open_takes))
        for file in self.files if folder is None else ():
            file.backup_position, file.backup_order = file.position, file.position_order
            file.position, file.position_order = len(file.data), self.order

    def save(self) -> None:
        for file in self.files:
            file.save()

    def expected(self) -> list[bytes]:
        """Return the bodies that are live: all that was committed and whose take was not, as they were put."""
        taken = [pointer for pointers in self.open_takes.values() for pointer in pointers]
        return [self.events[pointer] for pointer in sorted(taken + self.queue, key=self.put_orders.__getitem__)]
