"""The file channel against a plain list: whatever is done to it, also by a power cut, what was acknowledged stays so.

Without a sync at each commit a power cut may cost puts and bring takes back, in their order; nothing else may.
"""

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from flumepy.core.errors import ChannelError, ChannelFullError
from flumepy.core.transaction import Transaction
from flumepy.event_log.checkpoint import NAME as CHECKPOINT
from flumepy.testing.conformance.channel_tools import Ends, bodies_of
from flumepy.testing.fakes import wait_until
from flumepy.testing.forgetful_disk import ForgetfulDisk
from tests.channels.file_tools import SmallFileChannel, numbered, small_channel

MACHINES = itertools.count()  # a folder belongs to one channel of the process, so each machine has its own


class FileChannelModel(RuleBasedStateMachine):
    """`queue` holds the numbers of events that no take has; `takes` what open transactions took."""

    @initialize(
        hot_bytes=st.sampled_from([0, 200, 1 << 20]),
        dual=st.booleans(),
        segment_bytes=st.sampled_from([512, 4096]),
        syncs=st.sampled_from([True, True, False]),
    )
    def begin(self, hot_bytes: int, dual: bool, segment_bytes: int, syncs: bool) -> None:
        self.folder = Path(f"/channel-{next(MACHINES)}")
        self.syncs = syncs
        self.settings = {
            "capacity": "100000",
            "transactionCapacity": "100000",
            "fsyncPerTransaction": str(syncs).lower(),
        }
        if dual:
            self.settings |= {"useDualCheckpoints": "true", "backupCheckpointDir": str(self.folder / "backup")}
        self.hot_bytes, self.segment_bytes = hot_bytes, segment_bytes
        self.disk = ForgetfulDisk(block_bytes=512)
        self.next = 0
        self.queue: list[int] = []
        self.takes: list[tuple[Transaction, list[int]]] = []
        self.open()

    def open(self) -> None:
        self.channel: SmallFileChannel = small_channel(self.folder, self.disk, **self.settings)
        self.channel.hot_bytes, self.channel.segment_bytes = self.hot_bytes, self.segment_bytes
        self.channel.start()

    def end_takes(self) -> None:
        """Forget open takes: their events come again, at their old places."""
        self.queue = sorted([*self.queue, *(number for _, taken in self.takes for number in taken)])
        self.takes = []

    @rule(count=st.integers(1, 30))
    def put(self, count: int) -> None:
        with self.channel.transaction() as transaction:
            transaction.put(numbered(self.next, count))
        self._is_put(count)

    @rule(count=st.integers(1, 30), is_held=st.booleans())
    def offer(self, count: int, is_held: bool) -> None:
        ends = Ends()
        offer = self.channel.offer(numbered(self.next, count), ends, hold=is_held)
        assert ends.wait(1)[0].error is None
        if is_held:
            offer.commit()
        self._is_put(count)

    def _is_put(self, count: int) -> None:
        self.queue += range(self.next, self.next + count)
        self.next += count

    @precondition(lambda self: len(self.takes) < 3)
    @rule(limit=st.integers(1, 60))
    def take(self, limit: int) -> None:
        transaction = self.channel.transaction()
        transaction.__enter__()
        got = [int(body) for body in bodies_of(transaction.take(limit))]
        assert got == self.queue[:limit]
        del self.queue[: len(got)]
        self.takes.append((transaction, got))

    @precondition(lambda self: self.takes)
    @rule(which=st.integers(0, 2), share=st.floats(0, 1))
    def commit(self, which: int, share: float) -> None:
        transaction, taken = self.takes.pop(which % len(self.takes))
        count = round(len(taken) * share)
        transaction.commit(None if count == len(taken) else count)
        self.queue = sorted([*taken[count:], *self.queue])

    @precondition(lambda self: self.takes)
    @rule(which=st.integers(0, 2))
    def roll_back(self, which: int) -> None:
        transaction, taken = self.takes.pop(which % len(self.takes))
        transaction.rollback()
        self.queue = sorted([*taken, *self.queue])

    @rule()
    def save(self) -> None:
        self.channel.save()

    @rule()
    def restart(self) -> None:
        self.channel.stop()
        self.end_takes()
        self.open()

    @rule(seed=st.integers(0, 1 << 16))
    def cut_the_power(self, seed: int) -> None:
        left = self.disk.crash(seed)
        self._die(left)
        if not self.syncs:
            self._accept_what_is_left()

    def _accept_what_is_left(self) -> None:
        with self.channel.transaction() as transaction:
            left = [int(body) for body in bodies_of(transaction.take(100_000))]
            transaction.rollback()
        assert left == sorted(set(left)), "in order, nothing twice"
        assert set(left) <= set(range(self.next))
        self.queue = left

    @precondition(lambda self: self.syncs)
    @rule(count=st.integers(1, 30), seed=st.integers(0, 1 << 16), evicts=st.booleans())
    def fail_a_sync(self, count: int, seed: int, evicts: bool) -> None:
        self.disk.fail_sync(seed)
        with pytest.raises(ChannelError) as caught, self.channel.transaction() as transaction:
            transaction.put(numbered(self.next, count))
        perhaps = list(range(self.next, self.next + count))
        self.next += count
        if isinstance(caught.value, ChannelFullError):  # no file could be made; the log goes on
            return
        self.end_takes()
        wait_until(lambda: self.channel.counters.is_open, what="the reopening")
        if evicts:
            self.disk.evict()
        certain = self.queue
        self._accept_what_is_left()
        assert self.queue in (certain, certain + perhaps)

    @rule()
    def kill(self) -> None:
        left = self.disk.kill()
        self._die(left)

    def _die(self, left: ForgetfulDisk) -> None:
        self.channel.stop()  # on a dead disk: only gives back what a process holds
        self.end_takes()
        self.disk = left
        self.open()

    @rule(offset=st.integers(0, 8191))
    def damage_the_checkpoint(self, offset: int) -> None:
        self.channel.stop()
        self.end_takes()
        path = self.folder / "checkpoint" / CHECKPOINT
        if CHECKPOINT in self.disk.list(path.parent) and offset < len(self.disk.content(path)):
            self.disk.flip(path, offset)
        self.open()

    @invariant()
    def the_channel_knows_how_much_is_in_it(self) -> None:
        if hasattr(self, "channel"):
            assert self.channel.size == len(self.queue)
            assert self.channel.undelivered == len(self.queue) + sum(len(taken) for _, taken in self.takes)

    def teardown(self) -> None:
        if hasattr(self, "channel"):
            for transaction, _ in self.takes:
                transaction.rollback()
            self.end_takes()
            with self.channel.transaction() as transaction:
                assert [int(body) for body in bodies_of(transaction.take(100))] == self.queue[:100]
            self.channel.stop()


TestFileChannelModel = FileChannelModel.TestCase
TestFileChannelModel.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
