"""The tables whose answers come from the real Java: a request is an operation of JavaPeer.java and its arguments."""

# ruff: noqa: E501

import random

from cases_dates import JODA, SDF
from cases_regex import REGEX

PROPERTIES = [
    "", "\n", "a=b", "a = b", "a:b", "a b", "a\tb", "a\fb", "a : = b", "a = : b", "a   ", "a", "=b", " =b", ":b", "a=", "a==b", "a=b=c",
    "a=b\r\nc=d", "a=b\rc=d", "a=b\n\n\r\nc=d", "# x\na=b", "! x\na=b", "  # x\na=b", "a=b # not a comment", "#x\\\na=b", "#: k=v\na=b",
    "#:\na=b", "#:=\na=b", "a=b\\\nc", "a=b\\\n   c", "a=b\\\r\n\tc", "a=b\\\r  c", "a=b\\\\\nc=d", "a=b\\\\\\\nc=d", "a=b\\\n\nc=d", "a=b\\\n  \nc=d",
    "a=b\\\n#c\nd=e", "a=b\\", "a=b\\\n", "\\", "\\\n", "\\\r", "\\\r\n", "\\\n\n", "\\\n\\", "\\\n\\\n", "\\\r\n\\\r\n", "\\\n#c\na=b", "\\\n  a=b",
    "a\\ b=c", "a\\=b=c", "a\\:b:c", "a\\\\=b", "a\\\\ b", "a\\nb=c\\nd\\te\\rf\\fg", "a=C:\\temp\\new", "a=\\q\\\"\\'\\ \\#\\!", "a=\\u0041", "a=\\u00e9\\u20AC",
    "a=\\ud83d\\ude00", "a=\\ud83dx", "a=\\ude00", "a=\\u004", "a=\\u", "a=\\uzzzz", "a=\\u+041", "a=\\u 041", "a=\\u1_00", "a=\\\\u0041", "a=\\\\\\u0041",
    "\\u0061=b", "a\\u0020b=c", "a\\u003db=c", "a\\u003ab=c", "a=\\u0020b", "a=b\\u0020", "a=\\u000ab\\u000d", "a=\\u005cn", "a\\u005c=b", "\\u0023a=b", "\\u0021a=b",
    "a=\\u005cu0041", "\\#a=b", "\\!a=b", "\\ a=b", "a=\\ b", "a=  b  ", "a=b\\ ", "a\\\nb=c", "a\\\n =c", "a \\\n=c", "a=\\\nb", "a=b\\\n\\\nc", "a=\x00b",
    "a=\x85b", "a\x85b=c", "a\xa0b=c", "a=\x0bb", "\x0ba=b", "a\x0b=b", "a=b\na=c", "a=\\u000", "a=b\\\n\\\n\\\n", "a=b\\\n# x\\\nc", "  \\\n  a=b", "  \\\n",
    "a.b.c=1\n\n! x\n#y\na.b.d=2", "k\\", "k\\\n", "k \\", "=", ":", "= =", "\\=", "\\:=b", "\f a=b", "a=b\f", "a=\\u0009x", "a\\u0009b c", "a=\\\\", "a=\\\\\\", "a\\",
]  # fmt: skip


def _random_properties() -> list[str]:
    source = random.Random(7)
    pieces = [
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
        "u",
        "n",
        "x",
        "\\n",
        "é",
    ]
    return ["".join(source.choices(pieces, k=source.randrange(1, 25))) for _ in range(400)]


TEXT = [
    *(["double", x] for x in ("0", "-0.0", "1", "100", "33.33333333333333", "66.66666666666667", "1e7", "9999999.999", "1e-3", "0.00099", "1.7976931348623157e308",
      "12345678.9", "1e21", "123456789012", "-1e10", "0.1", "1.5e-10", "NaN", "1e999", "-1e999", "1e16", "0.001234")),
    *([kind, x] for kind in ("int", "long") for x in ("0", "12", " 12 ", "+5", "-7", "--1", "", " ", "1.0", "1e3", "0x10", "1_000", "2147483647", "2147483648",
      "-2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "007", "12a", "\t3\n", "+", "\u0663", "\u00a05")),
    *(["map", *x] for x in ([], ["a", "b"], ["b", "1", "a", "2"], ["timestamp", "1", "host", "h", "file", "f", "Severity", "3", "Facility", "1", "priority", "9"],
      ["", "x", "k", ""], ["Aa", "1", "BB", "2"], ["BB", "1", "Aa", "2"], ["é", "1", "\U0001f600", "2", "a", "3"],
      [v for i in range(12) for v in (f"key{i}", str(i))], [v for i in range(13) for v in (f"key{i}", str(i))], [v for i in range(100) for v in (f"header.{i}", "x")])),
    *(["charset", x] for x in ("UTF-8", "utf8", "UTF8", "ISO-8859-1", "latin1", "ISO8859_1", "8859_1", "US-ASCII", "ASCII", "windows-1252", "Cp1252", "UTF-16", "UTF-16LE",
      "UTF-16BE", "UTF-32", "Shift_JIS", "SJIS", "EUC-JP", "GBK", "GB18030", "GB2312", "Big5", "KOI8-R", "IBM850", "Cp850", "ISO-8859-15", "windows-31j", "EUC-KR", "x-MacRoman",
      "nope", "utf-7", "base64", "hex", "rot13", "", "ut f", "idna", "TIS-620", "windows-1251", "ISO-2022-JP", "macroman", "unicode-escape")),
]  # fmt: skip

TABLES: dict[str, list[list[str]]] = {
    "properties": [["properties", text] for text in [*PROPERTIES, *_random_properties()]],
    "text": TEXT,
    "regex": REGEX,
    "sdf": SDF,
    "joda": JODA,
}
