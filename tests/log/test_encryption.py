"""No nonce comes twice under one session key, whatever ends or begins."""

import subprocess
import sys
from itertools import pairwise

import pytest

from flumepy.core.threads import start_thread
from flumepy.log import encryption
from flumepy.log.encryption import Encryption, KeyRing

RING = KeyRing("k", {"k": bytes(16)})
SALT, COUNTER = slice(2, 18), slice(18, 26)


def nonce(sealer: Encryption) -> tuple[bytes, int]:
    """Seal once; return salt and counter."""
    head = bytes(sealer.seal([b"x"], b"")[0])
    return head[SALT], int.from_bytes(head[COUNTER], "little")


def test_every_opening_draws_a_salt_of_its_own() -> None:
    nonces = [nonce(sealer) for sealer in [Encryption(RING) for _ in range(500)] for _ in range(4)]
    assert len(set(nonces)) == 2000
    assert len({salt for salt, _ in nonces}) == 500


def test_within_an_opening_the_counter_only_grows() -> None:
    sealer = Encryption(RING)
    nonces = [nonce(sealer) for _ in range(1000)]
    assert all(one[0] == two[0] and one[1] < two[1] for one, two in pairwise(nonces))


def test_threads_that_seal_at_once_never_share_a_nonce() -> None:
    sealer = Encryption(RING)
    found: list[tuple[bytes, int]] = []
    threads = [
        start_thread(f"seal-{number}", lambda: found.extend([nonce(sealer) for _ in range(2000)]))
        for number in range(4)
    ]
    for thread in threads:
        thread.join()
    assert len(set(found)) == len(found) == 8000


FORKING = """
import os
from flumepy.log.encryption import Encryption, KeyRing
sealer = Encryption(KeyRing("k", {"k": bytes(16)}))
sealer.seal([b"x"], b"")
child = os.fork()
os.write(1, bytes(sealer.seal([b"x"], b"")[0]))
if child:
    os.waitpid(child, 0)
"""


def test_a_forked_process_goes_on_under_a_salt_of_its_own() -> None:
    heads = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, check=True).stdout
    one, two = heads[:26], heads[26:]
    assert one[SALT] != two[SALT]
    assert {one[COUNTER], two[COUNTER]} == {bytes(8), b"\x01" + bytes(7)}


def test_a_session_ends_before_its_counter_is_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "FRAMES_PER_SESSION", 3)
    sealer = Encryption(RING)
    nonces = [nonce(sealer) for _ in range(7)]
    assert [counter for _, counter in nonces] == [0, 1, 2, 0, 1, 2, 0]
    assert len({salt for salt, _ in nonces}) == 3


def test_session_keys_are_kept_for_the_frames_that_follow_and_not_for_ever() -> None:
    stored = [b"".join(Encryption(RING).seal([b"x"], b"")) for _ in range(encryption.SESSIONS_KEPT + 10)]
    reader = Encryption(RING)
    for payload in [payload for payload in stored for _ in range(3)]:
        assert reader.open(payload, b"") == b"x"
    kept = reader._opener.cache_info()
    assert (kept.misses, kept.currsize) == (len(stored), encryption.SESSIONS_KEPT)
