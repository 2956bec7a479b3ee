"""The log beside a plain list: what the list holds is what the log must give back, whatever happens to the machine."""

import itertools
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from flumepy.core.errors import FlumeError
from flumepy.log.errors import LogFailedError, LogFullError
from flumepy.log.log import Log
from flumepy.log.recovery import Recovery
from flumepy.log.segment import HEADER_BYTES
from flumepy.log.shelf import ShelfSettings
from flumepy.log.ticket import Level, Ticket
from flumepy.testing.forgetful_disk import UNLIMITED_BYTES, ForgetfulDisk

MACHINES = itertools.count()  # a folder belongs to one log of the process, so each machine has its own
SEGMENT_BYTES = 3000
SIZES = st.one_of(st.sampled_from([0, 1, 40, 700, 2900, 2956, 2957, 3000, 7000]), st.integers(0, 4000))
LEVELS = st.sampled_from(list(Level))


@dataclass(frozen=True)
class Entry:
    """A frame as the list has it."""

    position: int
    end: int
    sequence: int
    count: int
    data: bytes


class LogModel(RuleBasedStateMachine):
    """Rules for one frame format; subclasses say how frames of it are made."""

    preallocates = True
    blind_bytes = 0  # of each frame: bytes at its start whose damage the format cannot see

    def new_format(self) -> Any:
        """Return the format."""
        raise NotImplementedError

    def new_frame(self, count: int, content: bytes) -> Any:
        """Return a frame."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.disk = ForgetfulDisk()
        machine = next(MACHINES)
        self.folders = (Path(f"/log-{machine}/one"), Path(f"/log-{machine}/two"))
        self.entries: list[Entry] = []  # appended, in order, and not known to be gone
        self.called: list[int] = []
        self.watched: list[int] = []  # numbers of the frames with callbacks, in order
        self.syncer_is_awake = False
        self.numbers = itertools.count()
        self.rotten: set[int] = set()  # positions of frames that were damaged
        self.floor_sequence = 0  # no frame may get a lower number
        self.log: Log[Any] | None = None

    @initialize(block_bytes=st.sampled_from([512, 4096]))
    def start(self, block_bytes: int) -> None:
        self.disk = ForgetfulDisk(block_bytes=block_bytes)
        self.reopen()

    def teardown(self) -> None:
        if self.log is not None:
            self.log.close()

    def reopen(self, start: int | None = None) -> tuple[Recovery, list[Entry]]:
        settings = ShelfSettings(
            self.folders,
            segment_bytes=SEGMENT_BYTES,
            reserve=1 if self.preallocates else 0,
            spares_kept=2,
            preallocates=self.preallocates,
        )
        self.log = Log(settings, self.new_format(), disk=self.disk, now_ms=lambda: 0)
        found: list[Entry] = []

        def visit(heads: list[Any], read: Callable[[Any], bytes]) -> None:
            found.extend(Entry(head[0], head[0] + head[1], head[2], head[3], read(head)) for head in heads)

        recovery = self.log.open(start, visit)
        return recovery, found

    def append_one(self, size: int, count: int, *, uses_reserve: bool) -> Ticket | None:
        log = self.log
        content = random.Random(size * 31 + next(self.numbers)).randbytes(size)
        frame = self.new_frame(count, content)
        before = (log._next_position, log.next_sequence)
        try:
            ticket = log.append(frame, uses_reserve=uses_reserve)
        except LogFullError:
            assert (log._next_position, log.next_sequence) == before
            assert self.disk.space_bytes < UNLIMITED_BYTES
            return None
        assert (ticket.position, ticket.sequence) == before
        assert ticket.sequence >= self.floor_sequence
        prepared = log.format.prepare(frame, ticket.sequence, ticket.position, 0)
        data = b"".join(prepared.parts)
        self.rotten.discard(ticket.position)
        self.entries.append(Entry(ticket.position, ticket.end, ticket.sequence, prepared.sequences, data))
        return ticket

    @rule(size=SIZES, count=st.integers(1, 5), uses_reserve=st.booleans())
    def append(self, size: int, count: int, uses_reserve: bool) -> None:
        self.append_one(size, count, uses_reserve=uses_reserve)

    @rule(sizes=st.lists(st.integers(0, 300), min_size=2, max_size=12), level=LEVELS)
    def append_many_and_wait(self, sizes: list[int], level: Level) -> None:
        tickets = [self.append_one(size, 1, uses_reserve=False) for size in sizes]
        for ticket in tickets:
            if ticket is not None:
                ticket.wait(level)
                assert ticket.is_done(level)

    @rule(size=SIZES, level=LEVELS)
    def append_and_wait(self, size: int, level: Level) -> None:
        if (ticket := self.append_one(size, 1, uses_reserve=False)) is not None:
            ticket.wait(level)
            assert ticket.is_done(level)

    @rule(size=st.integers(0, 300))
    def append_and_call(self, size: int) -> None:
        ticket = self.append_one(size, 1, uses_reserve=False)
        if ticket is None:
            return
        number = next(self.numbers)

        called_here = self.called

        def called(error: FlumeError | None) -> None:
            called_here.append(-1 if error is not None else number)

        self.watched.append(number)
        self.syncer_is_awake = True
        ticket.call_when(Level.SYNCED, called)

    @rule()
    def sync(self) -> None:
        self.log.sync()
        assert self.log.synced_end == self.log._next_position
        assert not self.entries or self.rotten or self.entries[-1].end == self.log.synced_end

    def settle(self) -> None:
        """Sync, so that no callback is open."""
        self.log.sync()
        self.log.truncate_to(self.log._next_position)  # nobody leads any more, so all callbacks have been made
        assert self.called == self.watched
        self.syncer_is_awake = False

    @invariant()
    def callbacks_come_in_order(self) -> None:
        called = list(self.called)
        assert called == self.watched[: len(called)]

    @precondition(lambda self: self.entries)
    @rule(data=st.data(), size=st.sampled_from([1, 100, 4096, 256 * 1024]))
    def read(self, data: st.DataObject, size: int) -> None:
        first = data.draw(st.integers(0, len(self.entries) - 1))
        self.check_reading(self.entries[first].position, size)

    def read_all(self, position: int, size: int = 4096) -> list[Entry]:
        found = []
        cursor = self.log.cursor(position)
        while chunk := cursor.read(size=size):
            assert chunk.heads
            for head in chunk.heads:
                found.append(Entry(head[0], head[0] + head[1], head[2], head[3], chunk.frame(head)))
        return found

    def check_reading(self, position: int, size: int) -> None:
        log = self.log
        written = log.written_end
        start = max(position, log.first_position)
        expected = [entry for entry in self.entries if start <= entry.position and entry.end <= written]
        found = [entry for entry in self.read_all(position, size) if entry.end <= written]
        assert self.bare(found) == self.bare(expected)

    def bare(self, entries: list[Entry]) -> list[tuple[int, bytes]]:
        """Leave out what is rotten: where only heads are read, those frames are still seen."""
        return [(entry.position, entry.data) for entry in entries if entry.position not in self.rotten]

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def locate(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(self.entries))
        position = self.log.locate(entry.sequence)
        if entry.position >= self.log.first_position:
            assert position <= entry.position
        starts = {info.position for info in self.log.segments()} | self.rotten
        assert position in starts | {self.log.first_position, *(other.position for other in self.entries)}

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        self.log.sync()
        end = data.draw(st.sampled_from(self.entries)).end
        self.log.release(end)
        segments = self.log.segments()
        assert len(segments) == 1 or segments[1].position > end
        assert self.log.first_position <= end
        self.entries = [entry for entry in self.entries if entry.position >= self.log.first_position]

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def truncate(self, data: st.DataObject) -> None:
        self.settle()
        place = data.draw(st.integers(0, len(self.entries) - 1))
        entry = self.entries[place]
        self.log.truncate_to(entry.position)
        del self.entries[place:]
        assert self.log._next_position == self.log.synced_end
        assert self.log.synced_end == entry.position or (self.rotten and self.log.synced_end < entry.position)
        self.floor_sequence = self.log.next_sequence
        self.expect_next_sequence()

    def expect_next_sequence(self) -> None:
        if self.entries:
            expected = self.entries[-1].sequence + self.entries[-1].count
            assert self.log.next_sequence == expected or (self.rotten and self.log.next_sequence > expected)

    @rule()
    def close_and_reopen(self) -> None:
        self.settle()
        self.log.close()
        _, found = self.reopen()
        assert self.bare(found) == self.bare(self.entries)
        self.expect_next_sequence()

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def reopen_from(self, data: st.DataObject) -> None:
        self.settle()
        start = data.draw(st.sampled_from(self.entries)).position + data.draw(st.sampled_from([0, 0, 1]))
        self.log.close()
        _, found = self.reopen(start)
        assert self.bare(found) == self.bare([entry for entry in self.entries if entry.position >= start])

    @rule(beyond=st.integers(1, 100_000))
    def reopen_from_behind_the_end(self, beyond: int) -> None:
        self.settle()
        self.log.close()
        _, found = self.reopen(self.log._next_position + beyond)
        assert self.bare(found) == self.bare(self.entries)

    @rule()
    def kill(self) -> None:
        self.forget_callbacks()
        written = self.log.written_end
        self.disk, old = self.disk.kill(), self.log
        old.close()
        self.recovered(written)

    @rule(seed=st.integers(0, 1 << 32))
    def crash(self, seed: int) -> None:
        self.forget_callbacks()
        synced = self.log.synced_end
        self.disk, old = self.disk.crash(seed), self.log
        old.close()
        self.recovered(synced)

    @rule(size=SIZES, seed=st.integers(0, 1 << 32), evicts_first=st.booleans(), evicts_then=st.booleans())
    def fail_a_sync(self, size: int, seed: int, evicts_first: bool, evicts_then: bool) -> None:
        self.forget_callbacks()
        synced = self.log.synced_end
        self.append_one(size, 1, uses_reserve=False)
        self.disk.fail_sync(seed)
        with suppress(LogFailedError):
            self.log.sync()
        self.disk.fail_sync(None)
        self.log.close()
        if evicts_first:
            self.disk.evict()
        self.recovered(synced)
        if evicts_then:
            self.disk.evict()
            self.check_reading(self.log.first_position, 4096)

    def forget_callbacks(self) -> None:
        """Before a fall: let the syncer finish, since examples must repeat."""
        if self.syncer_is_awake:
            self.settle()
        self.called, self.watched = [], []

    def recovered(self, certain: int) -> None:
        """Open after a fall: what was certain is there, in order, and nothing that was never appended."""
        entries, floor = self.entries, self.floor_sequence
        _, found = self.reopen()
        known = dict(self.bare(entries))
        found = [entry for entry in found if entry.position not in self.rotten]
        for entry in found:
            assert known.get(entry.position) == entry.data
        assert [entry.position for entry in found] == sorted({entry.position for entry in found})
        there = {entry.position for entry in found}
        must = [e for e in entries if e.end <= certain]
        assert [e for e in must if e.position not in there] == []
        self.entries = [entry for entry in entries if entry.position in there]
        # Torn frames before sound ones stay in their place; later, when only heads are read, they may be seen again.
        self.rotten.update(e.position for e in entries if e.position not in there and e.end <= self.log.synced_end)
        least = max([floor, *(e.sequence + e.count for e in must)])
        assert self.log.next_sequence >= least
        assert self.bare(self.read_all(self.log.first_position)) == self.bare(self.entries)

    @precondition(lambda self: self.entries)
    @rule(data=st.data(), mask=st.integers(1, 255))
    def flip_a_byte_of_a_frame(self, data: st.DataObject, mask: int) -> None:
        self.settle()
        place = data.draw(st.integers(0, len(self.entries) - 1))
        entry = self.entries[place]
        position = data.draw(st.integers(entry.position + self.blind_bytes, entry.end - 1))
        info = next(info for info in reversed(self.log.segments()) if info.position <= entry.position)
        self.log.close()
        self.disk.flip(info.path, HEADER_BYTES + position - info.position, mask)
        self.reopen()
        del self.entries[place]
        self.rotten.add(entry.position)
        if place == len(self.entries):
            self.floor_sequence = self.log.next_sequence
        self.check_reading(self.log.first_position, 4096)
        assert self.log.damages or place == len(self.entries)

    @rule(data=st.data(), mask=st.integers(1, 255), offset=st.integers(0, HEADER_BYTES - 1))
    def flip_a_byte_of_a_header(self, data: st.DataObject, mask: int, offset: int) -> None:
        self.settle()
        segments = self.log.segments()
        if not segments:
            return
        info = data.draw(st.sampled_from(segments))
        self.log.close()
        self.disk.flip(info.path, offset, mask)
        _, found = self.reopen()
        assert self.bare(found) == self.bare(self.entries)
        self.expect_next_sequence()
        if self.log.segments()[-1].position == self.log.synced_end:  # nothing else knows its number
            self.floor_sequence = self.log.next_sequence

    @precondition(lambda self: self.preallocates)  # a file that grows fails the log on a full disk, see test_log
    @rule()
    def fill_the_disk(self) -> None:
        used = UNLIMITED_BYTES - self.disk.free_bytes(self.folders[0])
        self.disk.space_bytes = UNLIMITED_BYTES if self.disk.space_bytes < UNLIMITED_BYTES else used

    @precondition(lambda self: self.disk.space_bytes < UNLIMITED_BYTES)
    @rule()
    def make_room(self) -> None:
        self.disk.space_bytes = UNLIMITED_BYTES

    @invariant()
    def it_has_not_failed(self) -> None:
        assert self.log is None or self.log.failure is None
