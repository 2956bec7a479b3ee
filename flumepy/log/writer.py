"""Writing frames at their places: the I/O of the commit's leader, and of nobody else."""

import threading
from collections.abc import Callable, Sequence

from flumepy.log.disk import Buffer, Disk
from flumepy.log.row import SegmentRow
from flumepy.log.segment import SegmentHeader
from flumepy.log.shelf import Shelf, Spare
from flumepy.log.ticket import Ticket


class FrameWriter:
    """Fills the active segment, and opens new ones where the tickets say so. All methods raise OSError."""

    def __init__(
        self,
        row: SegmentRow,
        shelf: Shelf,
        disk: Disk,
        lock: threading.Lock,
        new_header: Callable[[int, int], SegmentHeader],
    ) -> None:
        self._row = row
        self._shelf = shelf
        self._disk = disk
        self._lock = lock  # the log's; guards the indexes of segments
        self._new_header = new_header

    def write(self, tickets: list[Ticket]) -> None:
        """Write frames in order."""
        if len(tickets) == 1 and tickets[0].new_segment is None:
            self._write_run(tickets, tickets[0].parts)
            return
        first = 0
        for number, ticket in enumerate(tickets):
            if ticket.new_segment is not None:
                self._write_all(tickets[first:number])
                self._roll(ticket, ticket.new_segment)
                first = number
        self._write_all(tickets[first:] if first else tickets)

    def _write_all(self, tickets: list[Ticket]) -> None:
        if tickets:
            self._write_run(tickets, [part for ticket in tickets for part in ticket.parts])

    def sync(self) -> None:
        """Make what was written durable; the segments before the active one are."""
        self._row.active.sync(self._disk)

    def _write_run(self, tickets: list[Ticket], parts: Sequence[Buffer]) -> None:
        segment = self._row.active
        for ticket in tickets:
            ticket.parts = ()
        self._disk.write(segment.descriptor, parts, segment.offset(tickets[0].position))
        index, last = segment.index, tickets[-1]
        segment.end = last.end
        if last.position >= index.due:
            with self._lock:
                for ticket in tickets:
                    index.add(ticket.sequence, ticket.position)

    def _roll(self, ticket: Ticket, spare: Spare) -> None:
        """Go on in a new segment. One without frames gives way to it, since both have the same name."""
        is_first = not len(self._row)
        if not is_first:
            self.sync()
        segment = self._shelf.start_segment(spare, self._new_header(ticket.position, ticket.sequence))
        segment.is_scanned = True
        if is_first or self._row.active.end > self._row.active.position:
            self._row.add(segment)
            return
        empty = self._row.replace_active(segment)
        if empty.path != segment.path:
            self._shelf.delete(empty)
