"""A process to be killed: reads a spool directory into a file until someone ends it.

Arguments: spool directory, output, and how many bytes the output may reach: who is to kill it halfway may be slow.
"""

import os
import sys
import threading

from flumepy.config.build import build as catalog
from flumepy.core.channel import Channel
from flumepy.core.component import Context
from flumepy.core.options import NoOptions
from flumepy.core.transaction import Transaction
from flumepy.sources.spooldir import SpooldirSource
from flumepy.testing.fakes import ListTransaction, build, connect


class FileChannel(Channel[NoOptions]):
    """Appends each committed batch to a file in one write: what is there was acknowledged or about to be."""

    def __init__(self, path: str, most_bytes: float) -> None:
        super().__init__(Context("c1"), NoOptions())
        self.transaction_capacity = 100
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._most_bytes = most_bytes

    @property
    def size(self) -> int:
        """Return nothing: nobody takes."""
        return 0

    def transaction(self) -> Transaction:
        """Return a transaction that writes at its commit."""
        return _Append(self._fd, self._most_bytes)


class _Append(ListTransaction):
    def __init__(self, fd: int, most_bytes: float) -> None:
        Transaction.__init__(self)
        self._fd = fd
        self._most_bytes = most_bytes
        self._lines: list[bytes] = []

    def do_put(self, batch):  # type: ignore[no-untyped-def]
        """Keep the lines."""
        self._lines += batch.bodies

    def do_commit(self, taken):  # type: ignore[no-untyped-def]
        """Write them at once, or wait for the end."""
        if os.fstat(self._fd).st_size >= self._most_bytes:
            threading.Event().wait()
        os.write(self._fd, b"".join(line + b"\n" for line in self._lines))

    def do_rollback(self) -> None:
        """Forget them."""


def main() -> None:
    """Run until killed."""
    source = build(SpooldirSource, {"spoolDir": sys.argv[1], "pollDelay": "20"}, name="r1", builder=catalog)
    connect(source, FileChannel(sys.argv[2], float(sys.argv[3]))).start()
    source.start()
    while True:
        source.process()


if __name__ == "__main__":
    main()
