"""Rests so long that a test can tell who rests."""

import pytest

from flumepy.core import pace


def rest_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every thread rest for a minute that is woken twice within half of it."""
    for name in ("SHORT_STEP_S", "LONG_STEP_S", "LONGEST_REST_S"):
        monkeypatch.setattr(pace, name, 60.0)
    monkeypatch.setattr(pace, "BURST_WAKE_UPS", 0)
