"""The real disk: what the kernel takes only a part of is written to its end."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from flumepy.log.disk import IOV_MAX, Disk


@pytest.fixture
def descriptor(tmp_path: Path) -> int:
    return Disk().open(tmp_path / "file", create=True)


@pytest.mark.parametrize("taken", [0, 1, 5, 8])
def test_a_write_that_the_kernel_cuts_short_is_finished(
    descriptor: int, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "pwritev", lambda file, parts, offset: os.pwrite(file, b"".join(parts)[:taken], offset))
    Disk().write(descriptor, [b"abc", bytearray(b"de"), memoryview(b"fgh")], 2)
    assert os.pread(descriptor, 100, 0) == b"\0\0abcdefgh"
    os.close(descriptor)


def test_more_parts_than_one_call_takes_come_one_behind_the_other(
    descriptor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    real = os.pwritev

    def counted(file: int, parts: Sequence[bytes], offset: int) -> int:
        calls.append(len(parts))
        return real(file, parts, offset)

    monkeypatch.setattr(os, "pwritev", counted)
    parts = [b"%d," % number for number in range(2 * IOV_MAX + 1)]
    Disk().write(descriptor, parts, 0)
    assert os.pread(descriptor, 1 << 20, 0) == b"".join(parts)
    assert calls == [IOV_MAX, IOV_MAX, 1]
    os.close(descriptor)
