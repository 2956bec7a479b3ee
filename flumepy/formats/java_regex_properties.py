r"""The names inside \p{...} of java.util.regex and the sets they stand for. Source: CharPredicates.java, Java 17."""

from collections.abc import Callable

from flumepy.formats.java_regex_sets import (
    EVERYTHING,
    Ranges,
    alphabetic,
    category,
    ideographic,
    intersect,
    lower_case,
    merge,
    mirrored,
    negate,
    of,
    upper_case,
)

_WHITE_SPACE = of("\t-\r\x85 \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000")
_CATEGORIES = frozenset(
    f"{group}{kind}"
    for group, kinds in {
        "C": "ncfos",
        "L": "ultmo",
        "M": "nec",
        "N": "dlo",
        "Z": "slp",
        "P": "dsecoif",
        "S": "mcko",
    }.items()
    for kind in ["", *kinds]
)
_CASED = frozenset((
    "Lu", "Ll", "Lt", "Lower", "Upper", "javaLowerCase", "javaUpperCase", "javaTitleCase",
    "LOWERCASE", "UPPERCASE", "TITLECASE",
))  # fmt: skip


def _ignorable() -> Ranges:
    return merge(of("\0-\x08\x0e-\x1b\x7f-\x9f"), category("Cf"))


def _identifier_start() -> Ranges:
    return merge(category("L", "Nl", "Pc", "Sc"))


def _identifier_part() -> Ranges:
    return merge(_identifier_start(), category("Nd", "Mn", "Mc"), _ignorable())


def _unicode_start() -> Ranges:
    return merge(category("L", "Nl"), of("\u1885\u1886\u2118\u212e\u309b\u309c"))


def _unicode_part() -> Ranges:
    others = of("\xb7\u0387\u1369-\u1371\u19da")
    return merge(_unicode_start(), category("Pc", "Nd", "Mn", "Mc"), _ignorable(), others)


def _graph() -> Ranges:
    return negate(merge(category("Zs", "Zl", "Zp", "Cc", "Cs", "Cn")))


def _java_whitespace() -> Ranges:
    return merge(intersect(category("Z"), negate(of("\xa0\u2007\u202f"))), of("\t-\r\x1c-\x1f"))


def unicode_word() -> Ranges:
    r"""Return \w under (?U)."""
    return merge(alphabetic(), category("M", "Nd", "Pc"), of("\u200c\u200d"))


# Under (?i) all of these mean "of any case".
def _any_case_category() -> Ranges:
    return category("Lu", "Ll", "Lt")


def _any_case() -> Ranges:
    return merge(lower_case(), upper_case(), category("Lt"))


_NAMED: dict[str, Callable[[], Ranges]] = {
    "LC": _any_case_category,
    "LD": lambda: category("L", "Nd"),
    "L1": lambda: of("\0-\xff"),
    "all": lambda: EVERYTHING,
    "ASCII": lambda: of("\0-\x7f"),
    "Alnum": lambda: of("0-9A-Za-z"),
    "Alpha": lambda: of("A-Za-z"),
    "Blank": lambda: of(" \t"),
    "Cntrl": lambda: of("\0-\x1f\x7f"),
    "Digit": lambda: of("0-9"),
    "Graph": lambda: of("!-~"),
    "Lower": lambda: of("a-z"),
    "Print": lambda: of(" -~"),
    "Punct": lambda: merge(of("!-/"), of(":-@"), of("[-`"), of("{-~")),
    "Space": lambda: of(" \t-\r"),
    "Upper": lambda: of("A-Z"),
    "XDigit": lambda: of("0-9a-fA-F"),
    "javaLowerCase": lower_case,
    "javaUpperCase": upper_case,
    "javaTitleCase": lambda: category("Lt"),
    "javaAlphabetic": alphabetic,
    "javaIdeographic": ideographic,
    "javaDigit": lambda: category("Nd"),
    "javaDefined": lambda: negate(category("Cn")),
    "javaLetter": lambda: category("L"),
    "javaLetterOrDigit": lambda: category("L", "Nd"),
    "javaJavaIdentifierStart": _identifier_start,
    "javaJavaIdentifierPart": _identifier_part,
    "javaUnicodeIdentifierStart": _unicode_start,
    "javaUnicodeIdentifierPart": _unicode_part,
    "javaIdentifierIgnorable": _ignorable,
    "javaSpaceChar": lambda: category("Z"),
    "javaWhitespace": _java_whitespace,
    "javaISOControl": lambda: of("\0-\x1f\x7f-\x9f"),
    "javaMirrored": mirrored,
}
# After "Is", in any case; with (?U) the POSIX names mean these, too.
_UNICODE: dict[str, Callable[[], Ranges]] = {
    "ALPHABETIC": alphabetic,
    "LETTER": lambda: category("L"),
    "IDEOGRAPHIC": ideographic,
    "LOWERCASE": lower_case,
    "UPPERCASE": upper_case,
    "TITLECASE": lambda: category("Lt"),
    "WHITE_SPACE": lambda: _WHITE_SPACE,
    "CONTROL": lambda: category("Cc"),
    "PUNCTUATION": lambda: category("P"),
    "HEX_DIGIT": lambda: merge(category("Nd"), of("0-9a-fA-F"), of("\uff10-\uff19\uff21-\uff26\uff41-\uff46")),
    "ASSIGNED": lambda: negate(category("Cn")),
    "NONCHARACTER_CODE_POINT": lambda: merge(
        of("\ufdd0-\ufdef"), tuple((plane + 0xFFFE, plane + 0xFFFF) for plane in range(0, 0x110000, 0x10000))
    ),
    "DIGIT": lambda: category("Nd"),
    "ALNUM": lambda: merge(alphabetic(), category("Nd")),
    "BLANK": lambda: merge(category("Zs"), of("\t")),
    "GRAPH": _graph,
    "PRINT": lambda: intersect(merge(_graph(), category("Zs")), negate(category("Cc"))),
    "WORD": unicode_word,
    "JOIN_CONTROL": lambda: of("\u200c\u200d"),
}
_UNICODE |= {name.replace("_", ""): make for name, make in _UNICODE.items()}
_POSIX = {
    "ALPHA": "ALPHABETIC",
    "LOWER": "LOWERCASE",
    "UPPER": "UPPERCASE",
    "SPACE": "WHITE_SPACE",
    "PUNCT": "PUNCTUATION",
    "XDIGIT": "HEX_DIGIT",
    "ALNUM": "ALNUM",
    "CNTRL": "CONTROL",
    "DIGIT": "DIGIT",
    "BLANK": "BLANK",
    "GRAPH": "GRAPH",
    "PRINT": "PRINT",
}


def property_set(name: str, *, ignore_case: bool, unicode_class: bool) -> Ranges | None:
    r"""Return the set for the name in \p{name}, or None for a name that is unknown or (block, script) not supported."""
    key, equals, value = name.partition("=")
    if equals:
        known = key.lower() in ("gc", "general_category") and value in _CATEGORIES | {"LC"}
        return _plain(value, ignore_case) if known else None
    if name.startswith("Is"):
        return _unicode(name[2:].upper(), ignore_case) or _plain(name[2:], ignore_case)
    if unicode_class and name.upper() in _POSIX:
        return _unicode(_POSIX[name.upper()], ignore_case)
    return _plain(name, ignore_case)


def _unicode(name: str, ignore_case: bool) -> Ranges | None:
    if ignore_case and name in _CASED:
        return _any_case()
    return _UNICODE[name]() if name in _UNICODE else None


def _plain(name: str, ignore_case: bool) -> Ranges | None:
    if ignore_case and name in _CASED:
        if name in ("Lower", "Upper"):
            return of("a-zA-Z")
        return _any_case_category() if name in _CATEGORIES else _any_case()
    if name in _CATEGORIES:
        return category(name)
    return _NAMED[name]() if name in _NAMED else None
