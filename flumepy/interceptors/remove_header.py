"""Removes headers by name, by list or by pattern: work per header name, never per event."""

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context, Interceptor
from flumepy.core.errors import naming_key
from flumepy.core.options import Options, opt
from flumepy.formats.java_regex import compile_java


class RemoveHeaderOptions(Options):
    """Properties of the remove_header interceptor."""

    with_name: str | None = opt("withName", None, doc="One header to remove.")
    from_list: str | None = opt("fromList", None, doc="Headers to remove.")
    from_list_separator: str = opt("fromListSeparator", r"\s*,\s*", doc="Java pattern that separates fromList.")
    matching: str | None = opt("matching", None, doc="Java pattern; headers whose whole name matches are removed.")


class RemoveHeaderInterceptor(Interceptor[RemoveHeaderOptions]):
    """Removes headers; names are case-sensitive. Source: RemoveHeaderInterceptor."""

    Options = RemoveHeaderOptions

    def __init__(self, context: Context, options: RemoveHeaderOptions) -> None:
        super().__init__(context, options)
        self._names = set() if options.with_name is None else {options.with_name}
        with naming_key("fromListSeparator"):
            separator = compile_java(options.from_list_separator)
        if options.from_list is not None:
            # Not `split`, which would add the groups of the separator.
            start = 0
            for match in separator.finditer(options.from_list):
                self._names.add(options.from_list[start : match.start()])
                start = match.end()
            self._names.add(options.from_list[start:])
        with naming_key("matching"):
            self._matches = None if options.matching is None else compile_java(options.matching).fullmatch

    def intercept(self, batch: EventBatch) -> EventBatch:
        """Return the batch without the named headers."""
        gone = [name for name in batch.headers if self._is_unwanted(name)]
        return batch.without_headers(gone) if gone else batch

    def _is_unwanted(self, name: str) -> bool:
        return name in self._names or (self._matches is not None and self._matches(name) is not None)
