"""Sets several fixed headers from `key:value` pairs.

Flume itself has no such interceptor; files in the wild name it by this alias. Its meaning here is the one its author gave
it: pairs are separated by white space, a pair is cut at the first separator, a pair without one or without a key is
skipped with a warning, and of two pairs with one key the last wins.
"""

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context, Interceptor
from flumepy.core.options import Options, opt
from flumepy.core.problems import Problem, Severity


class MultiStaticOptions(Options):
    """Properties of the multi_static interceptor."""

    key_values: str = opt("keyValues", "", doc="Headers as `key:value` pairs, separated by white space.")
    separator: str = opt("seperator", ":", doc="What separates a key from its value (the name is spelled so).")
    preserve_existing: bool = opt("preserveExisting", True, doc="Leave the headers of events that have them.")


class MultiStaticInterceptor(Interceptor[MultiStaticOptions]):
    """Adds constant headers. Source: org.n3r.flume.interceptor.MultiStaticInterceptor."""

    Options = MultiStaticOptions

    def __init__(self, context: Context, options: MultiStaticOptions) -> None:
        super().__init__(context, options)
        self.headers: dict[str, str] = {}
        for pair in options.key_values.split():
            key, separator, value = pair.partition(options.separator)
            if key and separator:
                self.headers[key] = value
            else:
                message = f"{pair!r} is no key{options.separator}value pair and is left out"
                context.report(Problem(Severity.WARNING, message, key="keyValues"))

    def intercept(self, batch: EventBatch) -> EventBatch:
        """Return the batch with all the headers set."""
        for key, value in self.headers.items():
            batch = batch.with_header(key, value, preserve=self.options.preserve_existing)
        return batch
