"""A connection that asyncio reads, or a shared reader where it is busy (core/shared_reader.py)."""

import asyncio
import os

from flumepy.core.shared_reader import Member, SharedReader


class SharedConnection(asyncio.BufferedProtocol):
    """A connection that may be read by a shared reader. The end of its data, and errors, are left to asyncio."""

    transport: asyncio.Transport
    _shared: SharedReader | None = None
    _descriptor = -1

    def read_by(self, reader: SharedReader) -> None:
        """Let this reader read from now on, unless the connection speaks TLS or is closing."""
        if self.transport.get_extra_info("sslcontext") is not None or self.transport.is_closing():
            return
        self._shared = reader
        self._descriptor = self.transport.get_extra_info("socket").fileno()
        self.transport.pause_reading()
        reader.watch(self._descriptor, self.member())

    def member(self) -> Member:
        """Return what the reader calls."""
        return self

    def read_alone(self) -> None:
        """Leave the reader; asyncio does not read yet."""
        shared, self._shared = self._shared, None
        if shared is not None:
            shared.watch(self._descriptor, None)

    def read_ready(self) -> None:
        """Read what is there."""
        try:
            count = os.readv(self._descriptor, (self.get_buffer(-1),))
        except BlockingIOError:
            return
        except OSError:
            self.read_failed()
            return
        if count and not self.transport.is_closing():
            self.buffer_updated(count)
        else:
            self.read_ended()

    def read_failed(self) -> None:
        """Give the connection up."""
        self.read_alone()
        self.transport.abort()

    def read_ended(self) -> None:
        """Let asyncio find the end of the data, which a read has found."""
        self.read_alone()
        self.transport.resume_reading()

    def set_reading(self, is_wanted: bool) -> None:
        """Go on reading, or stop."""
        if self._shared is not None:
            self._shared.watch(self._descriptor, self.member() if is_wanted else None)
        elif is_wanted:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()
