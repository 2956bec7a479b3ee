"""The parts of ForgetfulDisk: a file whose blocks, and a folder whose names, remember what they were since the last sync."""

import random


class ForgetfulFile:
    """Content as it is now, and what else a crash may leave of it."""

    def __init__(self, block_bytes: int) -> None:
        self._block_bytes = block_bytes
        self._durable = b""
        self._versions: dict[int, list[bytes]] = {}  # contents that a block got since the last sync, by its number
        self._sizes: list[int] = []  # lengths since the last sync
        self._dropped: set[int] = set()  # blocks that the disk has otherwise, and that no sync will bring there
        self.data = bytearray()

    def write(self, data: bytes, offset: int) -> None:
        """Change content that is there."""
        self.data[offset : offset + len(data)] = data
        if data:
            self._remember(offset, offset + len(data))

    def _remember(self, start: int, end: int) -> None:
        for number in range(start // self._block_bytes, (end - 1) // self._block_bytes + 1):
            block = bytes(self.data[number * self._block_bytes : (number + 1) * self._block_bytes])
            self._versions.setdefault(number, []).append(block)

    def resize(self, size: int) -> None:
        """Cut, or grow with zeros."""
        old_size = len(self.data)
        if size > old_size:
            self.data.extend(bytes(size - old_size))
        elif size < old_size:
            del self.data[size:]
            # What was cut off does not come back when the file grows again.
            for number in range(size // self._block_bytes, (old_size - 1) // self._block_bytes + 1):
                start = number * self._block_bytes
                self._versions.setdefault(number, []).append(bytes(self.data[start : start + self._block_bytes]))
        if size != old_size:
            self._sizes.append(size)

    def flip(self, offset: int, mask: int) -> None:
        """Damage one byte."""
        self.data[offset] ^= mask
        self.sync()

    def sync(self) -> None:
        """Make the content durable, but for what an earlier sync has dropped."""
        self._dropped -= self._versions.keys()
        durable = bytearray(self.data)
        for number in self._dropped:
            self._copy_block(self._durable, durable, number)
        self._durable = bytes(durable)
        self._versions.clear()
        self._sizes.clear()

    def drop(self, chance: random.Random) -> None:
        """Fail to sync, as Linux does: some of it reaches the disk; the rest can be read, and no later sync writes it."""
        durable = bytearray(self._durable.ljust(len(self.data), b"\0")[: len(self.data)])
        for number in self._versions:
            if chance.random() < 0.5:
                self._copy_block(self.data, durable, number)
                self._dropped.discard(number)
            else:
                self._dropped.add(number)
        self._durable = bytes(durable)
        self._versions.clear()
        self._sizes.clear()

    def evict(self) -> None:
        """Read what was dropped from the disk again."""
        for number in self._dropped - self._versions.keys():
            self._copy_block(self._durable, self.data, number)
        self._dropped.clear()

    def _copy_block(self, source: bytes | bytearray, target: bytearray, number: int) -> None:
        start = number * self._block_bytes
        size = len(target[start : start + self._block_bytes])
        target[start : start + size] = source[start : start + size].ljust(size, b"\0")

    def survivor(self, chance: random.Random, loss: float) -> "ForgetfulFile":
        """Return what a crash leaves."""
        sizes = [len(self._durable), *self._sizes]
        size = sizes[-1] if chance.random() >= loss else chance.choice(sizes)
        left = ForgetfulFile(self._block_bytes)
        left.data = bytearray(self._durable[:size].ljust(size, b"\0"))
        for number, versions in sorted(self._versions.items()):
            if chance.random() < loss:
                versions = versions[: chance.randint(0, len(versions) - 1)]  # noqa: PLW2901
            start = number * self._block_bytes
            if versions and start < size:
                block = versions[-1].ljust(self._block_bytes, b"\0")
                left.data[start : start + self._block_bytes] = block[: size - start]
        left.sync()
        return left


class Names:
    """The names in a folder as they are now, as they are on the disk, and the changes between."""

    def __init__(self) -> None:
        self._durable: dict[str, ForgetfulFile] = {}
        self._changes: list[tuple[str | None, ForgetfulFile | None, str | None]] = []  # new name, file, name that goes
        self.now: dict[str, ForgetfulFile] = {}

    def start_with(self, name: str, file: ForgetfulFile) -> None:
        """Put in a durable name."""
        self.now[name] = self._durable[name] = file

    def put(self, name: str, file: ForgetfulFile, instead_of: str | None = None) -> None:
        """Name a file, which may have had another name."""
        self._change(name, file, instead_of)

    def remove(self, name: str) -> None:
        """Forget a name."""
        self._change(None, None, name)

    def _change(self, name: str | None, file: ForgetfulFile | None, gone: str | None) -> None:
        self._changes.append((name, file, gone))
        _apply(self.now, name, file, gone)

    def sync(self) -> None:
        """Make the names durable."""
        self._durable = dict(self.now)
        self._changes.clear()

    def survivors(self, chance: random.Random, loss: float) -> dict[str, ForgetfulFile]:
        """Return the names that a crash leaves."""
        left = dict(self._durable)
        for name, file, gone in self._changes:
            if chance.random() >= loss:
                _apply(left, name, file, gone)
        return left


def _apply(names: dict[str, ForgetfulFile], name: str | None, file: ForgetfulFile | None, gone: str | None) -> None:
    if gone is not None and (file is None or names.get(gone) is file):
        names.pop(gone, None)
    if name is not None and file is not None:
        names[name] = file
