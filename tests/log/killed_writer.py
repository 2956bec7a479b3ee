"""What the parent of test_kills starts and the disk kills: appends, takes back, cuts nothing, and tells what is certain.

Usage: killed_writer FOLDER SEED NTH. On standard output, one write a line: `WRITTEN n` or `SYNCED n` once frame n is so,
with `RELEASED p` before segments up to position p are given back. A frame's payload is its sequence number, padded.
"""

import os
import random
import sys
from pathlib import Path

from flumepy.log.frame import Frame
from flumepy.log.ticket import Level
from flumepy.testing.disks import KillingDisk
from tests.log.logs import new_log


def payload(sequence: int) -> bytes:
    """Return the content of the frame with this sequence number, of a size that depends on it."""
    size = random.Random(sequence).choice([20, 100, 700, 4000, 9000])
    return f"{sequence:012d}".encode().ljust(size, b".")


def tell(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def main() -> None:
    folder, seed, nth = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(seed)
    log = new_log(folder / "one", folder / "two", disk=KillingDisk(nth, seed))
    log.open()
    while True:
        tickets = []
        for _ in range(chance.randint(1, 8)):
            tickets.append(log.append(Frame(1, 1, [payload(log.next_sequence)])))
        level = chance.choice(list(Level))
        tickets[-1].wait(level)
        tell(level.name, tickets[-1].sequence)
        if chance.random() < 0.2:
            position = chance.choice(log.segments()).position
            tell("RELEASED", position)
            log.release(position)


if __name__ == "__main__":
    main()
