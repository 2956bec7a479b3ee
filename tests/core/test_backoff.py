"""Back-off times are Flume's."""

from flumepy.core.backoff import LinearBackoff, MemberBackoff, exponential_ms
from flumepy.testing.fakes import FakeClock


def test_runners_wait_one_second_more_each_time_up_to_five() -> None:
    backoff = LinearBackoff()
    assert [backoff.next_ms() for _ in range(7)] == [1000, 2000, 3000, 4000, 5000, 5000, 5000]
    backoff.reset()
    assert backoff.next_ms() == 1000


def test_penalties_double_up_to_the_ceiling_and_never_overflow() -> None:
    assert [exponential_ms(n, 30_000) for n in (1, 2, 3, 4, 5, 22, 32, 100)] == [
        2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000,
    ]  # fmt: skip


def test_a_member_waits_longer_with_each_failure_within_the_hour() -> None:
    clock = FakeClock()
    backoff = MemberBackoff(clock, 30_000)
    assert backoff.is_eligible("k1")
    for wait_ms in (2000, 4000, 8000, 16_000, 30_000, 30_000):
        backoff.failed("k1")
        clock.advance_ms(wait_ms)
        assert not backoff.is_eligible("k1"), "eligible only strictly after its wait"
        clock.advance_ms(1)
        assert backoff.is_eligible("k1")
        assert backoff.is_eligible("k2")


def test_an_hour_without_failure_forgives() -> None:
    clock = FakeClock()
    backoff = MemberBackoff(clock, 30_000)
    backoff.failed("k1")
    backoff.failed("k1")
    clock.advance_ms(4000 + 3_600_000)
    backoff.failed("k1")
    clock.advance_ms(2001)
    assert backoff.is_eligible("k1")
