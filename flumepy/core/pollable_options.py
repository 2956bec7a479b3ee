"""The waits that every polled source lets its file set. Source: PollableSourceConstants."""

from flumepy.core.options import Options, opt


class PollableOptions(Options):
    """Properties shared by polled sources."""

    backoff_sleep_increment_ms: int = opt(
        "backoffSleepIncrement", 1000, long=True, unit="ms", since="1.7",
        doc="How much longer each wait without events in a row is.",
    )  # fmt: skip
    max_backoff_sleep_ms: int = opt(
        "maxBackoffSleep", 5000, long=True, unit="ms", since="1.7",
        doc="Longest such wait, and the wait after an unexpected error.",
    )  # fmt: skip
