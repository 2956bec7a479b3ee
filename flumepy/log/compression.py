"""Compression of a frame's payload: zstd and lz4, each in its own frame format, so that the tools of that name read it.

A compressed payload says how large it was; that is checked against the limit before anything is expanded, and what is found
must be exactly as long. Both libraries give up the GIL while they work. zstd runs at level 1: on lines of a log it is as
small as level 3 and takes a tenth less time.
"""

import importlib
from types import ModuleType
from typing import Protocol

from flumepy.core.errors import ConfigurationError, InputError, MissingPackageError

#: by the number that stands in a frame's flags
COMPRESSIONS = ("none", "zstd", "lz4")
ZSTD_LEVEL = 1
LIMIT_BYTES = 1024 * 1024 * 1024


class Compressor(Protocol):
    """One algorithm."""

    def compress(self, data: bytes) -> bytes:
        """Return a frame of the algorithm, with the size of `data` in its head."""

    def expand(self, data: bytes, limit: int) -> bytes:
        """Return what was compressed, at most `limit` bytes. Raises InputError."""


class Zstd:
    """Zstandard."""

    def __init__(self) -> None:
        self._package = _package("zstandard", "zstd")

    def compress(self, data: bytes) -> bytes:
        """Return a zstd frame."""
        # Contexts must not be shared by threads; a new one costs nothing that could be measured.
        return bytes(self._package.ZstdCompressor(level=ZSTD_LEVEL).compress(data))

    def expand(self, data: bytes, limit: int) -> bytes:
        """Return the content of a zstd frame. Raises InputError."""
        try:
            size = self._package.frame_content_size(data)
            _check_size("zstd", size, limit)
            expanded = bytes(self._package.ZstdDecompressor().decompress(data, allow_extra_data=False))
        except self._package.ZstdError as error:
            raise _damaged("zstd", error) from error
        return _checked("zstd", expanded, size)


class Lz4:
    """LZ4 in its frame format."""

    def __init__(self) -> None:
        self._package = _package("lz4.frame", "lz4")

    def compress(self, data: bytes) -> bytes:
        """Return an LZ4 frame."""
        return bytes(self._package.compress(data, store_size=True))

    def expand(self, data: bytes, limit: int) -> bytes:
        """Return the content of an LZ4 frame. Raises InputError."""
        try:
            size = int(self._package.get_frame_info(data)["content_size"])
            _check_size("lz4", size, limit)
            stream = self._package.LZ4FrameDecompressor()
            expanded = bytes(stream.decompress(data, max_length=size))
            if not stream.eof:
                stream.decompress(b"", max_length=0)  # the end mark
        except RuntimeError as error:
            raise _damaged("lz4", error) from error
        if not stream.eof or stream.unused_data:
            raise _damaged("lz4", "it does not end where it should")
        return _checked("lz4", expanded, size)


def compressor(number: int) -> Compressor:
    """Return the algorithm with this number in COMPRESSIONS, not 0. Raises InputError, MissingPackageError."""
    if number == 1:
        return Zstd()
    if number == 2:
        return Lz4()
    raise InputError(
        f"a stored payload is compressed in a way, {number}, that this flumepy does not know; read it with the flumepy"
        " that wrote it, or a newer one"
    )


def number_of(name: str) -> int:
    """Return the number of a compression by its name. Raises ConfigurationError."""
    if name not in COMPRESSIONS:
        raise ConfigurationError(f"compression {name!r} is not known; there are {', '.join(COMPRESSIONS)}")
    return COMPRESSIONS.index(name)


def _package(module: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingPackageError(
            f"compression {name} needs the package {module.partition('.')[0]}; pip install 'flumepy[compression]'",
            hint="pip install 'flumepy[compression]'",
        ) from error


def _check_size(name: str, size: int, limit: int) -> None:
    """Refuse a frame that does not say how large it was (zstd: -1, lz4: 0), or too much."""
    if size <= 0:
        raise _damaged(name, "it does not say how large it was")
    if size > limit:
        raise InputError(
            f"a stored payload would expand to {size} bytes, more than the {limit} that flumepy ever compresses; it was"
            " damaged, or not written by flumepy. Verify and repair the directories of the log"
        )


def _checked(name: str, expanded: bytes, size: int) -> bytes:
    if len(expanded) != size:
        raise _damaged(name, f"it has {len(expanded)} bytes and claims {size}")
    return expanded


def _damaged(name: str, reason: object) -> InputError:
    return InputError(
        f"a stored payload cannot be expanded as {name} ({reason}); verify and repair the directories of the log"
    )
