"""Names of the default path manager."""

from flumepy.path_managers.default import DefaultPathManager
from flumepy.testing.fakes import FakeClock, build


def test_names_keep_the_time_of_the_making_and_count_from_one() -> None:
    clock = FakeClock(1795277763937)
    names = build(DefaultPathManager, clock=clock)
    first = names.next_name()
    clock.advance_ms(5000)
    assert [first, names.next_name()] == ["1795277763937-1", "1795277763937-2"]


def test_prefix_and_extension_surround_the_name_and_the_dot_is_added() -> None:
    names = build(DefaultPathManager, {"prefix": "pre-", "extension": "avro"}, clock=FakeClock(1795277763936))
    assert names.next_name() == "pre-1795277763936-1.avro"
