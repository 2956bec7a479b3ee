"""Back-off rules of Flume's runners and selectors."""

from dataclasses import dataclass


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
