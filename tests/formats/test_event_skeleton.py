"""The texts of like events are what was put between, cut as lines or one by one."""

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
    assert skeleton.texts(post(second, headers)) == (b"".join([text + b"\n" for text in second]), second)
    assert skeleton.lines(b"head" + post(second, headers), 4) == (
        b"".join([text + b"\n" for text in second]),
        len(second),
    )
    assert len(post(second, headers)) == skeleton.size_bytes(len(second)) + sum(map(len, second))
    assert skeleton == find_skeleton(post(second, headers))


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
        b'[{"headers":{},"body":"},{"headers":{},"body":"one"}]',
        b'[{"headers":{},"body":"one"},{"headers":{},"body":"}]',
    ],
)
def test_another_array_is_not_cut(data: bytes) -> None:
    skeleton = find_skeleton(post([b"a", b"b"]))
    assert isinstance(skeleton, EventSkeleton)
    assert skeleton.texts(data) is None
    assert skeleton.lines(b"head" + data, 4) is None


@pytest.mark.parametrize("text", [b"tw\no", b"tw\xff", b"tw\xc3"])
def test_texts_that_need_a_second_look_are_no_lines(text: bytes) -> None:
    skeleton = find_skeleton(post([b"a", b"b"]))
    assert skeleton is not None
    assert skeleton.lines(post([b"one", "zw\u00f6lf".encode()]), 0) == ("one\nzw\u00f6lf\n".encode(), 2)
    assert skeleton.lines(post([b"one", text]), 0) is None
    assert skeleton.lines(post([text, b"one"]), 0) is None
