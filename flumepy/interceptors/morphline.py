"""Morphline interceptor: runs events through a morphline. Source: MorphlineInterceptor (flume-ng-morphline-solr-sink).

Flume compiles the file while configuring, so a file that is missing or no HOCON costs the source. What is checked here: the
file can be read, its brackets and quotes are closed, it has a list `morphlines`, and that list has the id that is asked for.
"""

import re
from pathlib import Path

from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError
from flumepy.core.later import LaterInterceptor
from flumepy.core.options import Options, opt

TOKEN = re.compile(r'"""(?:.*?)"{3,}|"(?:[^"\\\n]|\\.)*"|(?:\#|//)[^\n]*|[{}\[\]"]', re.DOTALL)
MORPHLINES = re.compile(r"""(?:^|[{,\n])\s*"?morphlines"?\s*[:=+]""")
CLOSING = {"{": "}", "[": "]"}


class MorphlineOptions(Options):
    """Properties of the morphline interceptor."""

    file: str | None = opt("morphlineFile", None, doc="File with the morphlines. Needed.")
    id: str | None = opt("morphlineId", None, doc="Which morphline of the file; the first when not given.")
    variables: dict[str, str] = opt("morphlineVariable.", {}, doc="Values that override those of the morphline.")
    is_production_mode: bool = opt("isProductionMode", False, doc="Skip events that fail and go on.")
    is_ignoring_recoverable_exceptions: bool = opt(
        "isIgnoringRecoverableExceptions", False, doc="Skip events in production mode even for those worth another try."
    )
    recoverable_exception_classes: str | None = opt(
        "recoverableExceptionClasses", None, doc="Comma-separated exceptions that are worth another try."
    )


class MorphlineInterceptor(LaterInterceptor[MorphlineOptions]):
    """Runs events through a morphline."""

    Options = MorphlineOptions
    type_name = "morphline"

    def __init__(self, context: Context, options: MorphlineOptions) -> None:
        super().__init__(context, options)
        if options.file is None:
            raise ConfigurationError("Missing parameter: morphlineFile", key="morphlineFile")
        try:
            text = Path(options.file).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise _parse_error(options.file, error.strerror or str(error)) from error
        check_morphlines(options.file, text, options.id)


def check_morphlines(file: str, text: str, morphline_id: str | None) -> None:
    """Raise ConfigurationError unless the text looks like a file of morphlines that has the id."""
    bare = _without_comments(file, text)
    if not MORPHLINES.search(bare):
        raise _parse_error(file, "it has no list 'morphlines'")
    pattern = rf"""\bid"?\s*[:=]\s*"?{re.escape(morphline_id or "")}\b"""
    if morphline_id is not None and not re.search(pattern, bare):
        raise ConfigurationError(
            f"Morphline id '{morphline_id}' not found in morphline file: {file}", key="morphlineId"
        )


def _without_comments(file: str, text: str) -> str:
    """Return the text without its comments. Raises ConfigurationError where a bracket or a quote is left open."""
    open_brackets: list[str] = []

    def visit(match: re.Match[str]) -> str:
        mark = match[0]
        line = text.count("\n", 0, match.start()) + 1
        if mark in CLOSING:
            open_brackets.append(CLOSING[mark])
        elif mark in CLOSING.values() and (not open_brackets or open_brackets.pop() != mark):
            raise _parse_error(file, f"line {line}: {mark!r} closes nothing")
        elif mark == '"':
            raise _parse_error(file, f"line {line}: a quote is left open")
        return "" if mark.startswith(("#", "//")) else mark

    bare = TOKEN.sub(visit, text)
    if open_brackets:
        raise _parse_error(file, f"{open_brackets[-1]!r} is missing at the end")
    return bare


def _parse_error(file: str, reason: str) -> ConfigurationError:
    return ConfigurationError(f"Cannot parse morphline file: {file} ({reason})", key="morphlineFile")
