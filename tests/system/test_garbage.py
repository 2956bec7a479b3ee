"""Random bytes to every kind of port, and connections that end in random ways; the seeds are fixed."""

import contextlib
import datetime
import json
import random
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from flumepy.testing.fakes import wait_until
from tests.system.checks import assert_serves, assert_takes_posts
from tests.system.client import HEAD, LineClient, post, written
from tests.system.configurations import POSTS_TO_FILES, into
from tests.system.conftest import Run


def nonsense(seed: int) -> Iterator[tuple[random.Random, bytes]]:
    """Yield random bytes, some of them beginning as real ones do."""
    chance = random.Random(seed)
    for _ in range(60):
        begin = chance.choice(
            (b"", b"", b"line\n", HEAD, HEAD + b"Content-Length: 5\r\n\r\n", b"GET /\x00", b"\x16\x03\x01")
        )
        yield chance, begin + chance.randbytes(chance.choice((1, 20, 3000, 100_000)))


def talk_nonsense(port: int, seed: int) -> None:
    """Send random bytes over many connections that end in random ways."""
    for chance, garbage in nonsense(seed):
        with contextlib.suppress(ConnectionResetError, BrokenPipeError), LineClient(port) as client:
            client.socket.sendall(garbage)
            end = chance.choice(("reset", "close", "finish"))
            if end == "reset":
                client.reset()
            elif end == "finish":
                client.socket.settimeout(0.05)
                with contextlib.suppress(TimeoutError):
                    client.finish()


@pytest.mark.parametrize("seed", range(2))
def test_random_bytes_and_resets_leave_netcat_as_it_was(run: Run, tmp_path: Path, seed: int) -> None:
    agent = run(into(tmp_path / "out"))
    with LineClient(agent.port()) as patient:
        talk_nonsense(agent.port(), seed)
        assert patient.ask("patient") == ["OK"]
    assert_serves(agent, tmp_path / "out", "next")
    assert agent.peak_mebibytes < 100


@pytest.mark.parametrize("seed", range(2))
def test_random_bytes_and_resets_leave_http_and_monitoring_as_they_were(run: Run, tmp_path: Path, seed: int) -> None:
    monitoring = ("-Dflume.monitoring.type=http", "-Dflume.monitoring.port=0", "-Dflume.monitoring.bind=127.0.0.1")
    agent = run(into(tmp_path / "out", text=POSTS_TO_FILES), *monitoring)
    talk_nonsense(agent.port(), seed)
    talk_nonsense(agent.monitoring_port(), seed)
    assert_takes_posts(agent, tmp_path / "out", "next")
    status, said = post(agent.monitoring_port(), b"", method="GET", path="/metrics")
    assert (status, json.loads(said)["SOURCE.r1"]["Type"]) == (200, "SOURCE")
    assert agent.peak_mebibytes < 100


def test_random_bytes_and_stalled_handshakes_leave_tls_as_it_was(run: Run, tmp_path: Path) -> None:
    store = key_store(tmp_path / "store.p12")
    tls = ("ssl = true", f"keystore = {store}", "keystore-password = secret", "keystore-type = PKCS12")
    agent = run(into(tmp_path / "out", *(f"a1.sources.r1.{line}" for line in tls), text=POSTS_TO_FILES))
    with LineClient(agent.port()):  # says nothing
        talk_nonsense(agent.port(), 1)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with LineClient(agent.port()) as plain, context.wrap_socket(plain.socket) as secured:
            body = b'[{"headers": {}, "body": "secret"}]'
            secured.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            assert secured.recv(1000).startswith(b"HTTP/1.1 200 ")
    wait_until(lambda: written(tmp_path / "out") == ["secret"], what="the event")


def test_random_datagrams_leave_netcatudp_as_it_was(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out", "a1.sources.r1.type = netcatudp"))
    address = ("127.0.0.1", agent.port())
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        for _, garbage in nonsense(1):
            sender.sendto(garbage[:60_000], address)
        sender.sendto(b"", address)

        def is_served() -> bool:
            sender.sendto(b"next\n", address)
            return "next" in written(tmp_path / "out")

        wait_until(is_served, what="a datagram")
    assert agent.peak_mebibytes < 100


def key_store(path: Path) -> Path:
    """Write a PKCS#12 store with a key and a certificate of its own; the password is `secret`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
    encryption = serialization.BestAvailableEncryption(b"secret")
    content = pkcs12.serialize_key_and_certificates(b"agent", key, builder.sign(key, hashes.SHA256()), None, encryption)
    path.write_bytes(content)
    return path
