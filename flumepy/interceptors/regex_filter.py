"""Keeps or drops events by a pattern searched in their bodies: one pass over the bodies, then one mask for all columns."""

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context, Interceptor
from flumepy.core.errors import naming_key
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
        found = self._pattern.found_in(batch.bodies)
        dropped = found.count(self.options.exclude_events)
        if not dropped:
            return batch
        if dropped == len(found):
            return EventBatch([])
        return batch.filter([not hit for hit in found] if self.options.exclude_events else found)
