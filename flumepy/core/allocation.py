"""Let the C library keep the memory that every batch needs again.

By default glibc gives blocks of more than 128 KB back to the kernel as they are freed, and the end of a thread's heap as
well. An agent frees and takes such blocks for every chunk it reads: the page faults cost as much as the work (65,000 for a
million lines; measured in docs/benchmarks.md). What is kept stays below `KEPT_BYTES`. Other C libraries stay as they are.
Source: mallopt(3).
"""

import ctypes

KEPT_BYTES = 64 * 1024 * 1024
#: larger blocks still come from the kernel and go back to it
LARGEST_BYTES = 4 * 1024 * 1024

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8


def keep_freed_memory() -> bool:
    """Tell the C library; return whether it is one that listens."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    # One arena: only one thread at a time runs Python, and memory freed by another thread is found again.
    settings = ((_M_ARENA_MAX, 1), (_M_MMAP_THRESHOLD, LARGEST_BYTES), (_M_TRIM_THRESHOLD, KEPT_BYTES))
    return all(mallopt(setting, value) == 1 for setting, value in settings)
