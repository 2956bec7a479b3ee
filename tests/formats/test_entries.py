"""Entries are packed alike in Python and in C."""

from collections.abc import Callable
from types import ModuleType

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flumepy.formats import entries as entries_module
from tests.twins import in_python

PYTHON = in_python(entries_module)


@pytest.fixture(params=[PYTHON, entries_module], ids=["python", "installed"], scope="module")
def loops(request: pytest.FixtureRequest) -> ModuleType:
    """Return the module in Python, and the one that this installation uses: in C where it is compiled."""
    module: ModuleType = request.param
    return module


SIZES = st.integers(0, 40) | st.sampled_from([127, 128, 254, 255, 256, 257, 65535, 65536, 70000])
ENTRIES = st.lists(
    st.builds(lambda size, kind: kind(b"x" * size), SIZES, st.sampled_from([bytes, bytearray, memoryview])), max_size=20
)


@given(entries=ENTRIES)
@example(entries=[b"long" * 1000, b"", b"short"] * 7)
@example(entries=[b""] + [b"longer than the first one"] * 40)
@example(entries=[b"a"] * 15)
@example(entries=[b"a"] * 16)
@example(entries=[b"a"] * 65535)
@example(entries=[b"a"] * 65536)
def test_packed_entries_are_a_msgpack_array(loops: ModuleType, entries: list[bytes]) -> None:
    packed = loops.pack_entries(entries)
    assert msgspec.msgpack.decode(packed) == entries
    assert packed == PYTHON.pack_entries(entries)


def test_what_is_no_list_of_bytes_is_not_packed() -> None:
    pack: Callable[[object], bytes] = entries_module.pack_entries
    if type(pack).__name__ == "function":
        pytest.skip("the encoder of msgpack packs anything; this is about memory")
    for wrong in ([b"a", None], [b"a", "b"], (b"a",)):
        with pytest.raises(TypeError):
            pack(wrong)
