"""Freed memory is kept by the process."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys, threading
from flumepy.core.allocation import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def work():
    for _ in range(300):
        blocks = [bytes(300_000) for _ in range(3)]
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


def faults(mode: str) -> int:
    command = [sys.executable, "-c", PROGRAM, mode]
    return int(subprocess.run(command, capture_output=True, check=True, text=True, timeout=60).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this C library has no such settings")
def test_taking_and_freeing_large_blocks_costs_no_page_faults() -> None:
    assert faults("keep") < faults("default") / 5
