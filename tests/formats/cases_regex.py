"""(pattern, input) pairs, classes and replacements for java.util.regex; part of the tables in cases.py."""

# ruff: noqa: E501

_LINES = "ab\ncd\r\nef\rgh\x85ij\u2028kl\u2029"
_MIXED = "aB9_ é\u00c9ß\u0131İKk\u212a\u00b2\t\x0b\x85\u2028\n"

# pattern -> inputs
_MATCHES: list[tuple[str, list[str]]] = [
    *((p, ["", "a", "ab", "abc", "aab", "ba", "b"]) for p in (
        "a", "a|b", "a|", "|a", "", "ab*", "(a)(b)?", "(a|ab)(c|bcd)?", "a?", "a*", "a+?", "a*+b", "a++", "a?+a", "(?>a*)b", "(?>a|ab)c", "a{2}", "a{1,2}", "a{1,}", "a{0}", "a{0,0}b",
        "a{1,2}+a", "a{1,2}?", "(?:a|b)+", "(a)*", "(a|b)*", "(a*)*", "(a*)+", "(a|b*)*", "((a)|b)+", "(a)|(b)", "(?=a)b", "(?=a)a", "(?!a).", "(?<=a)b", "(?<!a)b", "(?<=a|b)c", "(?<!a|bb)c",
        "(?<=^|a)b", "^", "$", "^$", "^a", "a$", "a\\z", "\\Aa", "a\\Z", "\\b", "\\B", "\\ba\\b", "^*", "$+", "(^)*a", "(?=a)*a", "(?<x>a)\\k<x>", "(a)\\1", "(a)\\1?", "\\1(a)", "(a)\\2", "(a)\\11", "(a)\\10",
        "(a)(b)\\2", "(?:a(?:b(c)?)?)", ".", "..", ".*", ".+?", "(.)(.)", "(?<first>a)(?<second>b)?", "((((((((((a))))))))))\\10", "((((((((((a))))))))))\\11", "(a\\1)", "(?:a{2}){3}", "(a+)+b", "x*", "(x)?a", "(?:(x)|a)+",
        "{2}", "a{2}{3}", "[a]{2}", "(?i)A", "(?i:A)b", "a(?i)B", "a(?i)B|C", "(a(?i)B)C", "(?i)a(?-i)B", "(?i)(?-i:A)B", "(?i-s)A", "(?m-i)^a", "(?i)(a)\\1", "(?i)[A-C]+", "(?i)[^A]", "(?)a", "(?-)a", "(?:)a", "(?ims)A", "(?d)a$",
    )),
    *((p, ["foo.bar", "a[b]c", "a]b", "a}b{c", "-", "^", "a&b", "a&&b", "\\", "a\\b", "$1", "(x)", "x y", "#"]) for p in (
        "\\.", "\\[", "]", "}", "\\{", "[.]", "[]]", "[]a]", "[^]]", "[[]b]", "[\\[\\]]", "[a\\]b]", "[-a]", "[a-]", "[a\\-b]", "[\\-]", "[a^]", "[\\^a]", "[^^]", "[&]", "[a&b]", "[a&&b]", "\\\\", "[\\\\]", "\\$", "[$]", "\\(x\\)", "[(]", "\\Q.\\E",
        "\\Qa[b\\E]", "\\Q\\E", "\\Qfoo", "[\\Q[]\\E]+", "[\\Q^-\\E]", "\\Q$1\\E", "\\Qa\\\\Eb", "a\\Q\\\\Eb", "\\E", "foo\\Q.b\\E+ar", "\\Q(x\\E\\)", "x\\ y", "\\#", "\\-", "\\&", "\\~", "\\<", "\\_", "\\ ", "(?x)x y", "(?x)x\\ y", "(?x)x[ ]y", "(?x)x # comment\n y?", "(?x) \\# ",
        "(?x)[a b]", "(?x)[#]", "(?x)x +", "(?x)x + +", "(?x) ( ? : x )", "(?x)\\Qx y\\E", "(?x:x y)y", "(?x)a[ ^b]", "#", "[#]",
    )),
    *((p, ["abcdefghij", "abc-&]xyz", "AbC", "0189", "é"]) for p in (
        "[a-z&&[^bc]]", "[a-z&&[def]]", "[a-d[m-p]]", "[a-z&&[^m-p]]", "[a-z&&def]", "[a-z&&d-f]", "[a-c[e-g]&&[b-f]]", "[[a-f]&&[c-z]]", "[[a-f]&&c-z]", "[^a-c&&b]", "[^a&&b]", "[a-c&&[b-d]&&[c]]", "[a-c&&b-d&&c]",
        "[a&&[ab]b]", "[ab&&[bc]d]", "[ab&&[bc]a]", "[a-c&&[b]d-e]", "[a&&]", "[abc&&]", "[&&a]", "[a&&&b]", "[a&&&&b]", "[a&b&&b]", "[a-z&&[^b-y]&&[^z]]", "[^[a-c]]", "[^a[b]]", "[^[^a]]", "[a[^b]]", "[^a-c[e]]", "[[a]]", "[[a][b]]", "[a-z&&^b]", "[a-z&&[^^b]]",
        "[\\w&&[^\\d]]", "[\\w&&\\D]", "[\\d\\-a]", "[\\d-z]", "[a-\\d]", "[a-\\x63]", "[\\x61-c]", "[\\u0061-\\u0063]+", "[\\141-\\0143]", "[\\0141-\\0143]", "[a-[b]]", "[a-[]", "[z-a]", "[a-a]", "[]-a]", "[--/]", "[+--]", "[!--]", "[a-c-e]", "[\\p{L}&&[^a-c]]", "[^\\W]", "[^\\w\\d]", "[\\S&&\\W]",
        "[a-c&&[a-b][b-c]]", "[a-c&&a[b]]", "[[a-c]&&b[c]]", "[a&&b[a]]", "[\\Qa-c\\E]", "[a\\&&&b]", "[\\&]", "[a-z&&\\x62]", "[a-d&&[bc]&&[^c]e]", "[ab&&[b]&c]", "[ab&&[b]&]",
    )),
    *((p, [_LINES, "a\n", "a\r\n", "a\r", "a\n\n", "\n", "", "\r\n", "a\x85", "a\u2028", "a\nb"]) for p in (
        ".", ".+", "(?s).", "(?s).+", "(?d).+", "(?ds).+", "^", "$", "(?m)^", "(?m)$", "(?dm)^", "(?dm)$", "(?d)$", "(?m)^.", "(?m).$", "\\Z", "\\z", "(?d)\\Z", "a$", "(?m)^.*$", "^.*$", "\\R", "\\R+", "\\R{2}", "a\\Z", "a\\z", "\\A.", "(?m)\\A.", "[^a]+", "\\s+", "\\v", "\\V+", "\\h", "\\H+", "\\v+$", "(?m)^$", "(?s)^.*$", "\\r?\\n", "\\r\\R", "$\\n", "(?m)$\\R^",
    )),
    *((p, [_MIXED]) for p in (
        "\\w", "\\W", "\\d", "\\D", "\\s", "\\S", "\\h", "\\v", "\\H", "\\V", "(?U)\\w", "(?U)\\d", "(?U)\\s", "(?U)\\W", "(?i)k", "(?iu)k", "(?i)é", "(?iu)é", "(?i)\u00c9", "(?iu)\u00c9", "(?iu)ß", "(?iu)i", "(?iu)\u0131", "(?iu)İ", "(?i)[a-z]", "(?iu)[a-z]", "(?iu)[^k]", "(?iu)[à-ü]", "(?iu)[k]", "(?iU)[k]",
        "(?i)\\p{Lower}", "(?i)\\p{Lu}", "(?i)\\P{Lu}", "(?i)\\p{javaUpperCase}", "(?U)\\p{Lower}", "(?U)\\p{Alpha}", "(?U)\\p{Punct}", "\\p{Lower}", "\\p{IsLowercase}", "\\p{javaLowerCase}", "\\pL", "\\PL", "\\p{L}", "\\p{IsL}", "\\p{gc=Lu}", "\\p{general_category=Lu}", "[^\\pL]", "[\\pL&&[^a]]",
        "(?i)(k)\\1", "(?iu)(k)\\1", "(?iu)(K)(k)\\1", "(?i)[^a-z]", "(?-i)a", "(?u)a", "(?U)\\bk", "\\Bk",
    )),
    *((p, ["a\x07\x1b\x0c\n\r\t", "\x01A\x00", "é€\U0001f600", "A1", "AB", "\x0b"]) for p in (
        "\\a", "\\e", "\\f", "\\n", "\\r", "\\t", "\\cA", "\\ca", "\\c@", "\\c", "\\01", "\\0101", "\\0", "\\00", "\\08", "\\0377", "\\0400", "\\x41", "\\x4", "\\xé", "\\x{41}", "\\x{1f600}", "\\x{110000}", "\\x{}", "\\x{41", "\\u0041", "\\u004", "\\u20AC", "\\ud83d\\ude00", "[\\ud83d\\ude00]", "\U0001f600", ".", "[^a]", "[\\x{1f600}-\\x{1f64f}]",
        "\\u00411", "\\x411", "\\01011", "[\\01]", "[\\v]", "[\\cA]", "\\G", "\\X", "\\N{DIGIT ONE}", "\\b{g}", "\\g", "\\i", "\\j", "\\l", "\\m", "\\o", "\\q", "\\y", "\\C", "\\E", "\\F", "\\I", "\\J", "\\K", "\\L", "\\M", "\\O", "\\P", "\\p", "\\T", "\\U", "\\Y", "[\\A]", "[\\b]", "[\\z]", "[\\1]", "[\\k]", "[\\R]",
    )),
    *((p, ["a"]) for p in (
        "(", ")", "(a", "a)", "(?", "(?a", "(?:", "(?<", "(?<a", "(?<a>", "(?<1>a)", "(?<a_b>a)", "(?<>a)", "(?<a>a)(?<a>b)", "\\k<x>", "\\k", "\\kx", "(?<=", "(?@a)", "(?#a)", "(?P<a>a)", "(?i", "(?z)", "(?i-z)", "(?i--m)", "(?-i-m)a", "[", "[a", "[^", "[^]", "[]", "[a-", "[a&&", "[[a]", "*", "+a", "?", "a**", "a+*", "a???", "a|*", "(*a)", "(?:+)", "a{", "a{,2}", "a{x}", "a{1", "a{1,", "a{1,x}", "a{2,1}", "a{99999999999}", "{", "x{a}", "\\", "a\\",
        "\\p{Nope}", "\\p{}", "\\p{L", "\\p", "\\pX", "\\p{gc=Nope}", "\\p{=L}", "\\p{Is}", "(?<=a*)b", "(?<=a+)b", "(?<=\\w)a", "(?<!\\w)a", "(?<=(a))b?", "(?c)a", "(?u)a", "(?m)a", "(?x)a", "(?U)a", "(?-U)a", "(?i)(?s)(?-i)A", "((?i)A)", "((?i)A)A", "(?i:(?-i)A)", "(?>)", "a(?=)", "(?!)",
    )),
    # From configurations and log processing.
    (r"(INFO|ERROR):(CONFIRMATION):(\w.*):(\d.*)", ["ERROR:CONFIRMATION:x y:12", "INFO:CONFIRMATION::1"]),
    (r"^([^,]+),([^,]+),([^,]+)$", ["a,b,c", "a,b", "a,b,c\n", "a,b,c,d"]),
    (r"^(?:[^,]+,){2}([^,]+)", ["a,b,c,d", "a,b"]),
    (r'^(?:"[^"]*",|[^,]+,){3}([^,]+)', ['"a,b",c,d,e', "a,b,c,d"]),
    (r'^.+\[((.+):.+:.+:.+)\]\s"(\w+)\s\S+\/(\w+)\s\S+\s(\d+)\s(\d+)', ['1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] "GET /a/b/index HTTP/1.0" 200 2326']),
    (r"(\d\d\d\d-\d\d-\d\d)", ["at 2024-01-31, 2023-12-01", "20-1-1"]),
    (r"(\.\w+)(?<=Exception)", ["java.lang.NullPointerException: x", "java.lang.Error"]),
    (r"^(?<ts>\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?)\s+(?<level>[A-Z]+)\s+\[(?<thread>[^\]]+)\]\s(?<rest>.*)$", ["2024-01-31 10:11:12,345 WARN  [main-1] a b c\n"]),
    (r"(?:\d{1,3}\.){3}\d{1,3}(?!\d)", ["10.0.0.255 x 1.2.3.4567"]),
    (r"\{.*\}  ", ["{a}  ", "{a} "]),
    (r"^.*ERROR.*", ["an ERROR here", "no error", "x\nERROR\ny"]),
    (r"\s*(\w+)\s*=\s*\"?([^\";]*)\"?;?", ['a = "b c"; d=e', "x=;"]),
    (r"[\p{Alnum}\p{Punct}&&[^,;]]+", ["ab,c;d!e f"]),
    (r"^((?!DEBUG).)*$", ["INFO x", "DEBUG x"]),
    (r"(?i)\b(error|fatal)\b", ["An Error, FATAL; errors"]),
    (r"(\w++)\s(\w*+)", ["hello world foo"]),
]  # fmt: skip

_CLASSES = [
    "\\p{Cn}", "\\p{L}", "\\p{Lu}", "\\p{Ll}", "\\p{Nd}", "\\p{Zs}", "\\p{P}", "\\p{Sc}", "\\p{Cc}", "\\p{M}", "\\p{LC}", "\\p{LD}", "\\p{L1}", "\\p{all}", "\\p{ASCII}", "\\p{Alnum}", "\\p{Alpha}", "\\p{Blank}", "\\p{Cntrl}", "\\p{Digit}", "\\p{Graph}", "\\p{Lower}", "\\p{Print}",
    "\\p{Punct}", "\\p{Space}", "\\p{Upper}", "\\p{XDigit}", "\\p{javaLowerCase}", "\\p{javaUpperCase}", "\\p{javaTitleCase}", "\\p{javaDigit}", "\\p{javaLetter}", "\\p{javaLetterOrDigit}", "\\p{javaAlphabetic}", "\\p{javaIdeographic}", "\\p{javaWhitespace}", "\\p{javaSpaceChar}",
    "\\p{javaISOControl}", "\\p{javaMirrored}", "\\p{javaJavaIdentifierStart}", "\\p{javaJavaIdentifierPart}", "\\p{javaUnicodeIdentifierStart}", "\\p{javaUnicodeIdentifierPart}", "\\p{javaIdentifierIgnorable}", "\\p{IsAlphabetic}", "\\p{IsLetter}", "\\p{IsIdeographic}", "\\p{IsLowercase}",
    "\\p{IsUppercase}", "\\p{IsTitlecase}", "\\p{IsWhite_Space}", "\\p{IsWhiteSpace}", "\\p{IsControl}", "\\p{IsPunctuation}", "\\p{IsHex_Digit}", "\\p{IsDigit}", "\\p{IsJoin_Control}", "\\p{IsNoncharacter_Code_Point}", "\\p{isalphabetic}", "\\p{IsLu}", "\\P{Lu}", "\\w", "\\W", "\\d", "\\s", "\\h", "\\v",
    "(?U)\\w", "(?U)\\d", "(?U)\\s", "(?U)\\p{Alnum}", "(?U)\\p{Graph}", "(?U)\\p{Print}", "(?U)\\p{Blank}", "(?U)\\p{Cntrl}", "(?U)\\p{XDigit}", "(?U)\\p{Upper}", "(?i)\\p{Lower}", "(?i)\\p{Lt}", "(?i)\\p{IsUppercase}", "(?i)\\P{Ll}", ".", "(?iu)[a-z]", "(?iu)[^a-z]", "(?iu)[à-þ]", "(?iu)\u03c3", "(?iu)\u00b5",
    "(?iu)s", "(?iu)\u00e5", "(?i)[X-c]", "(?iu)[X-c]", "(?i)[^X-c]", "[^\\x00-\\x7f]", "[a-z&&[^aeiou]]", "\\p{InGreek}", "\\p{IsGreek}", "\\p{script=Latin}", "\\p{block=Greek}",
]  # fmt: skip

_REPLACEMENTS = [
    ("(a)(b)?", x) for x in ("x", "$1", "$0$0", "$1$2", "$12", "$2", "$3", "$", "a$", "$a", "\\$1", "\\", "\\\\", "\\\\1", "\\n", "\\g<1>", "${x}", "${", "${}", "${1}", "$ 1", "x\\$", "\\1", "&", "\n", "é", "$1é", "$01", "$10", "${a")
] + [
    ("(?<first>a)(?<n2>b)?", x) for x in ("${first}", "[${n2}]", "${n2}${first}", "${nope}", "${fir st}", "$1${n2}x", "${first")
] + [("((((((((((a))))))))))(b)", x) for x in ("$11", "$10", "$1", "$111", "$12")] + [("", "-"), ("x*", "-"), ("b*", "<$0>"), ("$", "!"), ("(?m)^", "> "), ("\\s+", " ")]  # fmt: skip

REGEX = [
    *(["regex", pattern, text] for pattern, texts in _MATCHES for text in texts),
    *(["class", pattern] for pattern in _CLASSES),
    *(["replace", pattern, text, replacement] for pattern, replacement in _REPLACEMENTS for text in ("", "ab", "xaby ac", "aaabbb  c")),
    *(["utf8", text] for text in ("a", "\xc3\xa9", "\xc3", "\xe2\x82", "\xe2\x82\xac", "\xe2\x28\xa1", "\xf0\x9f\x98", "\xff\xfe", "\xed\xa0\x80", "\xed\xa0", "\xed\xa0a", "\xed\xb0\x80\xed", "\xed\xa0\xc3\xa9", "\xed\xa0\x80\x80", "\xe2\x82\xed\xa0\x80", "\xed\x9f\xbf", "\xed", "\xc0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "a\x80b\xbf\xc3(", "\xf0\x28\x8c\xbc", "\xe0\x80\x80", "\xf0\x90\x28\xbc")),
]  # fmt: skip
