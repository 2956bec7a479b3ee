"""The load generator, a process of its own: `python load.py SPEC`, where SPEC is a JSON object.

    {"mode": "lines" | "http", "file": path, "streams": [[port, offset, length], …], "acks": bool, "lines_per_s": int}

Each stream is one connection that sends `length` bytes of the file from `offset`. Lines leave by sendfile, so that the
kernel does the work; HTTP requests are built before the start. Protocol with the parent: prints `ready` when all
connections stand, waits for a line on stdin, sends, then prints one JSON object: sent_s, cpu_s, acks,
complaint. It imports the standard library only, to be ready soon.
"""

import contextlib
import json
import os
import resource
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any

LINE_BYTES = 100
EVENTS_PER_POST = 100
SEND_BYTES = 1 << 20
TICK_S = 0.01
ANSWER_TIMEOUT_S = 60


@dataclass
class Stream:
    """One connection: what is still to be sent, and what has come back."""

    connection: socket.socket
    offset: int
    end: int
    acks_wanted: int = 0
    acks: int = 0
    ack_bytes: int = 0
    requests: list[bytes] = field(default_factory=list)
    outgoing: memoryview = field(default_factory=lambda: memoryview(b""))
    answer: bytes = b""


class Complaint(Exception):
    """What the peer did wrong, for the parent's table."""


def main() -> None:
    """Run one load as the JSON object in argv[1] says."""
    spec = json.loads(sys.argv[1])
    descriptor = os.open(spec["file"], os.O_RDONLY)
    streams = [_connect(spec, descriptor, *stream) for stream in spec["streams"]]
    print("ready", flush=True)
    if not sys.stdin.readline():
        return
    began_s, cpu_s, complaint = time.monotonic(), _cpu_s(), ""
    try:
        if spec["mode"] == "http":
            _post(streams)
        elif spec["lines_per_s"]:
            _send_paced(streams, descriptor, spec["lines_per_s"])
        else:
            _send(streams, descriptor)
    except (Complaint, OSError) as error:
        complaint = f"{type(error).__name__}: {error}"
    result: dict[str, Any] = {"sent_s": time.monotonic() - began_s, "cpu_s": _cpu_s() - cpu_s}
    print(json.dumps({**result, "acks": sum(stream.acks for stream in streams), "complaint": complaint}), flush=True)


def _connect(spec: dict[str, Any], descriptor: int, port: int, offset: int, length: int) -> Stream:
    stream = Stream(socket.create_connection(("127.0.0.1", port)), offset, offset + length)
    if spec["acks"]:
        stream.acks_wanted = length // LINE_BYTES
    if spec["mode"] == "http":
        stream.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream.requests = _requests(os.pread(descriptor, length, offset))
        stream.requests.reverse()
    stream.connection.setblocking(False)
    return stream


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _send(streams: list[Stream], descriptor: int) -> None:
    """Send as fast as each connection takes it; read acknowledgements meanwhile."""
    selector = selectors.DefaultSelector()
    for stream in streams:
        events = selectors.EVENT_WRITE | (selectors.EVENT_READ if stream.acks_wanted else 0)
        selector.register(stream.connection, events, stream)
    while selector.get_map():
        ready = selector.select(ANSWER_TIMEOUT_S)
        if not ready:
            raise Complaint(f"nothing taken and nothing answered for {ANSWER_TIMEOUT_S} s")
        for key, events in ready:
            stream = key.data
            if events & selectors.EVENT_WRITE:
                _send_some(stream, descriptor)
            if events & selectors.EVENT_READ:
                _read_acks(stream)
            if stream.offset == stream.end and stream.acks >= stream.acks_wanted:
                selector.unregister(stream.connection)
                stream.connection.close()
            elif stream.offset == stream.end and key.events & selectors.EVENT_WRITE:
                selector.modify(stream.connection, selectors.EVENT_READ, stream)


def _send_some(stream: Stream, descriptor: int) -> None:
    try:
        count = min(SEND_BYTES, stream.end - stream.offset)
        stream.offset += os.sendfile(stream.connection.fileno(), descriptor, stream.offset, count)
    except BlockingIOError:
        pass


def _read_acks(stream: Stream) -> None:
    data = stream.connection.recv(SEND_BYTES)
    if not data:
        raise Complaint(f"closed after {stream.acks} acknowledgements of {stream.acks_wanted}")
    stream.acks += data.count(b"\n")
    stream.ack_bytes += len(data)
    if stream.acks == stream.acks_wanted and stream.ack_bytes != 3 * stream.acks:
        raise Complaint("not every answer was OK")


def _send_paced(streams: list[Stream], descriptor: int, lines_per_s: int) -> None:
    """Send whole lines, the same number on every connection, so that all together make `lines_per_s`."""
    starts = [stream.offset for stream in streams]
    began = time.monotonic()
    for stream in streams:
        stream.connection.setblocking(True)
    while any(stream.offset < stream.end for stream in streams):
        due = int((time.monotonic() - began) * lines_per_s / len(streams)) * LINE_BYTES
        for stream, start in zip(streams, starts, strict=True):
            upto = min(stream.end, start + due)
            while stream.offset < upto:
                stream.offset += os.sendfile(
                    stream.connection.fileno(), descriptor, stream.offset, upto - stream.offset
                )
        time.sleep(TICK_S)
    for stream in streams:
        stream.connection.close()


def _requests(lines: bytes) -> list[bytes]:
    """Turn the lines into POST requests of 100 events each."""
    bodies = lines.decode("ascii").splitlines()
    requests = []
    for start in range(0, len(bodies), EVENTS_PER_POST):
        events = [{"headers": {}, "body": body} for body in bodies[start : start + EVENTS_PER_POST]]
        content = json.dumps(events, separators=(",", ":")).encode("ascii")
        head = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json; charset=UTF-8\r\n"
        requests.append(f"{head}Content-Length: {len(content)}\r\n\r\n".encode("ascii") + content)
    return requests


def _post(streams: list[Stream]) -> None:
    """Post request after request on each connection, the next one when the answer is complete."""
    selector = selectors.DefaultSelector()
    for stream in streams:
        _next_request(stream)
        selector.register(stream.connection, selectors.EVENT_READ | selectors.EVENT_WRITE, stream)
    while selector.get_map():
        ready = selector.select(ANSWER_TIMEOUT_S)
        if not ready:
            raise Complaint(f"no answer for {ANSWER_TIMEOUT_S} s")
        for key, events in ready:
            _advance(selector, key.data, events)


def _advance(selector: selectors.DefaultSelector, stream: Stream, events: int) -> None:
    if events & selectors.EVENT_READ and _answered(stream):
        if not stream.requests:
            selector.unregister(stream.connection)
            stream.connection.close()
            return
        _next_request(stream)
    if stream.outgoing:
        with contextlib.suppress(BlockingIOError):
            stream.outgoing = stream.outgoing[stream.connection.send(stream.outgoing) :]
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if stream.outgoing else 0)
        if selector.get_key(stream.connection).events != wanted:
            selector.modify(stream.connection, wanted, stream)


def _next_request(stream: Stream) -> None:
    stream.outgoing = memoryview(stream.requests.pop())


def _answered(stream: Stream) -> bool:
    """Read what has come; return whether one whole answer with status 200 is there."""
    data = stream.connection.recv(SEND_BYTES)
    if not data:
        raise Complaint(f"closed after {stream.acks} posts")
    stream.answer += data
    head, separator, content = stream.answer.partition(b"\r\n\r\n")
    if not separator:
        return False
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
    if fields.get(b"transfer-encoding", b"").strip() == b"chunked":
        complete = content.endswith(b"0\r\n\r\n")
    else:
        complete = len(content) >= int(fields.get(b"content-length", b"0"))
    if not complete:
        return False
    if not head.startswith(b"HTTP/1.1 200"):
        raise Complaint(head.split(b"\r\n", 1)[0].decode("latin-1"))
    stream.acks += 1
    stream.answer = b""
    return True


if __name__ == "__main__":
    main()
