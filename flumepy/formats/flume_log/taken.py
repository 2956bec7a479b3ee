"""Which events were taken, exactly, in a byte for every 32 bytes of the files that hold them.

A put is at least 32 bytes long, so at most one begins in such a cell; the byte is where in the cell, plus 1.
Only pages that are written to take memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from flumepy.formats.flume_log.records import place

CELL_BITS = 5
_WITHIN = (1 << CELL_BITS) - 1


class TakenEvents:
    """A set of pointers; those into files that do not exist are of no interest."""

    def __init__(self, sizes: dict[int, int]) -> None:
        """Take the size in bytes of each file by its id."""
        self._sizes = sizes
        self._cells: dict[int, bytearray] = {}

    def update(self, pointers: Iterable[int]) -> None:
        """Mark pointers as taken."""
        for pointer in pointers:
            file_id, offset = place(pointer)
            if offset < self._sizes.get(file_id, 0):
                cells = self._cells.get(file_id)
                if cells is None:
                    cells = self._cells[file_id] = bytearray((self._sizes[file_id] >> CELL_BITS) + 1)
                cells[offset >> CELL_BITS] = (offset & _WITHIN) + 1

    def drop_from(self, pointers: array[int]) -> None:
        """Take out of an array, in place, what was taken."""
        if self._cells:
            keep(pointers, (pointer for pointer in pointers if pointer not in self))

    def __contains__(self, pointer: int) -> bool:
        file_id, offset = place(pointer)
        cells = self._cells.get(file_id)
        if cells is None or offset >= self._sizes[file_id]:
            return False
        return cells[offset >> CELL_BITS] == (offset & _WITHIN) + 1


def keep(pointers: array[int], kept: Iterable[int]) -> None:
    """Cut an array down to some of its own entries, given in order, without a second one."""
    count = 0
    for pointer in kept:
        pointers[count] = pointer
        count += 1
    del pointers[count:]
