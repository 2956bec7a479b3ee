"""The texts of like events, cut the quick way and the prepared way, are what was put between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.formats.event_skeleton import EventSkeleton, find_skeleton

TEXTS = st.lists(st.text(alphabet="ab{}[],:.*", max_size=6).map(str.encode), min_size=2, max_size=6)


def post(texts: list[bytes], headers: bytes = b"{}") -> bytes:
    return b"[" + b",".join([b'{"headers":%b,"body":"%b"}' % (headers, text) for text in texts]) + b"]"


@given(TEXTS, TEXTS, st.sampled_from([b"{}", b'{"a.*":"(b"}']))
def test_the_skeleton_of_one_array_cuts_every_array_like_it(
    first: list[bytes], second: list[bytes], headers: bytes
) -> None:
    skeleton = find_skeleton(post(first, headers))
    assert skeleton is not None
    for _ in range(2):
        assert skeleton.texts(post(second, headers)) == (b"".join([text + b"\n" for text in second]), second)
        skeleton.prepare()
    assert len(post(second, headers)) == skeleton.size_bytes(len(second)) + sum(map(len, second))
    assert skeleton == find_skeleton(post(second, headers))


@pytest.mark.parametrize("is_prepared", [False, True])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        post([b"one"]),
        post([b"one", b'tw"o']),
        post([b"one", b"tw\\\\o"]),
        post([b"one", b"two"], b'{"a":"b"}'),
        post([b"one", b"two"])[:-1],
        post([b"one", b"two"]) + b" ",
        b'[{"headers":{},"body":"}]',
    ],
)
def test_another_array_is_not_cut(data: bytes, is_prepared: bool) -> None:
    skeleton = find_skeleton(post([b"a", b"b"]))
    assert isinstance(skeleton, EventSkeleton)
    if is_prepared:
        skeleton.prepare()
    assert skeleton.texts(data) is None
