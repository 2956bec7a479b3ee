"""The checkpoint file: two slots in turn, each believed only when whole."""

import errno
from pathlib import Path

import pytest

from flumepy.event_log.checkpoint import NAME, SLOT_BYTES, Checkpoint, CheckpointFile
from flumepy.log.disk import Disk
from flumepy.testing.disks import FaultyDisk


def checkpoint(number: int) -> Checkpoint:
    return Checkpoint(b"0123456789abcdef", number, number + 1, number + 2, number + 3)


def test_what_was_written_last_is_read(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path, Disk())
    assert file.read() is None
    for number in range(5):
        file.write(checkpoint(number))
        assert CheckpointFile(tmp_path, Disk()).read() == checkpoint(number)
    assert (tmp_path / NAME).stat().st_size == 2 * SLOT_BYTES


@pytest.mark.parametrize("slot", [0, 1])
def test_a_damaged_slot_leaves_the_other(tmp_path: Path, slot: int) -> None:
    file = CheckpointFile(tmp_path, Disk())
    for number in range(4):
        file.write(checkpoint(number))
    data = bytearray((tmp_path / NAME).read_bytes())
    data[slot * SLOT_BYTES + 40] ^= 1
    (tmp_path / NAME).write_bytes(data)
    again = CheckpointFile(tmp_path, Disk())
    left = again.read()
    assert left in (checkpoint(2), checkpoint(3))
    again.write(checkpoint(9))
    assert again.read() == checkpoint(9)
    assert CheckpointFile(tmp_path, Disk()).read() == checkpoint(9)


def test_a_write_that_fails_half_way_leaves_the_last_one(tmp_path: Path) -> None:
    disk = FaultyDisk()
    file = CheckpointFile(tmp_path, disk)
    for number in range(3):
        file.write(checkpoint(number))
    for _ in range(3):
        disk.fail("write", errno.EIO, prefix_bytes=100)
        with pytest.raises(OSError, match="Input/output error"):
            file.write(checkpoint(9))
        assert CheckpointFile(tmp_path, Disk()).read() == checkpoint(2)
    file.write(checkpoint(3))
    assert CheckpointFile(tmp_path, Disk()).read() == checkpoint(3)


@pytest.mark.parametrize(
    "content", [b"", b"short", bytes(2 * SLOT_BYTES), b"\xff" * 2 * SLOT_BYTES], ids=["empty", "short", "zeros", "ones"]
)
def test_what_is_no_checkpoint_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    file = CheckpointFile(tmp_path, Disk())
    assert file.read() is None
    file.write(checkpoint(1))
    assert file.read() == checkpoint(1)
