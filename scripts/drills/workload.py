"""Threads that put and take at random in one channel, and tell about every commit before it begins and after it ended."""

import itertools
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from drills.content import make_batch, read_runs
from drills.oracle import Run
from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel
from flumepy.core.errors import ChannelFullError, FlumeError
from flumepy.core.offer import Line, Offer
from flumepy.core.threads import start_thread
from flumepy.core.transaction import Transaction

#: tells the oracle: the name of its method, and what it takes
Tell = Callable[..., None]


class RollbackError(Exception):
    """Ends a with-block so that the transaction rolls back."""


@dataclass(frozen=True)
class Load:
    """How many threads put and take, and how much at once."""

    seed: int
    first_number: int  #: puts and takes are numbered from here on
    putters: int = 2
    takers: int = 1
    largest_put: int = 20
    largest_take: int = 60


class Workload:
    """Runs a load until it is stopped. Errors other than a refusal are kept in `errors`."""

    #: of so many commits of takes nobody waits for the disk, as sinks do
    riding_share = 0.4

    def __init__(self, channel: Channel[Any], load: Load, tell: Tell, *, puts: bool = True, takes: bool = True) -> None:
        self._puts, self._takes = puts, takes
        self._acknowledged = 0
        self._channel = channel
        self._load = load
        self._tell = tell
        self._numbers = itertools.count(load.first_number)
        self._numbering = threading.Lock()  # guards _numbers
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self.errors: list[BaseException] = []

    def look(self) -> tuple[list[Run], int]:
        """Take everything and put it back; return what was there, and how much the channel said there was."""
        channel = self._channel
        # Takes that rode when the process ended come again, beside puts that had got their room: more than the capacity.
        most, channel.transaction_capacity = channel.transaction_capacity, None
        try:
            return self._look()
        finally:
            channel.transaction_capacity = most

    def _look(self) -> tuple[list[Run], int]:
        with self._channel.transaction() as transaction:
            size = self._channel.size
            runs: list[Run] = []
            while batches := transaction.take(1_000_000):
                runs += read_runs(batches)
            transaction.rollback()
        return runs, size

    def drain(self) -> None:
        """Look at everything and tell what was found."""
        self._tell("found", *self.look())

    def continue_numbers_of(self, other: "Workload") -> None:
        """Share the numbers with another workload on the same channel."""
        self._numbers, self._numbering = other._numbers, other._numbering

    def puts_are_acknowledged(self) -> bool:
        """Tell whether a put was acknowledged since the last question that was answered with yes, or the first."""
        acknowledged, self._acknowledged = self._acknowledged, 0
        return acknowledged > 0

    def start(self) -> None:
        """Start the threads."""
        for number in range(self._load.putters if self._puts else 0):
            self._start(f"putter-{number}", partial(self._put_one, number))
        for number in range(self._load.takers if self._takes else 0):
            self._start(f"taker-{number}", self._take_one)

    def _start(self, name: str, step: Callable[[random.Random], None]) -> None:
        randoms = random.Random(f"{self._load.seed} {name}")

        def run() -> None:
            try:
                while not self._stopping.is_set():
                    step(randoms)
            except BaseException as error:  # noqa: BLE001  # is raised again by `stop`
                self.errors.append(error)
                self._stopping.set()

        self._threads.append(start_thread(name, run))

    def run(self, seconds: float) -> None:
        """Let the threads work for a while, or until one fails; raise what it raised."""
        self._stopping.wait(seconds)
        self.stop()

    def stop(self) -> None:
        """End the threads; raise the first error of one."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        if self.errors:
            raise self.errors[0]

    def _next_number(self) -> int:
        with self._numbering:
            return next(self._numbers)

    def _put_one(self, putter: int, randoms: random.Random) -> None:
        kind = randoms.random()
        if kind > 0.97:
            self._offer_line(putter, randoms)
            return
        number, count = self._next_number(), self._count(randoms)
        self._tell("put", number, count, putter)
        try:
            if kind < 0.75:
                self._put_in_transaction(number, count, randoms, commits=kind < 0.65)
            else:
                self._offer(make_batch(number, 0, count), number, hold=kind < 0.9, commits=kind > 0.8)
        except ChannelFullError:
            self._tell("put_dropped", number)
            time.sleep(0.001)
        except FlumeError as error:
            self._tell("put_failed", number)
            self.failed(error)

    def _count(self, randoms: random.Random) -> int:
        return 1 + int(self._load.largest_put * randoms.random() ** 3)

    def _put_in_transaction(self, number: int, count: int, randoms: random.Random, *, commits: bool) -> None:
        try:
            with self._channel.transaction() as transaction:
                done = 0
                while done < count:
                    part = randoms.randint(1, count - done)
                    transaction.put(make_batch(number, done, done + part))
                    done += part
                if not commits:
                    raise RollbackError
        except RollbackError:
            self._tell("put_dropped", number)
        else:
            self._done(number)

    def _done(self, number: int) -> None:
        self._tell("put_done", number)
        self._acknowledged += 1

    def _offer(self, batch: EventBatch, number: int, *, hold: bool, commits: bool) -> None:
        ended = threading.Event()
        offer: Offer = self._channel.offer(batch, lambda _: ended.set(), hold=hold)
        ended.wait()
        if offer.error is not None:
            raise offer.error
        if hold and not commits:
            offer.withdraw()
            self._tell("put_dropped", number)
            return
        if hold:
            offer.commit()
        self._done(number)

    def _offer_line(self, putter: int, randoms: random.Random) -> None:
        """Put several batches without waiting for one before the next, as a source does that keeps commits in flight."""
        line, left = Line(), threading.Semaphore(0)

        def ended(number: int, offer: Offer) -> None:
            if offer.error is None:
                self._done(number)
            elif isinstance(offer.error, ChannelFullError):
                self._tell("put_dropped", number)
            else:
                self._tell("put_failed", number)
                errors.append(offer.error)
            left.release()

        errors: list[FlumeError] = []
        numbers = [self._next_number() for _ in range(randoms.randint(2, 5))]
        for number in numbers:
            count = self._count(randoms)
            self._tell("put", number, count, putter)
            self._channel.offer(make_batch(number, 0, count), partial(ended, number), line=line)
        for _ in numbers:
            left.acquire()
        for error in errors:
            self.failed(error)

    def _take_one(self, randoms: random.Random) -> None:
        number = self._next_number()
        commits = False
        waits = randoms.random() >= self.riding_share
        try:
            with self._channel.transaction() as transaction:
                transaction.waits_for_takes = waits
                batches: list[EventBatch] = []
                for _ in range(randoms.randint(1, 3)):
                    batches += transaction.take(randoms.randint(1, self._load.largest_take))
                commits = bool(batches) and randoms.random() < 0.8
                runs = read_runs(batches)
                if commits:
                    self._commit_taken(transaction, number, runs, randoms)
                else:
                    transaction.rollback()
        except FlumeError as error:
            if commits:
                self._tell("take_failed", number)
            self.failed(error)
            return
        if commits:
            self._tell("take_done" if waits else "take_left", number)
        elif not batches:
            time.sleep(0.0005)

    def _commit_taken(self, transaction: Transaction, number: int, runs: list[Run], randoms: random.Random) -> None:
        total = sum(stop - first for _, first, stop in runs)
        if randoms.random() < 0.7:
            self._tell("take", number, runs)
            transaction.commit()
            return
        part = randoms.randint(1, total)
        self._tell("take", number, _first(runs, part))
        transaction.commit(part)

    def failed(self, error: FlumeError) -> None:
        """Decide what an error other than a refusal means: here, the end of the workload."""
        raise error


def _first(runs: list[Run], count: int) -> list[Run]:
    """Return the first `count` events of some runs."""
    some: list[Run] = []
    for number, first, stop in runs:
        if count > 0:
            some.append((number, first, min(stop, first + count)))
            count -= stop - first
    return some
