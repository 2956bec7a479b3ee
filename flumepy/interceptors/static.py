"""Sets one fixed header; an existing one wins unless preserveExisting is false."""

from flumepy.core.batch import EventBatch
from flumepy.core.component import Interceptor
from flumepy.core.options import Options, opt


class StaticOptions(Options):
    """Properties of the static interceptor."""

    key: str = opt("key", "key", doc="Name of the header.")
    value: str = opt("value", "value", doc="Value of the header.")
    preserve_existing: bool = opt("preserveExisting", True, doc="Leave the header of events that have it.")


class StaticInterceptor(Interceptor[StaticOptions]):
    """Adds a constant header. Source: StaticInterceptor."""

    Options = StaticOptions

    def intercept(self, batch: EventBatch) -> EventBatch:
        """Return the batch with the header set."""
        return batch.with_header(self.options.key, self.options.value, preserve=self.options.preserve_existing)
