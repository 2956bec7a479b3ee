"""The log as a whole: a disk that fills, reserve, folders, foreign and damaged files, leases, one owner at a time."""

import errno
import fcntl
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import pytest

from flumepy.core.errors import InputError, StartError
from flumepy.log.errors import LogFailedError, LogFullError
from flumepy.log.frame import MAX_PAYLOAD_BYTES, NativeFormat, read_frame
from flumepy.log.recovery import CHUNK_BYTES
from flumepy.log.segment import HEADER_BYTES, SegmentHeader, segment_name
from flumepy.testing.disks import FaultyDisk
from flumepy.testing.forgetful_disk import ForgetfulDisk
from tests.log.kafka_shaped import Batch, KafkaShapedFormat
from tests.log.logs import fill, frame, new_log, of_version, opened, read_texts, texts


def flip(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0xFF]))


def names(folder: Path, suffix: str) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix == suffix)


def test_frames_come_back_in_order_with_their_numbers(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        first = log.append(frame("a", count=3))
        second = log.append(frame("b", count=2))
        assert (first.sequence, second.sequence, log.next_sequence) == (0, 3, 5)
        second.wait()
        assert first.is_done()
        assert read_texts(log) == ["a", "b"]
    with opened(tmp_path) as log:
        assert log.next_sequence == 5
        assert read_texts(log) == ["a", "b"]
        assert log.append(frame("c")).sequence == 5


def test_segments_are_spread_over_the_folders_and_make_one_order(tmp_path: Path) -> None:
    folders = (tmp_path / "one", tmp_path / "two")

    class Leveled(FaultyDisk):
        def free_bytes(self, folder: Path) -> int:
            return 1_000_000 - 5000 * len(self.list(folder))

    with opened(*folders, disk=Leveled()) as log:
        fill(log, texts(0, 40))
        assert all(len(names(folder, ".segment")) >= 2 for folder in folders)
    with opened(*folders) as log:
        assert read_texts(log) == texts(0, 40)


def test_a_frame_larger_than_a_segment_gets_one_of_its_own(tmp_path: Path) -> None:
    large = "x" * 20_000
    with opened(tmp_path) as log:
        fill(log, ["before", large, "behind"])
        assert read_texts(log) == ["before", large, "behind"]
        assert read_texts(log, size=100) == ["before", large, "behind"]
    with opened(tmp_path) as log:
        assert read_texts(log) == ["before", large, "behind"]


def test_a_segment_without_frames_gives_way_to_a_larger_one_of_the_same_name(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        log.append(frame("gone")).wait()
        log.truncate_to(0)
        fill(log, ["x" * 20_000, *texts(0, 20)])
        log.release(log.segments()[1].position)
        assert read_texts(log) == texts(0, 20)
    with opened(tmp_path) as log:
        assert read_texts(log) == texts(0, 20)


def test_a_full_disk_stops_puts_keeps_the_reserve_for_takes_and_resumes() -> None:
    disk = ForgetfulDisk(space_bytes=4 * (HEADER_BYTES + 4096))
    with opened(Path("/full"), disk=disk) as log:
        put: list[str] = []

        def put_all() -> None:
            for text in texts(0, 100):
                log.append(frame(text))
                put.append(text)

        with pytest.raises(LogFullError, match="puts wait until"):
            put_all()
        log.sync()
        assert read_texts(log) == put
        takes = texts(1000, 1007)
        for text in takes:
            log.append(frame(text), uses_reserve=True).wait()
        with pytest.raises(LogFullError):
            log.append(frame("one more put".ljust(4000)))
        assert log.failure is None
        log.release(log.segments()[-1].position)
        fill(log, ["resumed"])
        assert read_texts(log)[-1] == "resumed"


def test_the_file_of_the_reserve_is_not_filled_with_puts_once_a_take_has_opened_it() -> None:
    disk = ForgetfulDisk(space_bytes=3 * (HEADER_BYTES + 4096))
    with opened(Path("/full"), disk=disk) as log:
        with suppress(LogFullError):
            fill(log, texts(0, 100))
        count = len(read_texts(log))
        for text in texts(1000, 1100):
            log.append(frame(text), uses_reserve=True).wait()
            if len(log.segments()) == 3:
                break
        with pytest.raises(LogFullError, match="takes go on"):
            log.append(frame("this would fit"))
        log.append(frame("a take"), uses_reserve=True).wait()
        assert len(read_texts(log)) > count
        log.release(log.segments()[-1].position)
        fill(log, ["resumed"])


def test_the_least_free_space_binds_puts_and_not_takes() -> None:
    size = HEADER_BYTES + 4096
    disk = ForgetfulDisk(space_bytes=10 * size)
    with opened(Path("/least"), disk=disk, minimum_free_bytes=8 * size, reserve=0) as log:
        fill(log, texts(0, 14))
        with pytest.raises(LogFullError, match="Usable space exhausted"):
            log.append(frame(texts(14, 15)[0]))
        log.append(frame(texts(14, 15)[0]), uses_reserve=True).wait()


def test_a_disk_that_cannot_allocate_is_met_when_a_file_is_made(tmp_path: Path) -> None:
    disk = FaultyDisk()
    with opened(tmp_path, disk=disk) as log:
        disk.fail("allocate", errno.ENOSPC)
        with pytest.raises(LogFullError, match="No space left"):
            log.append(frame())
        assert names(tmp_path, ".spare") == []
        log.append(frame("later")).wait()
        assert read_texts(log) == ["later"]


def test_a_growing_file_on_a_full_disk_fails_the_log_which_recovers() -> None:
    disk = ForgetfulDisk(space_bytes=3000)
    kafka = {"frame_format": KafkaShapedFormat(), "preallocates": False, "reserve": 0}
    log = new_log(Path("/growing"), disk=disk, **kafka)
    log.open()
    log.append(Batch(0, b"x" * 1000)).wait()
    with pytest.raises(LogFailedError, match="No space left"):
        log.append(Batch(0, b"y" * 4000)).wait()
    log.close()
    disk.space_bytes = 100_000
    with opened(Path("/growing"), disk=disk, **kafka) as log:
        log.append(Batch(0, b"z")).wait()
        assert log.next_sequence == 2


@pytest.mark.parametrize("call", ["rename", "unlink", "sync_folder"])
def test_a_segment_that_cannot_be_given_back_fails_the_log_and_no_later_one_goes(call: str, tmp_path: Path) -> None:
    disk = FaultyDisk()
    spares = 0 if call == "unlink" else 3
    log = new_log(tmp_path, disk=disk, spares_kept=spares)
    log.open()
    fill(log, texts(0, 30))
    end = log.synced_end
    disk.fail(call)
    with pytest.raises(LogFailedError):
        log.release(end)
    log.release(end)
    log.close()
    with opened(tmp_path, spares_kept=spares) as log:
        expected = texts(0, 30)
        found = read_texts(log)
        assert found == expected[len(expected) - len(found) :]
        assert log.damages == 0


def test_a_released_segment_is_recycled_and_its_old_frames_stay_dead(tmp_path: Path) -> None:
    with opened(tmp_path, spares_kept=10) as log:
        for turn in range(10):
            fill(log, texts(turn * 20, turn * 20 + 20))
            log.release(log.synced_end)
        inodes = {path.stat().st_ino for path in tmp_path.iterdir()}
        fill(log, texts(500, 520))
        log.release(log.synced_end)
        fill(log, texts(600, 610))
        assert {path.stat().st_ino for path in tmp_path.iterdir()} == inodes
        expected = read_texts(log)
        position = log.first_position
    with opened(tmp_path) as log:
        assert log.first_position == position
        assert read_texts(log) == expected
        assert log.damages == 0


def test_a_lease_keeps_a_segment_from_being_recycled_while_it_is_read(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        fill(log, texts(0, 30))
        with log.lease(0) as segment:
            log.release(log.synced_end)
            assert log.first_position == 0
            fill(log, texts(30, 60))
            data = segment.read(log.disk, 0, 10_000)
            assert read_frame(data).payload.decode() == texts(0, 1)[0]
        log.release(log.synced_end)
        assert log.first_position > 0


def test_only_what_is_read_and_written_has_a_descriptor(tmp_path: Path) -> None:
    def open_files() -> list[str]:
        links = [os.readlink(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")
                 if os.path.exists(f"/proc/self/fd/{number}")]  # fmt: skip
        return [link for link in links if link.startswith(str(tmp_path)) and link.endswith("segment")]

    with opened(tmp_path) as log:
        fill(log, texts(0, 200))
        assert read_texts(log) == texts(0, 200)
        assert len(open_files()) == 1
    assert open_files() == []
    with opened(tmp_path) as log:
        assert len(open_files()) == 1
        with log.lease(0), log.lease(0), log.lease(5000):
            assert len(open_files()) == 3
        assert len(open_files()) == 1


def test_reading_goes_on_while_the_log_is_closed(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.open()
    fill(log, texts(0, 3))
    with log.lease(0) as segment:
        log.close()
        assert read_frame(segment.read(log.disk, 0, 1000)).payload.decode() == texts(0, 1)[0]
    with pytest.raises(LogFailedError, match="closed"):
        read_texts(log)


@pytest.mark.parametrize("name", ["3.spare", f"{0:020}.segment"])
def test_a_folder_with_the_name_of_a_file_of_the_log_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(StartError) as raised:
        new_log(tmp_path).open()
    assert str(raised.value).endswith(
        f": {tmp_path / name} is a folder, but its name is that of a file of the log; move it away"
    )
    (tmp_path / name).rmdir()
    with opened(tmp_path):
        pass


def test_a_directory_has_one_owner_in_a_process(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        with pytest.raises(StartError, match="already locked"):
            new_log(tmp_path / ".." / tmp_path.name).open()
        fill(log, ["still mine"])
    with opened(tmp_path) as log:
        assert read_texts(log) == ["still mine"]


def test_a_directory_has_one_owner_among_processes(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.log.logs import new_log\n"
        "try: new_log(Path(sys.argv[1])).open()\n"
        "except Exception as error: print(error)"
    )
    with opened(tmp_path):
        command = [sys.executable, "-c", script, str(tmp_path)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert answer.stdout.startswith(
        f"Cannot lock {tmp_path}. The directory is already locked. It is in use by process {os.getpid()} ("
    )
    assert answer.stdout.endswith("); stop it first, or give this channel directories of its own\n")


def test_the_lock_of_a_java_agent_is_respected(tmp_path: Path) -> None:
    """Java's FileLock is a POSIX record lock on the whole file (Log.java, tryLock)."""
    ready, done = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        descriptor = os.open(tmp_path / "in_use.lock", os.O_RDWR | os.O_CREAT)
        fcntl.lockf(descriptor, fcntl.LOCK_EX)
        os.write(ready[1], b"x")
        os.read(done[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    with pytest.raises(StartError, match="already locked"):
        new_log(tmp_path).open()
    os.write(done[1], b"x")
    os.waitpid(child, 0)
    with opened(tmp_path):
        pass
    for descriptor in (*ready, *done):
        os.close(descriptor)


def test_a_start_that_fails_leaves_no_lock_and_no_descriptor(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        fill(log, texts(0, 30))
    before = len(os.listdir("/proc/self/fd"))
    disk = FaultyDisk()
    for call in ("read", "sync", "sync_folder", "make_folder"):
        disk.heal()
        disk.fail(call, times=1000)
        with pytest.raises(StartError):
            new_log(tmp_path, disk=disk).open()
        assert len(os.listdir("/proc/self/fd")) == before
    with opened(tmp_path) as log:
        assert read_texts(log) == texts(0, 30)


def test_a_folder_that_cannot_be_written_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StartError, match=r"file: cannot be used as a folder of the log \(File exists\)"):
        new_log(tmp_path / "file").open()
    disk = FaultyDisk()
    disk.fail("make_folder", errno.EROFS)
    with pytest.raises(StartError, match="Read-only file system"):
        new_log(tmp_path / "new", disk=disk).open()


def rewrite_header(path: Path, **changes: object) -> None:
    header = SegmentHeader.decode(path.read_bytes()[:HEADER_BYTES], path)
    values = {field.name: getattr(header, field.name) for field in fields(header)} | changes
    with path.open("r+b") as file:
        file.write(SegmentHeader(**values).encode())


def state(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_newer_version_is_refused_and_nothing_is_changed(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        fill(log, texts(0, 10))
    with sorted(tmp_path.glob("*.segment"))[-1].open("r+b") as file:
        newer = of_version(file.read(HEADER_BYTES), 2)
        file.seek(0)
        file.write(newer)
    before = state(tmp_path)
    with pytest.raises(StartError, match="written in version 2 of the log; this flumepy reads up to version 1"):
        new_log(tmp_path).open()
    assert state(tmp_path) == before


def test_another_format_and_another_log_are_refused_and_nothing_is_changed(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        fill(log, texts(0, 30))
    before = state(tmp_path)
    with pytest.raises(StartError, match="holds frames of the format b'evnt', not b'kafk'"):
        new_log(tmp_path, frame_format=KafkaShapedFormat()).open()
    assert state(tmp_path) == before
    rewrite_header(sorted(tmp_path.glob("*.segment"))[1], log_id=b"x" * 16)
    with pytest.raises(StartError, match="belongs to another log"):
        new_log(tmp_path).open()


def test_spares_of_another_log_are_not_taken_over(tmp_path: Path) -> None:
    """The frames in them could stand at the very place where they would be looked for."""
    with opened(tmp_path) as log:
        fill(log, texts(0, 30))
        log.release(log.synced_end)
        log.append(frame("last")).wait()
    for path in tmp_path.glob("*.segment"):
        path.unlink()
    assert names(tmp_path, ".spare")
    with opened(tmp_path) as log:
        fill(log, texts(100, 101))
    with opened(tmp_path) as log:
        assert read_texts(log) == texts(100, 101)


def test_two_segments_with_frames_at_one_position_are_refused(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    with opened(one) as log:
        fill(log, ["a"])
    two.mkdir()
    (two / segment_name(0)).write_bytes((one / segment_name(0)).read_bytes())
    with pytest.raises(StartError, match="two segments with frames of the same position"):
        new_log(one, two).open()


def test_an_empty_double_of_a_segment_goes(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    with opened(one) as log:
        fill(log, ["a"])
    two.mkdir()
    (two / segment_name(0)).write_bytes((one / segment_name(0)).read_bytes()[:HEADER_BYTES])
    with opened(one, two) as log:
        assert read_texts(log) == ["a"]
    assert names(two, ".segment") == []


def test_a_missing_segment_in_the_middle_is_reported_and_the_rest_is_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(tmp_path) as log:
        fill(log, texts(0, 40))
        gone = log.segments()[2]
    gone.path.unlink()
    with opened(tmp_path) as log:
        assert log.damages == 1
        assert (
            "3808 bytes from offset 4320 on are gone; a segment, or a directory of the log, is missing" in caplog.text
        )
        found = read_texts(log)
        assert found == texts(0, 14) + texts(21, 40)
        assert log.damages == 1
        assert log.next_sequence == 40


def test_while_a_folder_is_not_mounted_a_log_with_a_hole_is_not_opened_and_later_it_is_whole(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    with opened(one, two) as log:
        fill(log, texts(0, 40))
        segments = log.segments()
    for segment in segments:
        segment.path.rename(one / segment.path.name)
    (one / segments[2].path.name).rename(two / segments[2].path.name)
    two.rename(tmp_path / "unmounted")
    two.mkdir()
    for _ in range(2):
        with pytest.raises(
            StartError, match=f"{two}: new or not mounted, and files of the log are missing between {one}"
        ):
            new_log(one, two).open()
    assert list(two.iterdir()) == []
    two.rmdir()
    (tmp_path / "unmounted").rename(two)
    with opened(one, two) as log:
        assert read_texts(log) == texts(0, 40)


def test_sound_frames_behind_a_damaged_header_are_read(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        fill(log, texts(0, 40))
        segments = log.segments()
        end = log.next_sequence
    for segment in segments:
        flip(segment.path, 20)
    with opened(tmp_path) as log:
        assert read_texts(log) == texts(0, 40)
        assert [segment.sequence for segment in log.segments()] == [segment.sequence for segment in segments]
        assert log.locate(25) <= log.cursor(log.locate(25)).read().heads[0][0]
        assert log.next_sequence == end


@pytest.mark.parametrize("offset", [0, 3, 5, 9, 17, 25, 33, 41, 44, 300])
def test_a_damaged_frame_is_skipped_counted_once_and_kept(offset: int, tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        fill(log, texts(0, 20))
        segment = log.segments()[1]
    flip(segment.path, HEADER_BYTES + 2 * 544 + offset)
    before = segment.path.read_bytes()
    with opened(tmp_path) as log:
        for _ in range(3):
            assert read_texts(log) == texts(0, 9) + texts(10, 20)
        assert log.damages == 1
    assert segment.path.read_bytes() == before


def test_a_clock_that_jumps_back_changes_nothing(tmp_path: Path) -> None:
    times = iter(range(10_000, 0, -1))
    with opened(tmp_path, now_ms=lambda: next(times)) as log:
        fill(log, texts(0, 40))
    with opened(tmp_path, now_ms=lambda: next(times)) as log:
        assert read_texts(log) == texts(0, 40)


def test_large_numbers_fit() -> None:
    format_ = NativeFormat()
    for position, sequence in ((1 << 62, 1 << 61), ((1 << 63) - 10_000, (1 << 64) - 10_000)):
        prepared = format_.prepare(frame("x"), sequence, position, 1 << 60)
        [head] = format_.scan(b"".join(prepared.parts), position, verify=True).heads
        assert head == (position, 45, sequence, 1, 1)
    assert MAX_PAYLOAD_BYTES == 2**32 - 1


def test_damage_in_a_large_segment_is_searched_in_windows(tmp_path: Path) -> None:
    """Damage longer than a window, with a frame's head across the end of one."""
    size = 4 * CHUNK_BYTES
    with opened(tmp_path, segment_bytes=size) as log:
        fill(log, ["a" * 100, "b" * (CHUNK_BYTES - 150), "c" * (2 * CHUNK_BYTES), "d"])
        path = log.segments()[0].path
    flip(path, HEADER_BYTES)
    with opened(tmp_path, segment_bytes=size) as log:
        assert [text[0] for text in read_texts(log)] == ["b", "c", "d"]
    flip(path, HEADER_BYTES + 144)
    with opened(tmp_path, segment_bytes=size) as log:
        assert [text[0] for text in read_texts(log)] == ["c", "d"]


def test_a_start_inside_a_frame_or_behind_the_end_does_no_harm(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        fill(log, texts(0, 20))
        end = log.synced_end
    for start in (1, 545, 5000, end - 1, end, end + 1, end + 100, 1 << 62):
        log = new_log(tmp_path)
        log.open(start)
        assert log.synced_end == end
        assert read_texts(log) == texts(0, 20)
        log.close()


def test_kafka_offsets_are_found_over_gaps_and_cut_off_again(tmp_path: Path) -> None:
    format_ = KafkaShapedFormat(leader_epoch=3)
    kafka = {"frame_format": format_, "preallocates": False, "reserve": 0, "segment_bytes": 20_000}
    with opened(tmp_path, **kafka) as log:
        for number in range(100):
            format_.skip = 7 if number % 10 == 5 else 0
            log.append(Batch(number % 4, b"x" * 1500))
        log.sync()
        heads = [head for chunk in iter(log.cursor(0).read, None) for head in chunk.heads]
        offsets = [head[2] for head in heads]
        assert log.next_sequence == heads[-1][2] + heads[-1][3] == sum(number % 4 + 1 for number in range(100)) + 70
        for offset in range(0, log.next_sequence, 9):
            chunk = log.cursor(log.locate(offset)).read()
            assert chunk.heads[0][2] <= offset
            assert max(o for o in offsets if o <= offset) in [head[2] for head in chunk.heads]
        cut = heads[60]
        log.truncate_to(cut[0])
        assert log.next_sequence == heads[59][2] + heads[59][3]
        with pytest.raises(ValueError, match="is no frame's start"):
            log.truncate_to(heads[30][0] + 5)
        log.release(log.segments()[1].position)
        assert log.first_position == log.segments()[0].position > 0
    with opened(tmp_path, **kafka) as log:
        assert log.next_sequence == heads[59][2] + heads[59][3]
        assert names(tmp_path, ".spare") == []


def test_truncation_does_not_come_back_after_recycling(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        fill(log, texts(0, 30))
        log.truncate_to(544 * 9)
        fill(log, texts(100, 103))
        assert read_texts(log) == texts(0, 9) + texts(100, 103)
    with opened(tmp_path) as log:
        assert read_texts(log) == texts(0, 9) + texts(100, 103)
        log.truncate_to(-5)
        assert read_texts(log) == []
        with pytest.raises(ValueError, match="behind the end"):
            log.truncate_to(1)


def test_a_frame_that_is_too_large_is_refused_and_uses_nothing_up(tmp_path: Path) -> None:
    large = frame()
    large.length = 1 << 32
    with opened(tmp_path) as log:
        with pytest.raises(InputError, match="do not fit into a frame"):
            log.append(large)
        assert log.append(frame("next")).sequence == 0
