"""The spillable channel against a plain list, with reloads, processes that end or die, and power cuts.

`queue` holds what no take has, as numbers; `in_memory` those that are lost when the process ends. All others come again, in
their order, also what open takes had.
"""

from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from flumepy.channels.spillable_memory.channel import SpillableMemoryChannel
from flumepy.core.transaction import Transaction
from flumepy.testing.conformance.channel_tools import Ends, bodies_of
from flumepy.testing.forgetful_disk import ForgetfulDisk
from tests.channels.file_tools import numbered
from tests.channels.spillable_cases import spillable

FOLDER = Path("/nowhere-at-all")
MEMORY = 20


class SpillableModel(RuleBasedStateMachine):
    @initialize(memory=st.sampled_from([0, 5, MEMORY]))
    def begin(self, memory: int) -> None:
        self.disk = ForgetfulDisk(block_bytes=512)
        self.memory = memory
        self.next = 0
        self.queue: list[int] = []
        self.in_memory: set[int] = set()
        self.takes: list[tuple[Transaction, list[int]]] = []
        self.open()

    def open(self) -> None:
        settings: Any = {"memoryCapacity": self.memory, "transactionCapacity": 100}
        self.channel: SpillableMemoryChannel = spillable("file", FOLDER, self.disk, **settings)
        self.channel.start()

    @rule(count=st.integers(1, 12), way=st.sampled_from(["transaction", "offer", "held offer"]))
    def put(self, count: int, way: str) -> None:
        batch, ends = numbered(self.next, count), Ends()
        before = self.channel.undelivered
        if way == "transaction":
            with self.channel.transaction() as transaction:
                transaction.put(batch)
        else:
            offer = self.channel.offer(batch, ends, hold=way == "held offer")
            assert ends.wait(1)[0].error is None
            offer.commit()
        numbers = range(self.next, self.next + count)
        self.next += count
        self.queue += numbers
        if self.channel.undelivered > before:
            assert self.channel.undelivered == before + count, "a batch was divided"
            self.in_memory.update(numbers)

    @precondition(lambda self: len(self.takes) < 4)
    @rule(limit=st.integers(1, 30))
    def take(self, limit: int) -> None:
        transaction = self.channel.transaction().__enter__()
        got = [int(body) for body in bodies_of(transaction.take(limit))]
        assert got == self.queue[: len(got)]
        rest = self.queue[len(got) :]
        if len(got) < limit and rest:
            assert got, "there are events, and a take got none"
            assert (got[-1] in self.in_memory) != (rest[0] in self.in_memory), "a take was cut for no reason"
        assert len({number in self.in_memory for number in got}) <= 1
        self.queue = rest
        self.takes.append((transaction, got))

    @precondition(lambda self: self.takes)
    @rule(which=st.integers(0, 3), share=st.floats(0, 1))
    def commit(self, which: int, share: float) -> None:
        transaction, taken = self.takes.pop(which % len(self.takes))
        count = round(len(taken) * share)
        transaction.commit(None if count == len(taken) else count)
        self.in_memory.difference_update(taken[:count])
        self.queue = sorted([*taken[count:], *self.queue])

    @precondition(lambda self: self.takes)
    @rule(which=st.integers(0, 3))
    def roll_back(self, which: int) -> None:
        transaction, taken = self.takes.pop(which % len(self.takes))
        transaction.rollback()
        self.queue = sorted([*taken, *self.queue])

    @rule()
    def stop_and_start(self) -> None:
        """As at a reload: takes have ended, the events stay, also those in memory."""
        while self.takes:
            self.roll_back(0)
        self.channel.stop()
        self.channel.start()

    @rule(how=st.sampled_from(["stop", "kill", "power"]), seed=st.integers(0, 1 << 16))
    def end_the_process(self, how: str, seed: int) -> None:
        if how == "kill":
            left = self.disk.kill()
        elif how == "power":
            left = self.disk.crash(seed)
        else:
            left = self.disk
        self.channel.stop()
        self.disk = left
        taken = [number for _, numbers in self.takes for number in numbers]
        self.queue = sorted(number for number in [*taken, *self.queue] if number not in self.in_memory)
        self.takes, self.in_memory = [], set()
        self.open()

    @invariant()
    def the_channel_knows_how_much_is_in_it(self) -> None:
        if hasattr(self, "channel"):
            assert self.channel.size == len(self.queue)
            assert self.channel.undelivered == len(self.in_memory)
            assert self.channel._used_slots == len(self.in_memory)
            taken = sum(len([n for n in numbers if n not in self.in_memory]) for _, numbers in self.takes)
            assert self.channel._file_used == len([n for n in self.queue if n not in self.in_memory]) + taken

    def teardown(self) -> None:
        if not hasattr(self, "channel"):
            return
        while self.takes:
            self.roll_back(0)
        while self.queue:
            with self.channel.transaction() as transaction:
                got = [int(body) for body in bodies_of(transaction.take(100))]
            assert got, "events do not come out"
            assert got == self.queue[: len(got)]
            del self.queue[: len(got)]
        assert (self.channel.size, self.channel.file.size) == (0, 0) or self.in_memory
        self.channel.stop()


TestSpillableModel = SpillableModel.TestCase
