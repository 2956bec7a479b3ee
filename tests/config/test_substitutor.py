"""flumepy.config.substitutor against answers of commons-text 1.9 (commons_text.tsv: text, tab, what Java made of it).

Recorded with the look-ups of Flume's MapResolver over the maps below; `!cycle` stands for Java's "Infinite loop".
"""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.config.lookup_functions import by_constant
from flumepy.config.substitutor import CycleError, Substitutor

OWN = {
    "a": "A", "b": "a", "ref": "<${a}>", "esc": "$${a}", "l1": "${l2}", "l2": "${l1}", "self": "${self}", "empty": "",
    "open": "${", "k.x:y": "KXY", "defnest": "${nope:-${a}}", "tail": "x$",
}  # fmt: skip
ENVIRON = {"HOME": "/h", "K": "a"}
LOOKUPS = {
    "env": "ENVIRONMENT", "base64encoder": "BASE64_ENCODER", "base64decoder": "BASE64_DECODER",
    "urlencoder": "URL_ENCODER", "urldecoder": "URL_DECODER",
}  # fmt: skip


def look_up(name: str) -> str | None:
    prefix, colon, argument = name.partition(":")
    constant = LOOKUPS.get(prefix.lower()) if colon else None
    found = by_constant(constant, {}, ENVIRON)(argument) if constant else None
    return OWN.get(argument if colon else name) if found is None else found


def test_every_recorded_text_is_replaced_as_java_replaces_it() -> None:
    rows = Path(__file__).with_name("commons_text.tsv").read_text(encoding="utf-8").splitlines()
    assert len(rows) > 55
    for row in rows:
        text, expected = row.split("\t")
        if expected == "!cycle":
            with pytest.raises(CycleError, match="needs itself"):
                Substitutor(look_up).replace(text)
        else:
            assert Substitutor(look_up).replace(text) == expected, text


def test_a_cycle_names_the_keys_on_its_way() -> None:
    with pytest.raises(CycleError, match=r"^\$\{l1\} needs itself: l1 -> l2 -> l1$"):
        Substitutor(look_up).replace("x${l1}")


def test_names_that_give_nothing_are_told() -> None:
    substitutor = Substitutor(look_up)
    assert substitutor.replace("${a} ${x} ${env:Y}") == "A ${x} ${env:Y}"
    assert substitutor.unresolved == ["x", "env:Y"]


def test_references_that_double_at_each_step_are_refused() -> None:
    doubling = {f"n{n}": f"${{n{n + 1}}}" * 2 for n in range(40)}
    with pytest.raises(CycleError, match="more than 10000 references"):
        Substitutor(doubling.get).replace("${n0}")


def test_a_dollar_that_a_value_ends_in_escapes_nothing() -> None:
    # commons-text takes it for an escape, because it writes values back into the text that it reads.
    assert Substitutor(look_up).replace("${tail}${a}") == "x$A"


@given(st.lists(st.sampled_from(["${", "}", "$", "a", "b", "nope", ":-", "env:", " ", "ref", "esc"])).map("".join))
def test_any_text_gives_a_text_or_a_cycle(text: str) -> None:
    # Only a default can name itself here: none of the properties does.
    if ":-" in text:
        with suppress(CycleError):
            Substitutor(look_up).replace(text)
    else:
        assert isinstance(Substitutor(look_up).replace(text), str)
