"""Sets of code points and the character classes of java.util.regex (Java 17) made of them.

A set is a sorted tuple of inclusive ranges that neither overlap nor touch, so that Java's unions, intersections and
negations of classes are exact and become one plain Python class. Unicode data is that of the running Python; the two
properties that Python does not have are kept as text. Blocks and scripts are not known here and are refused by name.
"""

import re
import sys
import unicodedata
from functools import lru_cache

Ranges = tuple[tuple[int, int], ...]

EVERYTHING: Ranges = ((0, sys.maxunicode),)
# Alphabetic without letters and letter numbers (Other_Alphabetic); ideographic. Unicode 13.
_OTHER_ALPHABETIC = """
345 5b0-5bd 5bf 5c1-5c2 5c4-5c5 5c7 610-61a 64b-657 659-65f 670 6d6-6dc 6e1-6e4 6e7-6e8 6ed 711 730-73f 7a6-7b0
816-817 81b-823 825-827 829-82c 8d4-8df 8e3-8e9 8f0-903 93a-93b 93e-94c 94e-94f 955-957 962-963 981-983 9be-9c4
9c7-9c8 9cb-9cc 9d7 9e2-9e3 a01-a03 a3e-a42 a47-a48 a4b-a4c a51 a70-a71 a75 a81-a83 abe-ac5 ac7-ac9 acb-acc ae2-ae3
afa-afc b01-b03 b3e-b44 b47-b48 b4b-b4c b56-b57 b62-b63 b82 bbe-bc2 bc6-bc8 bca-bcc bd7 c00-c03 c3e-c44 c46-c48
c4a-c4c c55-c56 c62-c63 c81-c83 cbe-cc4 cc6-cc8 cca-ccc cd5-cd6 ce2-ce3 d00-d03 d3e-d44 d46-d48 d4a-d4c d57 d62-d63
d81-d83 dcf-dd4 dd6 dd8-ddf df2-df3 e31 e34-e3a e4d eb1 eb4-eb9 ebb-ebc ecd f71-f81 f8d-f97 f99-fbc 102b-1036 1038
103b-103e 1056-1059 105e-1060 1062-1064 1067-106d 1071-1074 1082-108d 108f 109a-109d 1712-1713 1732-1733 1752-1753
1772-1773 17b6-17c8 1885-1886 18a9 1920-192b 1930-1938 1a17-1a1b 1a55-1a5e 1a61-1a74 1abf-1ac0 1b00-1b04 1b35-1b43
1b80-1b82 1ba1-1ba9 1bac-1bad 1be7-1bf1 1c24-1c36 1de7-1df4 24b6-24e9 2de0-2dff a674-a67b a69e-a69f a802 a80b
a823-a827 a880-a881 a8b4-a8c3 a8c5 a8ff a926-a92a a947-a952 a980-a983 a9b4-a9bf a9e5 aa29-aa36 aa43 aa4c-aa4d
aa7b-aa7d aab0 aab2-aab4 aab7-aab8 aabe aaeb-aaef aaf5 abe3-abea fb1e 10376-1037a 10a01-10a03 10a05-10a06 10a0c-10a0f
10d24-10d27 10eab-10eac 11000-11002 11038-11045 11082 110b0-110b8 11100-11102 11127-11132 11145-11146 11180-11182
111b3-111bf 111ce-111cf 1122c-11234 11237 1123e 112df-112e8 11300-11303 1133e-11344 11347-11348 1134b-1134c 11357
11362-11363 11435-11441 11443-11445 114b0-114c1 115af-115b5 115b8-115be 115dc-115dd 11630-1163e 11640 116ab-116b5
1171d-1172a 1182c-11838 11930-11935 11937-11938 1193b-1193c 11940 11942 119d1-119d7 119da-119df 119e4 11a01-11a0a
11a35-11a39 11a3b-11a3e 11a51-11a5b 11a8a-11a97 11c2f-11c36 11c38-11c3e 11c92-11ca7 11ca9-11cb6 11d31-11d36 11d3a
11d3c-11d3d 11d3f-11d41 11d43 11d47 11d8a-11d8e 11d90-11d91 11d93-11d96 11ef3-11ef6 16f4f 16f51-16f87 16f8f-16f92
16ff0-16ff1 1bc9e 1e000-1e006 1e008-1e018 1e01b-1e021 1e023-1e024 1e026-1e02a 1e947 1f130-1f149 1f150-1f169
1f170-1f189
"""
_IDEOGRAPHIC = """
3006-3007 3021-3029 3038-303a 3400-4dbf 4e00-9ffc f900-fa6d fa70-fad9 16fe4 17000-187f7 18800-18cd5 18d00-18d08
1b170-1b2fb 20000-2a6dd 2a700-2b734 2b740-2b81d 2b820-2cea1 2ceb0-2ebe0 2f800-2fa1d 30000-3134a
"""


def merge(*sets: Ranges) -> Ranges:
    """Return the union."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(pair for ranges in sets for pair in ranges):
        if merged and low <= merged[-1][1] + 1:
            if high > merged[-1][1]:
                merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return tuple(merged)


def negate(ranges: Ranges) -> Ranges:
    """Return all code points that are not in the set."""
    gaps = []
    start = 0
    for low, high in ranges:
        if low > start:
            gaps.append((start, low - 1))
        start = high + 1
    if start <= sys.maxunicode:
        gaps.append((start, sys.maxunicode))
    return tuple(gaps)


def intersect(left: Ranges, right: Ranges) -> Ranges:
    """Return what is in both sets."""
    return negate(merge(negate(left), negate(right)))


def of(text: str) -> Ranges:
    """Return the set that "a-z0-9_" spells: single characters and ranges, nothing escaped."""
    pairs = []
    i = 0
    while i < len(text):
        last = text[i + 2] if text[i + 1 : i + 2] == "-" and i + 2 < len(text) else text[i]
        pairs.append((ord(text[i]), ord(last)))
        i += 3 if last != text[i] else 1
    return merge(tuple(pairs))


def emit(ranges: Ranges) -> str:
    """Return a Python regular expression that matches one character of the set."""
    if not ranges:
        return "(?!)"
    if ranges == EVERYTHING:
        return r"[\s\S]"
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return literal(chr(ranges[0][0]))
    negative = ranges[-1][1] == sys.maxunicode
    inner = "".join(_range_text(low, high) for low, high in (negate(ranges) if negative else ranges))
    return f"[{'^' if negative else ''}{inner}]"


def literal(character: str) -> str:
    """Return the character, escaped where it would be syntax; the result is ASCII and printable."""
    code = ord(character)
    if 32 < code < 127:
        return re.escape(character)
    if code < 256:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _range_text(low: int, high: int) -> str:
    first, last = _inside(low), _inside(high)
    return first if low == high else first + last if high == low + 1 else f"{first}-{last}"


def _inside(code: int) -> str:
    character = chr(code)
    # re warns about "[", "--", "&&", "~~" and "||" in a class, so every sign is escaped.
    return character if character.isascii() and character.isalnum() else literal(character) if code != 32 else "\\x20"


@lru_cache(maxsize=1)
def _categories() -> dict[str, Ranges]:
    found: dict[str, list[tuple[int, int]]] = {}
    start, previous = 0, unicodedata.category("\0")
    for code in range(1, sys.maxunicode + 2):
        current = unicodedata.category(chr(code)) if code <= sys.maxunicode else ""
        if current != previous:
            found.setdefault(previous, []).append((start, code - 1))
            start, previous = code, current
    return {name: tuple(ranges) for name, ranges in found.items()}


def category(*names: str) -> Ranges:
    """Return all characters of general categories given as "Lu" or "L"."""
    return merge(*(ranges for key, ranges in _categories().items() if key.startswith(names)))


@lru_cache(maxsize=1)
def lower_case() -> Ranges:
    """Return what Character.isLowerCase accepts."""
    return merge(tuple((code, code) for code in range(sys.maxunicode + 1) if chr(code).islower()))


@lru_cache(maxsize=1)
def upper_case() -> Ranges:
    """Return what Character.isUpperCase accepts."""
    return merge(tuple((code, code) for code in range(sys.maxunicode + 1) if chr(code).isupper()))


@lru_cache(maxsize=1)
def mirrored() -> Ranges:
    """Return what Character.isMirrored accepts."""
    return merge(tuple((code, code) for code in range(sys.maxunicode + 1) if unicodedata.mirrored(chr(code))))


@lru_cache(maxsize=1)
def alphabetic() -> Ranges:
    """Return what Character.isAlphabetic accepts."""
    return merge(category("L", "Nl"), _from_text(_OTHER_ALPHABETIC))


@lru_cache(maxsize=1)
def ideographic() -> Ranges:
    """Return what Character.isIdeographic accepts."""
    return _from_text(_IDEOGRAPHIC)


def _from_text(text: str) -> Ranges:
    pairs = (item.partition("-") for item in text.split())
    return tuple((int(low, 16), int(high or low, 16)) for low, _, high in pairs)


@lru_cache(maxsize=1)
def _case_folds() -> dict[int, Ranges]:
    classes: dict[int, list[tuple[int, int]]] = {}
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if character.lower() != character or character.upper() != character:
            classes.setdefault(fold(code), []).append((code, code))
    return {key: tuple(sorted(pairs)) for key, pairs in classes.items()}


def fold(code: int) -> int:
    """Return Character.toLowerCase(Character.toUpperCase(code)); only one-to-one case mappings count, as in Java."""
    if code == 0x130:  # Python's lower() of the dotted capital I has two characters
        return 0x69
    upper = chr(code).upper()
    lower = (upper if len(upper) == 1 else chr(code)).lower()
    return ord(lower) if len(lower) == 1 else code


def ignore_case(ranges: Ranges, *, unicode_case: bool) -> Ranges:
    """Return the set and the other case of its members: of ASCII letters, or of all."""
    if not unicode_case:
        lower = intersect(ranges, of("a-z"))
        upper = intersect(ranges, of("A-Z"))
        swapped = tuple((a - 32, b - 32) for a, b in lower) + tuple((a + 32, b + 32) for a, b in upper)
        return merge(ranges, swapped)
    members = [pairs for pairs in _case_folds().values() if intersect(merge(pairs), ranges)]
    return merge(ranges, *members)


WORD = of("a-zA-Z0-9_")
DIGIT = of("0-9")
SPACE = of(" \t-\r")
HORIZONTAL = of(" \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000")
VERTICAL = of("\n-\r\x85\u2028\u2029")
LINE_ENDS = of("\n\r\x85\u2028\u2029")
