"""The fake disks do what tests of a log rely on: fail once, kill for real, and forget exactly what was not synced."""

import errno
import os
import signal
from pathlib import Path

import pytest

from flumepy.core.errors import StartError
from flumepy.log.disk import Disk
from flumepy.testing.disks import FaultyDisk, KillingDisk
from flumepy.testing.forgetful_disk import ForgetfulDisk

FOLDER = Path("/folder")
FILE = FOLDER / "file"
KEEPS_ONE_OF_TWO = 1  # with this seed, of two blocks the first reaches the disk and the second does not


def write_file(disk: Disk, content: bytes, path: Path = FILE) -> int:
    descriptor = disk.open(path, create=True)
    disk.write(descriptor, [content], 0)
    return descriptor


def disk_with_folder(**how: int) -> ForgetfulDisk:
    disk = ForgetfulDisk(**how)
    disk.make_folder(FOLDER)
    return disk


def after_crashes(disk: ForgetfulDisk, count: int = 200) -> list[ForgetfulDisk]:
    return [disk.crash(seed) for seed in range(count)]


def test_a_fault_comes_at_its_call_and_goes_again(tmp_path: Path) -> None:
    disk = FaultyDisk()
    descriptor = write_file(disk, b"0123456789", tmp_path / "file")
    disk.fail("write", errno.ENOSPC, nth=2, prefix_bytes=3)
    disk.write(descriptor, [b"a"], 0)
    with pytest.raises(OSError, match="No space left") as caught:
        disk.write(descriptor, [b"bbbb", b"bbbb"], 1)
    assert caught.value.errno == errno.ENOSPC
    assert disk.read(descriptor, 100, 0) == b"abbb456789"
    disk.write(descriptor, [b"c"], 0)
    disk.fail("sync", times=2)
    for _ in range(2):
        with pytest.raises(OSError, match="Input/output error"):
            disk.sync(descriptor)
    disk.sync(descriptor)
    disk.close(descriptor)


def test_a_killing_disk_ends_its_process_in_the_middle_of_a_write(tmp_path: Path) -> None:
    lengths = set()
    for seed in range(12):
        path = tmp_path / str(seed)
        child = os.fork()
        if not child:
            disk = KillingDisk(2, seed)
            write_file(disk, b"x" * 50, path)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL
        lengths.add(path.stat().st_size)
    assert len(lengths) > 3
    assert max(lengths) <= 50


def test_what_is_synced_survives_with_its_name() -> None:
    disk = disk_with_folder()
    descriptor = write_file(disk, b"content")
    disk.sync(descriptor)
    disk.sync_folder(FOLDER)
    for left in after_crashes(disk, 20):
        assert left.content(FILE) == b"content"


def test_a_name_that_is_not_synced_may_be_lost_or_kept() -> None:
    disk = disk_with_folder()
    disk.sync(write_file(disk, b"content"))
    found = {tuple(left.list(FOLDER)) for left in after_crashes(disk)}
    assert found == {(), ("file",)}


def test_blocks_that_are_not_synced_are_lost_or_kept_one_by_one() -> None:
    disk = disk_with_folder(block_bytes=512)
    descriptor = write_file(disk, b"a" * 1536)
    disk.sync(descriptor)
    disk.sync_folder(FOLDER)
    disk.write(descriptor, [b"b" * 1536], 0)
    disk.write(descriptor, [b"c" * 512], 512)
    contents = {bytes(left.content(FILE)[number * 512] for number in range(3)) for left in after_crashes(disk, 500)}
    assert contents == {bytes([x, y, z]) for x in b"ab" for y in b"abc" for z in b"ab"}


def test_a_length_that_is_not_synced_may_be_lost() -> None:
    disk = disk_with_folder()
    descriptor = write_file(disk, b"a" * 100)
    disk.sync(descriptor)
    disk.sync_folder(FOLDER)
    disk.truncate(descriptor, 10)
    disk.allocate(descriptor, 50)
    found = {left.content(FILE) for left in after_crashes(disk, 500)}
    assert {len(content) for content in found} == {10, 50, 100}
    disk = disk_with_folder()
    descriptor = write_file(disk, b"a" * 100)
    disk.truncate(descriptor, 10)
    disk.sync(descriptor)
    disk.sync_folder(FOLDER)
    disk.allocate(descriptor, 50)
    assert {left.content(FILE).rstrip(b"\0") for left in after_crashes(disk)} == {b"a" * 10}


def test_a_rename_is_never_half_done() -> None:
    disk = disk_with_folder()
    for name in ("old", "new"):
        disk.sync(write_file(disk, name.encode(), FOLDER / name))
    disk.sync_folder(FOLDER)
    disk.rename(FOLDER / "old", FOLDER / "new")
    found = {tuple((name, left.content(FOLDER / name)) for name in left.list(FOLDER)) for left in after_crashes(disk)}
    assert found == {(("new", b"new"), ("old", b"old")), (("new", b"old"),)}


def test_a_killed_process_leaves_everything_and_a_crashed_disk_answers_no_more() -> None:
    disk = disk_with_folder()
    descriptor = write_file(disk, b"content")
    left = disk.kill()
    assert left.content(FILE) == b"content"
    with pytest.raises(OSError, match="crashed"):
        disk.write(descriptor, [b"x"], 0)
    disk.close(descriptor)
    with pytest.raises(OSError, match="Bad file descriptor"):
        disk.close(descriptor)


def test_space_is_limited_and_comes_back_with_the_last_descriptor() -> None:
    disk = disk_with_folder(space_bytes=100)
    descriptor = write_file(disk, b"x" * 80)
    with pytest.raises(OSError, match="No space left"):
        disk.allocate(descriptor, 101)
    disk.unlink(FILE)
    assert disk.free_bytes(FOLDER) == 20
    disk.close(descriptor)
    assert disk.free_bytes(FOLDER) == 100


def test_a_lock_has_one_owner() -> None:
    disk = disk_with_folder()
    descriptor = disk.lock(FOLDER / "in_use.lock")
    with pytest.raises(StartError, match="already locked"):
        disk.lock(FOLDER / "in_use.lock")
    disk.close(descriptor)
    disk.close(disk.lock(FOLDER / "in_use.lock"))


@pytest.mark.parametrize(("more", "left"), [({}, b"aaBBccdd"), ({6: b"D"}, b"aaBBccDd"), ({4: b"C"}, b"aaBBCCdd")])
def test_a_later_sync_stores_only_the_blocks_that_were_written_since_one_failed(
    more: dict[int, bytes], left: bytes
) -> None:
    disk = disk_with_folder(block_bytes=2)
    descriptor = write_file(disk, b"aabbccdd")
    disk.sync(descriptor)
    disk.sync_folder(FOLDER)
    disk.write(descriptor, [b"BBCC"], 2)
    disk.fail_sync(KEEPS_ONE_OF_TWO)
    with pytest.raises(OSError, match="Input/output error"):
        disk.sync(descriptor)
    assert disk.content(FILE) == b"aaBBCCdd"
    for offset, data in more.items():
        disk.write(descriptor, [data], offset)
    disk.sync(descriptor)
    assert {one.content(FILE) for one in after_crashes(disk)} == {left}


def test_what_a_failed_sync_has_dropped_is_gone_once_its_memory_is_needed() -> None:
    disk = disk_with_folder(block_bytes=2)
    descriptor = write_file(disk, b"aabb")
    disk.sync(descriptor)
    disk.write(descriptor, [b"AABB"], 0)
    disk.fail_sync(KEEPS_ONE_OF_TWO)
    with pytest.raises(OSError, match="Input/output error"):
        disk.sync(descriptor)
    disk.evict()
    assert disk.content(FILE) == b"AAbb"


def test_a_sync_that_is_to_fail_may_work_after_all() -> None:
    disk = disk_with_folder()
    descriptor = write_file(disk, b"a")
    disk.fail_sync(KEEPS_ONE_OF_TWO)
    disk.fail_sync(None)
    disk.sync(descriptor)
