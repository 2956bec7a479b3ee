"""Keeps or drops events by a pattern searched in their bodies: the indexes of the hits, then one cut for all columns.

A text of lines whose headers are shared stays one where the pattern needs a literal that is rare: only the hits are cut out.
"""

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context, Interceptor
from flumepy.core.errors import naming_key
from flumepy.core.line_text import LineText
from flumepy.core.options import Options, opt
from flumepy.formats.java_regex import compile_for_bodies


class RegexFilterOptions(Options):
    """Properties of the regex_filter interceptor."""

    regex: str = opt("regex", ".*", doc="Java pattern, searched in the body.")
    exclude_events: bool = opt("excludeEvents", False, doc="Drop what matches instead of what does not.")


class RegexFilterInterceptor(Interceptor[RegexFilterOptions]):
    """Filters by body. Source: RegexFilteringInterceptor."""

    Options = RegexFilterOptions

    def __init__(self, context: Context, options: RegexFilterOptions) -> None:
        super().__init__(context, options)
        with naming_key("regex"):
            self._pattern = compile_for_bodies(options.regex)

    def intercept(self, batch: EventBatch) -> EventBatch:
        """Return the events to keep."""
        if batch.text is not None and list not in map(type, batch.headers.values()):
            places = self._pattern.hit_lines(batch.text)
            if places is not None:
                return self._filtered(batch, batch.text, places)
        hits = self._pattern.hits(batch)
        kept = len(batch) - len(hits) if self.options.exclude_events else len(hits)
        if kept == len(batch):
            return batch
        if not kept:
            return EventBatch([])
        return batch.without(hits) if self.options.exclude_events else batch.take(hits)

    def _filtered(self, batch: EventBatch, text: LineText, places: list[tuple[int, int]]) -> EventBatch:
        kept = text.without(places) if self.options.exclude_events else text.pick(places)
        if kept.count == text.count:
            return batch
        return EventBatch.from_text(kept, batch.headers) if kept.count else EventBatch([])
