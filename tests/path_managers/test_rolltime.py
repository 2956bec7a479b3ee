"""Names of the rolltime path manager."""

from datetime import datetime

from flumepy.path_managers.rolltime import RolltimePathManager
from flumepy.testing.fakes import FakeClock, build


def test_names_carry_the_local_time_and_count_within_one_second() -> None:
    clock = FakeClock(int(datetime(2026, 11, 21, 16, 16, 4).timestamp() * 1000))
    names = build(RolltimePathManager, {"prefix": "p", "extension": "log"}, clock=clock)
    made = [names.next_name(), names.next_name()]
    clock.advance_ms(4000)
    assert [*made, names.next_name()] == ["p20261121161604-1.log", "p20261121161604-2.log", "p20261121161608-1.log"]
