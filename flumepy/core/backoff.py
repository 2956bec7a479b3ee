"""Back-off rules of Flume's runners and selectors."""

from dataclasses import dataclass

from flumepy.core.clock import Clock

HOUR_S = 3600.0
MOST_COUNTED_FAILURES = 16


@dataclass(slots=True)
class LinearBackoff:
    """Waits of n x increment up to a ceiling. Source: SinkRunner, PollableSourceRunner."""

    increment_ms: int = 1000
    ceiling_ms: int = 5000
    consecutive: int = 0

    def next_ms(self) -> int:
        """Count one more and return its wait."""
        self.consecutive += 1
        return min(self.consecutive * self.increment_ms, self.ceiling_ms)

    def reset(self) -> None:
        """Start again from the first wait."""
        self.consecutive = 0


def exponential_ms(failures: int, ceiling_ms: int) -> int:
    """Return min(ceiling, 1000 x 2^failures) without Java's int overflow. Source: FailoverSinkProcessor, OrderSelector."""
    return min(ceiling_ms, 1000 << min(failures, 32))


@dataclass(slots=True)
class _Failures:
    """What is known of a member that failed."""

    count: int
    last_s: float
    eligible_after_s: float


class MemberBackoff:
    """Skips members of a group that failed lately: 2 s, 4 s, 8 s ... up to the ceiling.

    A success does not reset a member's count, only an hour without failure after its last wait. Source: OrderSelector.
    """

    def __init__(self, clock: Clock, ceiling_ms: int) -> None:
        self._clock = clock
        self._ceiling_ms = ceiling_ms
        self._failures: dict[str, _Failures] = {}

    def failed(self, member: str) -> None:
        """Note a failure."""
        now_s = self._clock.monotonic_s()
        count = 1
        if (known := self._failures.get(member)) is not None:
            quiet_s = exponential_ms(known.count, self._ceiling_ms) / 1000 + HOUR_S
            if now_s - known.last_s < quiet_s:
                count = min(known.count + 1, MOST_COUNTED_FAILURES)
        wait_s = exponential_ms(count, self._ceiling_ms) / 1000
        self._failures[member] = _Failures(count, now_s, now_s + wait_s)

    def is_eligible(self, member: str) -> bool:
        """Tell whether a member may be tried: its wait must have passed, strictly."""
        known = self._failures.get(member)
        return known is None or known.eligible_after_s < self._clock.monotonic_s()
