"""The fixtures of this folder are what this machine's Java answers, and random input is read as it reads it."""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flumepy.core.errors import ConfigurationError
from flumepy.formats.java_regex import compile_java
from flumepy.formats.properties import load_properties

RECORD = Path(__file__).with_name("record.py")
PROPERTY_PIECES = [
    "a",
    "b",
    " ",
    "=",
    ":",
    "\\",
    "\\",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\f",
    "#",
    "!",
    "\\u0041",
    "\\u005c",
    "\\u000a",
    "\\n",
    "u",
    "é",
]
PATTERN_PIECES = ["a", "b", "c", ".", "\\d", "\\w", "\\s", "[a-c]", "[^a]", "[ab&&[b]]", "(a)", "(?:b|c)", "(?i)", "(?i:B)", "|", "*", "+", "?", "*?", "++", "{2}", "{1,2}", "^", "$", "(?m)", "\\b", "\\B", "\\Z", "\\R", "(?=a)", "(?!b)", "(?<=a)", "(?>ab)", "\\pL", "\\Qa.\\E", "\n"]  # fmt: skip # noqa: E501

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("javac") is None, reason="no javac on this machine"),
]


def _ask(requests: list[list[str]]) -> list[list[str]]:
    outcome = subprocess.run(
        [sys.executable, str(RECORD), "--ask"], input=json.dumps(requests), capture_output=True, text=True, check=True
    )
    return json.loads(outcome.stdout)  # type: ignore[no-any-return]


def test_recorded_answers_are_those_of_this_java() -> None:
    outcome = subprocess.run([sys.executable, str(RECORD), "--check"], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr[:5000]


def test_random_property_files_are_read_as_java_reads_them() -> None:
    source = random.Random()
    texts = ["".join(source.choices(PROPERTY_PIECES, k=source.randrange(30))) for _ in range(5000)]
    for text, answer in zip(texts, _ask([["properties", text] for text in texts]), strict=True):
        try:
            actual = ["ok", *(part for e in load_properties(text.encode("latin-1"), "f") for part in (e.key, e.value))]
        except ConfigurationError:
            actual = ["error"]
        assert actual == (answer if answer[0] == "ok" else ["error"]), text


def test_random_patterns_match_as_in_java() -> None:
    source = random.Random()
    inputs = ["abcab c\naB1", "aab\r\nb", "", "ccc a.", "b\n"]
    cases = [
        ("".join(source.choices(PATTERN_PIECES, k=source.randrange(1, 7))), source.choice(inputs)) for _ in range(5000)
    ]
    agreed = 0
    for (pattern, text), answer in zip(cases, _ask([["regex", *case] for case in cases]), strict=True):
        try:
            compiled = compile_java(pattern)
        except ConfigurationError:
            assert answer[0] == "error", pattern
            continue
        assert answer[0] == "ok", pattern
        first = compiled.search(text)
        # Only the first match: after an empty one the two engines go on differently (java_regex_parser).
        actual = [
            str(compiled.fullmatch(text) is not None).lower(),
            *([f"{first.start()},{first.end()}"] if first else []),
        ]
        assert actual == [answer[1], *(spans.split(" ")[0] for spans in answer[2:3])], (pattern, text)
        agreed += 1
    assert agreed > 1000
