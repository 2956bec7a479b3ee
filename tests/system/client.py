"""Clients of the agent's ports, and readers of its files."""

import contextlib
import json
import re
import socket
import struct
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TIMEOUT_S = 15.0
#: the beginning of a request
HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\n"


class LineClient:
    """A TCP connection that sends lines and reads the answers."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self._answers = b""

    def __enter__(self) -> "LineClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *lines: str) -> None:
        """Send lines, each with its newline."""
        self.socket.sendall("".join(f"{line}\n" for line in lines).encode())

    def answers(self, count: int) -> list[str]:
        """Return the next answers; fewer if the agent closes the connection."""
        while self._answers.count(b"\n") < count:
            try:
                chunk = self.socket.recv(65536)
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                break
            self._answers += chunk
        lines = self._answers.split(b"\n")
        self._answers = b"\n".join(lines[count:])
        return [line.decode() for line in lines[:count] if line]

    def ask(self, *lines: str) -> list[str]:
        """Send lines and return their answers."""
        self.send(*lines)
        return self.answers(len(lines))

    def finish(self) -> bytes:
        """Say that nothing more comes; return all that is answered until the agent closes."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
        rest = self._answers
        with contextlib.suppress(ConnectionResetError):
            while chunk := self.socket.recv(65536):
                rest += chunk
        return rest

    def reset(self) -> None:
        """Close with a RST, whatever is on its way."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def ask(port: int, *lines: str) -> list[str]:
    """Send lines over a connection of their own; return the answers."""
    with LineClient(port) as client:
        return client.ask(*lines)


def refusal_of(port: int) -> str | None:
    """Return why nobody can connect to a port, or None where one can."""
    try:
        socket.create_connection(("127.0.0.1", port), TIMEOUT_S).close()
    except OSError as error:
        return str(error)
    return None


def post(port: int, content: Any, *, method: str = "POST", path: str = "/") -> tuple[int, str]:
    """Send one request, bytes as they are and all else as JSON; return status and body."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    return exchange(port, head.encode() + body)


def exchange(port: int, request: bytes) -> tuple[int, str]:
    """Send the bytes of a request; return status and body of the answer, 0 where none came."""
    with LineClient(port) as client:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            client.socket.sendall(request)
        answer = client.finish()
    match = re.match(rb"HTTP/1\.1 (\d+) ", answer)
    return (int(match[1]) if match else 0), answer.partition(b"\r\n\r\n")[2].decode(errors="replace")


def in_order(folder: Path) -> list[Path]:
    """Return the files of a folder by their last writes: the order in which one sink filled them."""
    return sorted(
        (path for path in folder.iterdir() if path.is_file()), key=lambda path: (path.stat().st_mtime_ns, path.name)
    )


def written(folder: Path) -> list[str]:
    """Return the whole lines of all files in a folder, file after file."""
    return [line for path in in_order(folder) for line in path.read_bytes().decode(errors="replace").split("\n")[:-1]]


def doubles(lines: Sequence[str]) -> list[str]:
    """Return the lines that occur more than once."""
    return [line for line, count in Counter(lines).items() if count > 1]
