"""How a network source turns what arrived in one turn of its loop into transactions, and answers each unit in order.

A unit is what gets its own answer: a line, a request, a call. A `Parcel` carries the events of whole units from one
connection. `flush` joins parcels into transactions of at most `outlet.limit` events and pauses reading until they end.
Where they end with a disk, reading goes on for up to `READ_AHEAD_BYTES`, and what comes is gathered behind them: so
transactions grow as the disk is slow, and the next is ready when it is. Those that fit go out at once, others wait for
room in line, and nothing overtakes them. A transaction that fails is tried again unit by unit without waiting, so that
each unit gets its own answer. A parcel without events is answered in its turn. Everything but the commits' callbacks runs
on the loop's thread.
"""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from typing import Protocol

from flumepy.core.batch import EventBatch
from flumepy.core.delivery import Commit
from flumepy.core.errors import BatchTooLargeError, ChannelFullError, FlumeError
from flumepy.core.offer import Line
from flumepy.core.outlet import Outlet
from flumepy.core.parcel import Answer, Parcel, Shipment

__all__ = ["Answer", "Intake", "Parcel"]

TICK_S = 0.005
#: a parcel of so many events is worth a transaction of its own
LARGE_EVENTS = 1000
#: how long reading rests when the sinks are behind, so that they meet the events while these are still in the cache
REST_S = 0.001
READ_AHEAD_BYTES = 1024 * 1024
#: what an event that was read ahead counts beside its body
EVENT_BYTES = 64


class Loop(Protocol):
    """The part of an asyncio event loop that is used here."""

    def call_soon(self, callback: Callable[[], object]) -> object:
        """Call at the next turn; from the loop's own thread only."""

    def call_soon_threadsafe(self, callback: Callable[[], object]) -> object:
        """Call at the next turn; from any thread."""

    def call_later(self, delay: float, callback: Callable[[], object]) -> object:
        """Call after so many seconds."""


class Intake:
    """Collects parcels of one turn, commits them, answers them. `pause` and `resume` stop and restart all reading."""

    def __init__(self, outlet: Outlet, loop: Loop, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self._outlet = outlet
        self._loop = loop
        self._pause = pause
        self._resume = resume
        self._parcels: list[Parcel] = []
        self._gathered_bytes = 0  # of the parcels, where they may be read ahead
        self._unsent: deque[Shipment] = deque()
        self._sent: deque[Shipment] = deque()
        self._lock = threading.Lock()  # guards _open_commits, which other threads count down
        self._open_commits = 0
        self._line = Line()
        self._is_patient = True
        self._is_scheduled = False
        self._is_ticking = False
        self._is_paused = False
        self._is_resting = False

    @property
    def is_idle(self) -> bool:
        """Tell whether every unit has been answered."""
        return not (self._parcels or self._unsent or self._sent)

    def add(self, parcel: Parcel) -> None:
        """Take a parcel; it is flushed a turn of the loop later."""
        self._parcels.append(parcel)
        if self._outlet.is_durable:
            self._gathered_bytes += parcel.batch.body_bytes() + EVENT_BYTES * len(parcel.batch)
        if not self._is_scheduled:
            self._is_scheduled = True
            self._loop.call_soon(self.flush if len(parcel.batch) >= LARGE_EVENTS else self._gather)

    def hold(self) -> None:
        """Collect only: the caller flushes at the end of this turn."""
        self._is_scheduled = True

    def _gather(self) -> None:
        """Let the loop read once more: what arrived meanwhile shares the transaction, which costs more than a turn."""
        self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Submit everything collected; while earlier transactions are open, it waits for them."""
        self._is_scheduled = False
        self._advance()

    def _advance(self) -> None:
        """Answer what has ended and submit what may go; pause or read ahead while something is open, then resume."""
        while True:
            if self._sent:
                self._settle()
            if not self._sent and not self._unsent:
                if not self._parcels:
                    break
                parcels, self._parcels = self._parcels, []
                self._gathered_bytes = 0
                self._unsent.extend(map(Shipment, self._split(parcels)))
                self._is_patient = True
            if not self._sent:
                self._line = Line()
            if not self._may_send():
                break
            while self._may_send():
                shipment = self._unsent.popleft()
                self._sent.append(shipment)
                self._submit(shipment)
        if self._sent:
            self._wait()
        elif not self._is_resting:
            self._rest_or_resume()

    def _rest_or_resume(self) -> None:
        """Go on reading, after a rest where the sinks are far behind."""
        if self._outlet.is_deep() and not self._is_paused:
            self._is_resting = True
            self._pause_reading()
            self._loop.call_later(REST_S, self._rested)
        else:
            self._resume_reading()

    def _rested(self) -> None:
        self._is_resting = False
        if not self._sent:
            self._resume_reading()

    def _pause_reading(self) -> None:
        if not self._is_paused:
            self._is_paused = True
            self._pause()

    def _resume_reading(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._resume()

    def _wait(self) -> None:
        if self._outlet.is_durable and not self._unsent and self._gathered_bytes < READ_AHEAD_BYTES:
            self._resume_reading()
        else:
            self._pause_reading()
        # One open commit wakes the loop itself; of several only the last does, and the tick answers those before it.
        if len(self._sent) > 1 and not self._is_ticking:
            self._is_ticking = True
            self._loop.call_later(TICK_S, self._tick)

    def _may_send(self) -> bool:
        """Behind open ones a transaction goes only in line, or where it need not wait: none overtakes one tried again."""
        if not self._unsent:
            return False
        if not self._sent:
            return True
        if self._sent[-1].has_failed:
            return False
        return self._outlet.keeps_lines or self._outlet.room() >= self._unsent[0].size

    def _submit(self, shipment: Shipment) -> None:
        if shipment.size > self._outlet.limit:
            shipment.error = BatchTooLargeError(
                f"{self._outlet.name}: {shipment.size} events in one request are more than the channel's"
                f" transactionCapacity of {self._outlet.limit}; raise it or send smaller requests"
            )
            return
        try:
            batch = EventBatch.concat([piece.batch for piece in shipment.pieces])
            commit = self._outlet.submit(batch, wait=self._is_patient, line=self._line)
        except FlumeError as error:  # an interceptor or the selector refused
            shipment.error = error
            return
        shipment.commit = commit
        if not commit.is_done:
            with self._lock:
                self._open_commits += 1
            commit.on_done(self._commit_ended)

    def _commit_ended(self, _: Commit) -> None:
        with self._lock:
            self._open_commits -= 1
            is_last = self._open_commits == 0
        if is_last:
            with suppress(RuntimeError):  # a tick has answered it already and the loop has ended
                self._loop.call_soon_threadsafe(self._advance)

    def _tick(self) -> None:
        self._is_ticking = False
        self._advance()

    def _settle(self) -> None:
        """Answer, in order, what has ended."""
        while self._sent and self._sent[0].has_ended:
            shipment = self._sent.popleft()
            error = shipment.failure
            if error is None:
                for piece in shipment.pieces:
                    piece.answer(piece.units(), None)
            else:
                # What was received together has waited together: the rest fits now or fails.
                self._is_patient = self._is_patient and not isinstance(error, ChannelFullError)
                self._retry_units(shipment, error)

    def _retry_units(self, shipment: Shipment, error: FlumeError) -> None:
        """Commit as many units as fit now; the others get the error. A partly committed batch is not sent again.

        Nor is one tried again that others have already overtaken: order inside a connection comes first.
        """
        is_overtaken = bool(self._sent) and not self._line.is_broken  # those behind it in a broken line fail as well
        is_final = getattr(error, "committed", False) or self._outlet.is_stopped or is_overtaken
        for piece in shipment.pieces:
            units = piece.units()
            if is_final or (len(shipment.pieces) == 1 and units == 1):
                piece.answer(units, error)
            else:
                self._retry_piece(piece)

    def _retry_piece(self, piece: Parcel) -> None:
        start = 0
        for size in piece.unit_sizes if piece.unit_sizes is not None else [1] * len(piece.batch):
            failure = self._try_unit(piece.batch.slice(start, start + size))
            piece.answer(1, failure)
            start += size

    def _try_unit(self, unit: EventBatch) -> FlumeError | None:
        try:
            commit = self._outlet.submit(unit, wait=False, leads=True)
            commit.wait()
        except FlumeError as error:
            return error
        return None

    def _split(self, parcels: list[Parcel]) -> list[list[Parcel]]:
        """Cut parcels into transactions of whole units; what fits at once comes first. A too large unit stands alone."""
        limit = self._outlet.limit
        total = sum([len(parcel.batch) for parcel in parcels])
        room = self._outlet.room()
        if total <= limit and (total <= room or room <= 0):
            return [parcels]
        left = min(limit, room) if 0 < room < total else limit
        shipments: list[list[Parcel]] = []
        pieces: list[Parcel] = []
        for parcel in parcels:
            for piece in self._pieces(parcel, left, limit):
                if len(piece.batch) > left and pieces:
                    shipments.append(pieces)
                    pieces, left = [], limit
                pieces.append(piece)
                left -= len(piece.batch)
        if pieces:
            shipments.append(pieces)
        return shipments

    def _pieces(self, parcel: Parcel, first: int, limit: int) -> "list[Parcel]":
        if len(parcel.batch) <= first or parcel.units() <= 1:
            return [parcel]
        if parcel.unit_sizes is None:
            cuts = [0, *range(first, len(parcel.batch), limit), len(parcel.batch)]
            return [
                Parcel(parcel.batch.slice(start, stop), parcel.answer, None)
                for start, stop in pairwise(cuts)
                if stop > start
            ]
        start, pieces = 0, []
        for size in parcel.unit_sizes:
            pieces.append(Parcel(parcel.batch.slice(start, start + size), parcel.answer, [size]))
            start += size
        return pieces
