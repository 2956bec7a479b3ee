"""A process that works in a channel until it is killed, and the messages in which it tells its parent what it does.

The parent forks, so that a life costs milliseconds; it has no threads and never opens the channel. A message is one packet
of a socket, so that none is ever cut, and what was sent before the kill arrives.
"""

import faulthandler
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

#: a method of the oracle or of the drill, and what it takes
Message = list[Any]

LARGEST_MESSAGE_BYTES = 1 << 20
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Message).decode


class Child:
    """A forked process that runs `work(tell)`, and ends with it."""

    def __init__(self, work: Callable[[Callable[..., None]], None], stacks: Path) -> None:
        """Fork. stacks: a file for what its threads do, should it fall silent."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST_MESSAGE_BYTES)
        sys.stdout.flush()
        self.process = os.fork()
        if not self.process:
            ours.close()
            faulthandler.register(signal.SIGUSR1, stacks.open("w"), all_threads=True)
            _work(work, theirs)
        theirs.close()
        self._socket = ours

    def messages(self, timeout_s: float) -> Iterator[Message]:
        """Iterate what the child tells, until it is gone. Raises TimeoutError when it is silent for too long."""
        self._socket.settimeout(timeout_s)
        while data := self._socket.recv(LARGEST_MESSAGE_BYTES):
            yield _decode(data)

    def wait(self) -> int:
        """Return the exit status, or minus the signal."""
        self._socket.close()
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])

    def kill(self) -> None:
        """End it at once."""
        os.kill(self.process, signal.SIGKILL)

    def show_stacks(self) -> None:
        """Let it write down what its threads do."""
        os.kill(self.process, signal.SIGUSR1)
        time.sleep(1)


def _work(work: Callable[[Callable[..., None]], None], channel: socket.socket) -> None:
    """Run in the child, and never return."""
    status = 0
    try:

        def tell(*message: Any) -> None:
            channel.send(_encode(message))

        work(tell)
    except BaseException:  # noqa: BLE001  # told to the parent
        channel.send(_encode(["crashed", traceback.format_exc()]))
        status = 3
    finally:
        os._exit(status)
