"""How a network source turns what arrived in one turn of its loop into transactions, and answers each unit in order.

A unit is what gets its own answer: a line, a request, a call. A `Parcel` carries the events of whole units from one
connection. `flush` joins parcels into transactions of at most `outlet.limit` events, submits them all at once and pauses
reading until they have ended. What fits at once is committed at once; a transaction that fails is tried again unit by unit
without waiting, so that each unit gets its own answer. Everything but the commits' callbacks runs on the loop's thread.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from flumepy.core.batch import EventBatch
from flumepy.core.errors import BatchTooLargeError, FlumeError
from flumepy.core.outlet import Commit, Outlet

TICK_S = 0.005

#: called with (number of units, error or None) for consecutive units, in order
Answer = Callable[[int, FlumeError | None], None]


@dataclass(slots=True)
class Parcel:
    """Whole units of one connection. `unit_sizes` gives the events of each; None means one event is one unit."""

    batch: EventBatch
    answer: Answer
    unit_sizes: list[int] | None = None

    def units(self) -> int:
        """Return the number of units."""
        return len(self.batch) if self.unit_sizes is None else len(self.unit_sizes)


@dataclass(slots=True)
class _Piece:
    """A run of whole units of one parcel inside one transaction."""

    batch: EventBatch
    answer: Answer
    unit_sizes: list[int] | None


@dataclass(slots=True)
class _Shipment:
    """One transaction and the pieces it is made of."""

    pieces: list[_Piece]
    commit: Commit | None = None
    error: FlumeError | None = None


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
        self._shipments: deque[_Shipment] = deque()
        self._lock = threading.Lock()  # guards _open_commits, which other threads count down
        self._open_commits = 0
        self._is_scheduled = False
        self._is_ticking = False
        self._is_paused = False

    @property
    def is_idle(self) -> bool:
        """Tell whether every unit has been answered."""
        return not self._parcels and not self._shipments

    def add(self, parcel: Parcel) -> None:
        """Take a parcel; it is flushed at the end of this turn of the loop."""
        self._parcels.append(parcel)
        if not self._is_scheduled:
            self._is_scheduled = True
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Submit everything collected."""
        self._is_scheduled = False
        parcels, self._parcels = self._parcels, []
        for pieces in self._split(parcels):
            shipment = _Shipment(pieces)
            self._shipments.append(shipment)
            self._submit(shipment)
        self._settle()
        if self._shipments:
            if not self._is_paused:
                self._is_paused = True
                self._pause()
            self._tick_later()

    def _submit(self, shipment: _Shipment) -> None:
        size = sum(len(piece.batch) for piece in shipment.pieces)
        if size > self._outlet.limit:
            shipment.error = BatchTooLargeError(
                f"{self._outlet.name}: {size} events in one request are more than the channel's transactionCapacity"
                f" of {self._outlet.limit}; raise it or send smaller requests"
            )
            return
        try:
            commit = self._outlet.submit(EventBatch.concat([piece.batch for piece in shipment.pieces]))
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
            self._loop.call_soon_threadsafe(self._settle_and_resume)

    def _tick_later(self) -> None:
        """Answer what ended early while later transactions still wait, without a wake-up for each."""
        if not self._is_ticking:
            self._is_ticking = True
            self._loop.call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        self._is_ticking = False
        self._settle_and_resume()
        if self._shipments:
            self._tick_later()

    def _settle_and_resume(self) -> None:
        self._settle()
        if self._is_paused and not self._shipments:
            self._is_paused = False
            self._resume()

    def _settle(self) -> None:
        """Answer, in order, what has ended."""
        while self._shipments:
            shipment = self._shipments[0]
            if shipment.error is None:
                if shipment.commit is None or not shipment.commit.is_done:
                    return
                shipment.error = shipment.commit.error
            self._shipments.popleft()
            if shipment.error is None:
                for piece in shipment.pieces:
                    piece.answer(_units(piece), None)
            else:
                self._retry_units(shipment, shipment.error)

    def _retry_units(self, shipment: _Shipment, error: FlumeError) -> None:
        """Commit as many units as fit now; the others get the error. A partly committed batch is not sent again."""
        for piece in shipment.pieces:
            units = _units(piece)
            whole = len(shipment.pieces) == 1 and units == 1
            if whole or not error.retryable or getattr(error, "committed", False) or self._outlet.is_stopped:
                piece.answer(units, error)
            else:
                self._retry_piece(piece)

    def _retry_piece(self, piece: _Piece) -> None:
        start = 0
        for size in piece.unit_sizes if piece.unit_sizes is not None else [1] * len(piece.batch):
            failure = self._try_unit(piece.batch.slice(start, start + size))
            piece.answer(1, failure)
            start += size

    def _try_unit(self, unit: EventBatch) -> FlumeError | None:
        try:
            commit = self._outlet.submit(unit, wait=False)
            commit.wait()
        except FlumeError as error:
            return error
        return None

    def _split(self, parcels: list[Parcel]) -> list[list[_Piece]]:
        """Cut parcels into transactions of whole units; what fits at once comes first. A too large unit stands alone."""
        limit = self._outlet.limit
        total = sum(len(parcel.batch) for parcel in parcels)
        room = self._outlet.room() if not self._shipments else 0
        left = min(limit, room) if 0 < room < total else limit
        shipments: list[list[_Piece]] = []
        pieces: list[_Piece] = []
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

    def _pieces(self, parcel: Parcel, first: int, limit: int) -> "list[_Piece]":
        if len(parcel.batch) <= first or parcel.units() <= 1:
            return [_Piece(parcel.batch, parcel.answer, parcel.unit_sizes)]
        if parcel.unit_sizes is None:
            cuts = [0, *range(first, len(parcel.batch), limit), len(parcel.batch)]
            return [
                _Piece(parcel.batch.slice(start, stop), parcel.answer, None)
                for start, stop in pairwise(cuts)
                if stop > start
            ]
        start, pieces = 0, []
        for size in parcel.unit_sizes:
            pieces.append(_Piece(parcel.batch.slice(start, start + size), parcel.answer, [size]))
            start += size
        return pieces


def _units(piece: _Piece) -> int:
    return len(piece.batch) if piece.unit_sizes is None else len(piece.unit_sizes)
