"""Replaces every match of a pattern in the body.

Flume decodes and encodes each body even where nothing matches, so malformed bytes become U+FFFD; so they do here. Bodies
that are ASCII are changed as bytes.
"""

import re
from collections.abc import Callable

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context, Interceptor
from flumepy.core.errors import naming_key
from flumepy.core.options import Options, opt
from flumepy.formats.body_text import is_plain
from flumepy.formats.java_regex import compile_java, compile_plain, translate_replacement
from flumepy.formats.java_text import decode_utf8, java_charset


class SearchReplaceOptions(Options):
    """Properties of the search_replace interceptor."""

    search_pattern: str = opt("searchPattern", doc="Java pattern to search.")
    replace_string: str = opt("replaceString", "", doc="Java replacement: $1, ${name}, \\$ for a dollar.")
    charset: str = opt("charset", "UTF-8", doc="Charset of the bodies.")


class SearchReplaceInterceptor(Interceptor[SearchReplaceOptions]):
    """Replace-all on bodies. Source: SearchAndReplaceInterceptor."""

    Options = SearchReplaceOptions

    def __init__(self, context: Context, options: SearchReplaceOptions) -> None:
        super().__init__(context, options)
        with naming_key("searchPattern"):
            self._pattern = compile_java(options.search_pattern)
            plain = re.compile(compile_plain(options.search_pattern).pattern.encode("ascii"))
        with naming_key("replaceString"):
            self._replacement = translate_replacement(options.replace_string, self._pattern)
        with naming_key("charset"):
            self._charset = java_charset(options.charset)
        self._plain_template = self._replacement.encode(self._charset, "replace")
        self._plain_pattern = plain if keeps_ascii(self._charset) else None

    def intercept(self, batch: EventBatch) -> EventBatch:
        """Return the batch with every match replaced."""
        charset, template = self._charset, self._replacement
        if self._plain_pattern is not None and is_plain(b"".join(batch.bodies)):
            replace_bytes, plain_template = self._plain_pattern.sub, self._plain_template
            return batch.with_bodies([replace_bytes(plain_template, body) for body in batch.bodies])
        replace = self._pattern.sub
        decode: Callable[[bytes], str] = (
            decode_utf8 if charset == "utf-8" else lambda body: body.decode(charset, "replace")
        )
        return batch.with_bodies([replace(template, decode(body)).encode(charset, "replace") for body in batch.bodies])


def keeps_ascii(charset: str) -> bool:
    """Tell whether a charset writes ASCII characters as ASCII bytes."""
    characters = bytes(range(128)).decode("ascii")
    return characters.encode(charset, "replace") == characters.encode("ascii")
