"""The events that a Java agent left are taken over once, in order, however often the take-over is interrupted."""

import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flumepy.core.batch import Event
from flumepy.core.errors import StartError
from flumepy.event_log.frames import PUT, read_put
from flumepy.event_log.take_over import MARKER, TakeOver
from flumepy.formats.flume_log.directory import JavaDirectories
from flumepy.log.disk import Disk
from flumepy.log.format import FrameHead
from flumepy.log.frame import Frame, NativeFormat, read_frame
from flumepy.log.log import Log
from flumepy.log.shelf import ShelfSettings

FIXTURES = Path(__file__).parents[1] / "fixtures" / "flume-file-channel"
EXPECTED = json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))


class Killed(BaseException):
    """The process ended here."""


class MortalDisk(Disk):
    """Does nothing any more after so many calls that change something; closing works, as for a dead process."""

    def __init__(self, calls: int) -> None:
        self.left = calls

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed

    def __getattribute__(self, name: str) -> Any:
        if name in ("write", "sync", "sync_folder", "rename", "unlink", "allocate", "make_folder", "truncate"):
            self._count()
        return super().__getattribute__(name)


def unpack(name: str, folder: Path) -> Path:
    with tarfile.open(FIXTURES / f"{name}.tar.gz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # from Python 3.11.4 on
        archive.extractall(folder)
    return folder / name


def expected(name: str) -> list[Event]:
    return [Event(event["body"].encode(), event["headers"]) for event in EXPECTED[name]]


def take_over(folder: Path, disk: Disk | None = None) -> TakeOver:
    java = JavaDirectories(folder / "cp", [folder / "d1", folder / "d2"])
    return TakeOver(java, folder / "cp", disk or Disk(), "c1")


def new_log(folder: Path, disk: Disk | None = None) -> Callable[[], Log[Frame]]:
    settings = ShelfSettings((folder / "d1", folder / "d2"), segment_bytes=64 * 1024)
    return lambda: Log(settings, NativeFormat(), disk=disk or Disk(), name="c1")


def stored_events(folder: Path) -> list[Event]:
    events: list[Event] = []

    def visit(heads: list[FrameHead], read: Callable[[FrameHead], bytes]) -> None:
        for head in heads:
            assert head[4] == PUT
            events.extend(read_put(read_frame(read(head))).events())

    opened = new_log(folder)()
    opened.open(None, visit)
    opened.close()
    return events


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_all_events_come_in_their_order_and_the_files_are_moved_aside(name: str, tmp_path: Path) -> None:
    folder = unpack(name, tmp_path)
    before = {path.name: path.read_bytes() for path in JavaDirectories(folder / "cp", [folder / "d1"]).files()
              if path.is_file()}  # fmt: skip
    taken = take_over(folder).run(new_log(folder), None)
    assert taken.events == len(EXPECTED[name])
    assert stored_events(folder) == expected(name)
    assert not take_over(folder).is_due()
    moved = {path.name: path.read_bytes() for aside in taken.asides for path in aside.iterdir() if path.is_file()}
    assert before.items() <= moved.items()


def test_interrupted_anywhere_and_repeated_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    source = unpack("s3_crash_afterckpt", tmp_path)
    calls = 0
    while True:
        folder = tmp_path / f"killed-{calls}"
        shutil.copytree(source, folder)
        disk = MortalDisk(calls)
        try:
            take_over(folder, disk).run(new_log(folder, disk), None)
        except Killed:
            if take_over(folder).is_due():
                take_over(folder).run(new_log(folder), None)
        else:
            break
        assert stored_events(folder) == expected("s3_crash_afterckpt"), f"after {calls} calls"
        assert not take_over(folder).is_due()
        assert len(list(folder.glob("d1/java-*"))) == 1
        calls += 1
    assert calls > 20


def test_events_that_the_log_holds_already_stay_before_those_taken_over(tmp_path: Path) -> None:
    folder = unpack("s1_cleanstop", tmp_path)
    for disk in (MortalDisk(12), MortalDisk(15), Disk()):
        try:
            take_over(folder, disk).run(new_log(folder, disk), None)
        except Killed:
            continue
    again = unpack("s2_crash_nockpt", tmp_path / "again")
    for path in JavaDirectories(again / "cp", [again / "d1", again / "d2"]).files():
        shutil.move(path, folder / path.parent.name / path.name)
    take_over(folder).run(new_log(folder), None)
    assert stored_events(folder) == expected("s1_cleanstop") + expected("s2_crash_nockpt")


def test_a_marker_that_cannot_be_read_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    folder = unpack("s1_cleanstop", tmp_path)
    (folder / "cp" / MARKER).write_bytes(b"{")
    with pytest.raises(StartError, match=r"flumepy\.take-over cannot be read .* channel export"):
        take_over(folder).run(new_log(folder), None)


def test_a_damaged_file_is_an_error_and_nothing_is_moved(tmp_path: Path) -> None:
    folder = unpack("s2_crash_nockpt", tmp_path)
    damaged = next(
        path for path in sorted(folder.glob("d*/log-*")) if path.suffix != ".meta" and b"e5" in path.read_bytes()
    )
    damaged.write_bytes(damaged.read_bytes().replace(b"e5", b"x5"))
    with pytest.raises(StartError, match="not taken over yet"):
        take_over(folder).run(new_log(folder), None)
    assert damaged.exists()
    assert take_over(folder).is_due()
