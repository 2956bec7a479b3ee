"""What an intake carries: parcels of whole units, joined into the shipments that become transactions."""

from collections.abc import Callable

from flumepy.core.batch import EventBatch
from flumepy.core.delivery import Commit
from flumepy.core.errors import FlumeError

#: called with (number of units, error or None) for consecutive units, in order
Answer = Callable[[int, FlumeError | None], None]


class Parcel:
    """Whole units of one connection. `unit_sizes` gives the events of each; None means one event is one unit."""

    __slots__ = ("answer", "batch", "unit_sizes")

    def __init__(self, batch: EventBatch, answer: Answer, unit_sizes: list[int] | None = None) -> None:
        self.batch = batch
        self.answer = answer
        self.unit_sizes = unit_sizes

    def units(self) -> int:
        """Return the number of units."""
        return len(self.batch) if self.unit_sizes is None else len(self.unit_sizes)


class Shipment:
    """One transaction and the pieces it is made of: whole parcels, or runs of whole units of one."""

    __slots__ = ("commit", "error", "pieces", "size")

    def __init__(self, pieces: list[Parcel]) -> None:
        self.pieces = pieces
        self.size = sum([len(piece.batch) for piece in pieces])
        self.commit: Commit | None = None
        self.error: FlumeError | None = None

    @property
    def has_ended(self) -> bool:
        """Tell whether the outcome is known."""
        return self.error is not None or (self.commit is not None and self.commit.is_done)

    @property
    def failure(self) -> FlumeError | None:
        """Return what went wrong, if it has ended."""
        return self.error if self.commit is None else self.commit.error

    @property
    def has_failed(self) -> bool:
        """Tell whether it is known to have failed."""
        return self.failure is not None
