"""The least agent that the bench can drive: netcat → file. `--fault` makes it lose, swap or answer wrongly."""

import re
import signal
import socket
import sys
import threading
from pathlib import Path

conf = Path(sys.argv[sys.argv.index("--conf-file") + 1]).read_text()
fault = sys.argv[1]
output = Path(re.search(r"sink.directory = (\S+)", conf)[1]) / "1-1"
answers = "ack-every-event = true" in conf
lock = threading.Lock()


def serve(connection: socket.socket) -> None:
    rest = b""
    while data := connection.recv(1 << 18):
        *lines, rest = (rest + data).split(b"\n")
        kept = [line for line in lines if not (fault == "lose" and line.startswith(b"000000012345"))]
        if fault == "swap" and len(kept) > 1:
            kept[0], kept[1] = kept[1], kept[0]
        with lock, open(output, "ab") as out:
            out.write(b"".join(line + b"\n" for line in kept))
        if answers:
            connection.sendall(b"OK\n" * len(lines) if fault != "answer" else b"NO\n" * (len(lines) - 1) + b"N\n")


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with socket.create_server(("127.0.0.1", int(re.search(r"port = (\d+)", conf)[1])), backlog=128) as server:
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
