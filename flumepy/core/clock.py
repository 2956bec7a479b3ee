"""Time as components see it, so that tests can hold it still."""

import time
from typing import Protocol


class Clock(Protocol):
    """What components ask for the time."""

    def time_ms(self) -> int:
        """Return milliseconds since the epoch."""

    def monotonic_s(self) -> float:
        """Return seconds that never jump."""


class SystemClock:
    """The machine's clock."""

    def time_ms(self) -> int:
        """Return milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        """Return seconds that never jump."""
        return time.monotonic()
