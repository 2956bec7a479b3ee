"""Copies the groups of a pattern's first match in the body into headers, a column a group."""

from collections.abc import Mapping
from typing import Any, cast

from flumepy.core.batch import Column, EventBatch, shared
from flumepy.core.component import Context, Interceptor
from flumepy.core.errors import ConfigurationError, naming_key
from flumepy.core.options import Options, opt
from flumepy.core.parts import RegexSerializer
from flumepy.formats.body_text import decode_bodies
from flumepy.formats.java_regex import compile_java, compile_plain


class RegexExtractorOptions(Options):
    """Properties of the regex_extractor interceptor."""

    regex: str = opt("regex", doc="Java pattern, searched in the body.")
    serializers: str = opt("serializers", doc="Names, separated by white space; the n-th handles the n-th group.")
    serializer_settings: dict[str, str] = opt(
        "serializers.", {}, doc="`<name>.type`: DEFAULT or a class; `<name>.name`: the header; others: its properties."
    )


class RegexExtractorInterceptor(Interceptor[RegexExtractorOptions]):
    """Extracts headers. An event without a match stays as it is. Source: RegexExtractorInterceptor."""

    Options = RegexExtractorOptions

    def __init__(self, context: Context, options: RegexExtractorOptions) -> None:
        super().__init__(context, options)
        with naming_key("regex"):
            pattern = compile_java(options.regex)
        self._search = pattern.search
        self._search_plain = compile_plain(options.regex).search
        serializers = [self._serializer(name) for name in options.serializers.split()]
        # Groups without a serializer and serializers without a group are of no use, and no error.
        self._serializers = list(enumerate(serializers[: pattern.groups]))

    def _serializer(self, name: str) -> tuple[str, RegexSerializer[Any]]:
        below = f"{name}."
        settings: Mapping[str, str] = {
            key.removeprefix(below): text
            for key, text in self.options.serializer_settings.items()
            if key.startswith(below)
        }
        header = settings.get("name")
        if not header:
            raise ConfigurationError("Supplied name cannot be empty.", key=f"serializers.{name}.name")
        own = {key: text for key, text in settings.items() if key not in ("name", "type")}
        serializer = self.context.build(
            "regex_serializer", settings.get("type", "DEFAULT"), own, key=f"serializers.{name}"
        )
        return header, cast(RegexSerializer[Any], serializer)

    def intercept(self, batch: EventBatch) -> EventBatch:
        """Return the batch with a header for each group. Raises InputError where a serializer cannot use its text."""
        texts, is_plain = decode_bodies(batch.bodies)
        matches = list(map(self._search_plain if is_plain else self._search, texts))
        found = [match.groups() for match in matches if match is not None]
        if not found or not self._serializers:
            return batch
        is_complete = len(found) == len(matches)
        columns = list(zip(*found, strict=True))
        for group, (header, serializer) in self._serializers:
            column: Column = shared(serializer.serialize_column(columns[group]))
            if not is_complete:
                column = spread(column, matches)
            batch = batch.with_header(header, column)
        return batch


def spread(column: Column, matches: list[Any]) -> list[str | None]:
    """Return the entries of the events that matched, and None for the others."""
    if isinstance(column, str):
        return [None if match is None else column for match in matches]
    entries = iter(column)
    return [None if match is None else next(entries) for match in matches]
