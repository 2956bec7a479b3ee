"""A sink in memory: records what it delivers, fails on demand. For tests of processors and runners."""

from flumepy.core.batch import EventBatch
from flumepy.core.batch_sink import BatchSink
from flumepy.core.component import Context, Status
from flumepy.core.errors import FlumeError
from flumepy.core.options import NoOptions


class RecordingSink(BatchSink[NoOptions]):
    """Keeps the bodies it delivered in sight.

    failures: errors that the next deliveries raise, one each. start_failures: the same for starts.
    is_broken: every delivery raises `breakage`.
    """

    def __init__(self, name: str = "k1", *, batch_size: int = 100) -> None:
        super().__init__(Context(name), NoOptions())
        self.batch_size = batch_size
        self.failures: list[FlumeError] = []
        self.start_failures: list[FlumeError] = []
        self.breakage: FlumeError | None = None
        self.bodies: list[bytes] = []
        self.calls = 0  #: of `process`
        self.is_started = False
        self.is_interrupted = False
        self.answer: Status | None = None  #: what `process` returns without taking anything

    def start(self) -> None:
        """Start, or raise the next start failure."""
        if self.start_failures:
            raise self.start_failures.pop(0)
        self.is_started = True

    def stop(self) -> None:
        """Stop."""
        self.is_started = False

    def interrupt(self) -> None:
        """Note it."""
        self.is_interrupted = True

    def process(self) -> Status:
        """Count the call; answer, or take and deliver."""
        self.calls += 1
        return super().process() if self.answer is None else self.answer

    def deliver(self, batches: list[EventBatch]) -> None:
        """Keep the bodies, or raise."""
        if self.failures:
            raise self.failures.pop(0)
        if self.breakage is not None:
            raise self.breakage
        self.bodies += [body for batch in batches for body in batch.bodies]
