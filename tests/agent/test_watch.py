"""Which changes on a disk are noticed."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watchdog.events import FileSystemEvent

from flumepy.agent.watch import FileWatch, trail
from flumepy.testing.fakes import stays, wait_until


class Seen:
    """A watch over files, and what it told."""

    def __init__(self, *files: Path) -> None:
        self.count = 0
        self.watch = FileWatch(files, self._changed)

    def _changed(self) -> None:
        self.count += 1

    def sees(self, change: Callable[[], object]) -> None:
        """Assert that a change is told."""
        before = self.count
        change()
        wait_until(lambda: self.count > before, what="the notice of a change")
        # More events may follow the first.
        while not stays(lambda count=self.count: self.count == count, for_s=0.05):
            pass

    def misses(self, change: Callable[[], object]) -> None:
        """Assert that a change is not told."""
        before = self.count
        change()
        assert stays(lambda: self.count == before)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "x.conf"
    path.write_text("one")
    return path


@pytest.fixture
def seen(path: Path) -> Iterator[Seen]:
    made = Seen(path)
    yield made
    made.watch.stop()


def test_writes_touches_deletions_and_replacements_are_told(seen: Seen, path: Path) -> None:
    seen.sees(lambda: path.write_text("two"))
    seen.sees(path.touch)
    seen.sees(path.unlink)
    seen.sees(lambda: path.write_text("three"))
    staged = path.with_name("staged")
    seen.misses(lambda: staged.write_text("four"))
    seen.sees(lambda: staged.rename(path))


def test_reading_and_other_files_are_not(seen: Seen, path: Path) -> None:
    seen.misses(path.read_text)
    seen.misses(lambda: path.with_name("y.conf").write_text("x"))


def test_readers_beside_the_file_do_not_wake_the_watch(path: Path) -> None:
    told: list[str] = []

    class Told(FileWatch):
        def dispatch(self, event: FileSystemEvent) -> None:
            told.append(event.event_type)

    watch = Told([path], lambda: None)
    for _ in range(10):
        path.read_text()
    path.unlink()
    wait_until(lambda: "deleted" in told, what="the notice of the end")
    watch.stop()
    assert {"opened", "closed_no_write"}.isdisjoint(told)


def test_a_file_that_is_not_there_yet_is_told_when_it_comes(tmp_path: Path) -> None:
    seen = Seen(tmp_path / "later.conf")
    seen.sees(lambda: (tmp_path / "later.conf").write_text("x"))
    seen.watch.stop()


def test_every_link_on_the_way_is_watched(tmp_path: Path) -> None:
    for version in ("v1", "v2", "v3"):
        (tmp_path / version / "etc").mkdir(parents=True)
        (tmp_path / version / "etc" / "x.conf").write_text(version)

    def lead_to(version: str) -> None:
        (tmp_path / "next").symlink_to(version)
        (tmp_path / "next").rename(tmp_path / "current")

    lead_to("v1")
    (tmp_path / "x.conf").symlink_to("current/etc/x.conf")
    seen = Seen(tmp_path / "x.conf")
    for version in ("v2", "v3"):
        seen.sees(lambda version=version: lead_to(version))
        seen.watch.refresh()
        seen.sees(lambda version=version: (tmp_path / version / "etc" / "x.conf").write_text("edited"))
    seen.misses(lambda: (tmp_path / "v1" / "etc" / "x.conf").write_text("old"))
    seen.watch.stop()


def test_a_folder_that_another_replaces_is_watched_after_a_refresh(tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    conf.mkdir()
    seen = Seen(conf / "x.conf")
    conf.rename(tmp_path / "old")
    conf.mkdir()
    seen.watch.refresh()
    seen.sees(lambda: (conf / "x.conf").write_text("x"))
    seen.watch.stop()


def test_a_folder_that_cannot_be_watched_is_told_and_the_others_are(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    seen = Seen(tmp_path / "none" / "x.conf", tmp_path / "y.conf")
    assert f"Changes in {tmp_path / 'none'} are seen at the next poll only; it cannot be watched: " in caplog.text
    seen.sees(lambda: (tmp_path / "y.conf").write_text("x"))
    (tmp_path / "none").mkdir()
    seen.watch.refresh()
    seen.sees(lambda: (tmp_path / "none" / "x.conf").write_text("x"))
    seen.watch.stop()


def test_without_files_nothing_is_started_and_stop_is_safe_twice(path: Path) -> None:
    known = threading.active_count()
    watch = FileWatch([], lambda: None)
    assert threading.active_count() == known
    watch.stop()
    watch.stop()
    other = FileWatch([path], lambda: None)
    assert threading.active_count() > known
    other.stop()
    other.stop()
    wait_until(lambda: threading.active_count() == known)


def test_the_trail_of_a_file_names_its_links_and_ends_in_a_loop(tmp_path: Path) -> None:
    assert trail(str(tmp_path / "x")) == {str(tmp_path / "x")}
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to(tmp_path / "c")
    assert trail(str(tmp_path / "a" / "x")) == {str(tmp_path / name) for name in ("a", "b", "c/x")}
    (tmp_path / "c").symlink_to("a")
    assert trail(str(tmp_path / "a" / "x")) >= {str(tmp_path / name) for name in ("a", "b", "c")}
    (tmp_path / "self").symlink_to("self")
    assert str(tmp_path / "self") in trail(str(tmp_path / "self"))
