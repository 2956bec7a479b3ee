"""Taken ranges against a plain set."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from flumepy.event_log.ranges import TakenRanges

SPANS = st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.integers(0, 20), st.lists(SPANS, max_size=30), SPANS)
def test_ranges_are_the_set_of_what_was_added(
    watermark: int, added: list[tuple[int, int]], asked: tuple[int, int]
) -> None:
    ranges, model = TakenRanges(watermark), set(range(watermark))
    for first, stop in added:
        new = set(range(first, stop)) - model
        assert ranges.add(first, stop) == len(new)
        model |= new
    assert {number for number in range(80) if number in ranges} == model
    assert ranges.watermark + ranges.count_above == len(model)
    assert [n for span in ranges.missing(*asked) for n in range(*span)] == sorted(set(range(*asked)) - model)
    spans = ranges.spans()
    assert all(first < stop for first, stop in spans)
    edges = [ranges.watermark, *[edge for span in spans for edge in span]]
    assert all(left < right for left, right in pairwise(edges)), "touching ranges are joined"
    assert len(ranges) == len(spans)


def test_the_watermark_swallows_what_it_reaches() -> None:
    ranges = TakenRanges()
    ranges.add(5, 10)
    ranges.add(12, 14)
    assert ranges.raise_watermark(7) == 5
    assert (ranges.watermark, ranges.spans()) == (10, [(12, 14)])
    assert ranges.raise_watermark(3) == 0
    ranges.add(10, 12)
    assert (ranges.watermark, ranges.spans(), ranges.count_above) == (14, [], 0)
