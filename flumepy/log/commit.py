"""Leader/follower group commit: appenders queue, the first leads, writes and syncs for all that wait, and wakes them.

A round takes everything that is pending, writes it, syncs if anybody waits for that, and hands the lead to one of those who
have come meanwhile: not at once, but when all whose wait is over have been woken, since most of them come back with another
frame. So all threads share a round; otherwise two groups take turns, each waiting for the other's sync too. A waiting thread
costs one lock. For those who are called back, one syncer thread, started on first use,
leads when no other thread does; whoever has led calls back, after the lead was handed over, so that a callback may append.
Nothing here does I/O itself, the writer does.

The lead is a baton: whoever has it, and nobody else, writes, syncs, moves the ends, and then hands it over. A failure does
not take it away, so `close` gets it only when the leader's last system call has returned.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from flumepy.core.cpus import unplaced
from flumepy.core.threads import Wakeup, start_thread
from flumepy.log.callbacks import Call, Callback, CallQueue
from flumepy.log.errors import LogFailedError, disk_failure
from flumepy.log.ticket import SYNCED, Level, Ticket
from flumepy.log.waiter import Waiter, chain, split
from flumepy.log.writer import FrameWriter

__all__ = ["GroupCommit", "Level", "Ticket"]

MOST_BEFORE_LEADER: Final = 100  # so many are woken before somebody leads again


class GroupCommit:
    """The queue of appended frames and of those who wait for them. `lock` is the log's append lock."""

    def __init__(self, name: str, lock: threading.Lock, writer: FrameWriter) -> None:
        self.lock = lock  # guards everything below
        self._name = name
        self._writer = writer
        self.listeners: tuple[Callable[[], None], ...] = ()  # called by the leader when an end has moved
        self._pending: list[Ticket] = []
        self._waiters: list[Waiter] = []
        self._heirs: list[Wakeup] = []  # those who get the lead next, whatever happens
        self._calls = CallQueue(self.lock)
        self._is_led = False
        # What the one who leads is at; it alone touches these.
        self._batch: list[Ticket] = []
        self._batch_end = 0
        self._syncs = False
        self._syncer: Wakeup | None = None
        self._syncer_thread: threading.Thread | None = None
        self.failure: LogFailedError | None = None
        self.written_end = 0
        self.synced_end = 0

    def start_at(self, position: int) -> None:
        """Begin with everything before this position written and synced. Called with the lock held, or before any use."""
        self.written_end = self.synced_end = position

    def reached(self, level: Level) -> int:
        """Return the position up to which all frames have come so far."""
        return self.synced_end if level is SYNCED else self.written_end

    def add(self, ticket: Ticket) -> None:
        """Queue a frame; called with the lock held."""
        self._pending.append(ticket)

    def wait(self, end: int, level: Level) -> None:
        """Block until this position has reached the level. Raises LogFailedError."""
        waiter: Waiter | None = None
        with self.lock:
            if (self.synced_end if level is SYNCED else self.written_end) >= end:
                return
            if self.failure is not None:
                raise self.failure
            if self._is_led:
                waiter = Waiter(end, level)
                self._waiters.append(waiter)
            else:
                self._is_led = True
                self._gather(syncs=level is SYNCED)
        if waiter is not None:
            self._follow(waiter)
            if waiter.error is not None:
                raise waiter.error
            if not waiter.is_promoted:
                return
            with self.lock:
                self._gather(syncs=level is SYNCED)
        self._lead()
        if self.reached(level) < end:
            raise self._why_not(end)

    def _why_not(self, end: int) -> LogFailedError:
        return self.failure or LogFailedError(f"{self._name}: the frame that ends at {end} was cut off")

    def _follow(self, waiter: Waiter) -> None:
        """Rest until woken; an interrupted thread leaves no trace."""
        try:
            waiter.rest()
            if waiter.hands_over:
                with self.lock:
                    waiter.hands_over = False
                    self._choose_leader()
        except BaseException:
            with self.lock:
                has_lead = waiter.is_promoted or waiter.hands_over
                self._waiters = [other for other in self._waiters if other is not waiter]
            waiter.wake_next()  # once more does no harm
            if has_lead:
                self._wake(hands_over=True)
            raise

    def call_when(self, end: int, level: Level, callback: Callback) -> None:
        """Call back when this position has reached the level, or with the failure."""
        call = Call(end, level, callback)
        with self.lock:
            if self.reached(level) >= end:
                self._calls.put_due([call])
            elif self.failure is not None:
                call.error = self.failure
                self._calls.put_due([call])
            else:
                self._calls.waiting.append(call)
                self._wake_syncer(starts=True)
                return
        self._calls.serve()

    def _wake_syncer(self, *, starts: bool = False) -> None:
        """Let the syncer lead if nobody does; called with the lock held."""
        if starts and self._syncer is None:
            self._syncer = Wakeup()
            self._syncer_thread = start_thread(f"log-sync-{self._name}", self._run_syncer)
        if self._syncer is not None and not self._is_led:
            self._syncer.set()

    def _run_syncer(self) -> None:
        assert self._syncer is not None
        with unplaced():
            self._sync_for_calls(self._syncer)

    def _sync_for_calls(self, wakeup: Wakeup) -> None:
        while True:
            wakeup.wait(None)
            with self.lock:
                if self.failure is not None:
                    return
                leads = not self._is_led and bool(self._calls.waiting)
                if leads:
                    self._is_led = True
                    self._gather(syncs=False)
            if leads:
                self._lead()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Keep everybody from leading inside the block; what was appended before is written and synced first."""
        self._take_lead()
        try:
            with self.lock:
                self._gather(syncs=True)
            self._make_round()
            self._wake(hands_over=False)
            yield
        finally:
            self._wake(hands_over=True)
            self._calls.serve()

    def _take_lead(self) -> None:
        with self.lock:
            if not self._is_led:
                self._is_led = True
                return
            gate = Wakeup()
            self._heirs.append(gate)
        try:
            gate.wait(None)
        except BaseException:
            with self.lock:
                is_heir = gate in self._heirs
                self._heirs = [other for other in self._heirs if other is not gate]
            if not is_heir:
                self._wake(hands_over=True)
            raise

    def close(self) -> None:
        """Write and sync what is pending, fail what comes later, and end the syncer thread; safe twice."""
        with self.paused():
            self.fail(LogFailedError(f"{self._name}: the log is closed"))
        thread = self._syncer_thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _gather(self, *, syncs: bool) -> None:
        """Begin a round: take up what is pending, and see whether anybody wishes a sync. After a failure that is nothing.

        Called by the one who has the lead, with the lock held.
        """
        self._batch, self._pending = self._pending, []
        self._batch_end = self._batch[-1].end if self._batch else self.written_end
        if not syncs:
            syncs = self._calls.wants_sync() or any(waiter.level is SYNCED for waiter in self._waiters)
        self._syncs = syncs and self.failure is None

    def _lead(self) -> None:
        """Make the round, then hand over, then call back; called by the one who has the lead."""
        try:
            self._make_round()
        finally:
            self._wake(hands_over=True)
            if self._calls.due:
                self._calls.serve()

    def _make_round(self) -> None:
        """Write what was gathered, then sync."""
        batch, end = self._batch, self._batch_end
        try:
            if batch:
                self._writer.write(batch)
                self.written_end = end
                if self._syncs and (self._waiters or self._calls.waiting):
                    self._wake_for_written()
                self._tell_listeners()
            if self._syncs and self.synced_end < end:
                self._writer.sync()
                self.synced_end = end
                self._tell_listeners()
        except OSError as error:
            self.fail(disk_failure(self._name, error))
        except BaseException as error:
            # What came of the frames is unknown, as after a failed write: nobody may wait for them forever.
            failure = LogFailedError(f"{self._name}: the commit was interrupted ({error!r}); the log is opened anew")
            failure.__cause__ = error
            self.fail(failure)
            raise

    def _tell_listeners(self) -> None:
        for listener in self.listeners:
            listener()

    def _wake_for_written(self) -> None:
        """Wake those who wait for no more than the write, if any: one who comes now sees the new end."""
        levels = [waiter.level for waiter in self._waiters] + [call.level for call in self._calls.waiting]
        if Level.WRITTEN in levels:
            self._wake(hands_over=False)

    def _wake(self, *, hands_over: bool) -> None:
        """Wake those whose wait is over, and with `hands_over` let somebody lead the next round.

        The last one that is woken hands the lead over, to one who waits then; but those who are called back wait for nobody.
        """
        first: Waiter | None = None
        with self.lock:
            if not self._waiters and not self._calls.waiting:  # nobody but the leader, which is most often so
                if hands_over:
                    self._choose_leader()
                return
            ready, self._waiters = split(self._waiters, self.written_end, self.synced_end)
            if self._calls.waiting:
                self._calls.move(self.written_end, self.synced_end)
            if ready:
                first = chain(ready)
            if hands_over and ready and not self._calls.waiting:
                ready[min(len(ready), MOST_BEFORE_LEADER) - 1].hands_over = True
            elif hands_over:
                self._choose_leader()
        if first is not None:
            first.gate.set()

    def _choose_leader(self) -> None:
        """Give the lead to a thread that waits if there is one, else to the syncer. Called with the lock held."""
        if self._heirs:
            self._heirs.pop(0).set()
        elif self._waiters:
            successor = self._waiters.pop(0)
            successor.is_promoted = True
            successor.gate.set()
        else:
            self._is_led = False
            if self._calls.waiting:
                self._wake_syncer()

    def fail(self, failure: LogFailedError) -> None:
        """Fail every open ticket and all that come; the first failure stays."""
        with self.lock:
            self.failure = failure = self.failure or failure
            self._pending = []
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                waiter.error = failure
            first = chain(waiters) if waiters else None
            self._calls.fail(failure)
            if self._syncer is not None:
                self._syncer.set()
        if first is not None:
            first.gate.set()
        self._calls.serve()
