"""Bases of components that are known and checked in full but cannot run yet.

Reading the options, the verdict on a configuration and `describe` work; `start` raises UnsupportedError, which the agent
answers by leaving the component stopped while the others run. A component gets its own base as soon as it can run.
"""

from typing import ClassVar

from flumepy import __version__
from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel
from flumepy.core.component import Component, Context, Interceptor, Sink, Source, Status
from flumepy.core.errors import UnsupportedError
from flumepy.core.options import OptionsT
from flumepy.core.problems import Problem, Severity
from flumepy.core.transaction import Transaction


class Later(Component[OptionsT]):
    """What the bases share: the refusal, and a short way to report a doubt."""

    #: the name a file uses for this component
    type_name: ClassVar[str]

    def __init__(self, context: Context, options: OptionsT) -> None:
        super().__init__(context, options)
        self.note(
            f"the {self.type_name} {self.kind} is checked only: flumepy {__version__} cannot run it yet", key="type"
        )

    def start(self) -> None:
        """Raise UnsupportedError."""
        raise self.refusal()

    def refusal(self) -> UnsupportedError:
        """Return the error that says so by name."""
        return UnsupportedError(
            f"{self.context.prefix or self.name}: the {self.type_name} {self.kind} is known but flumepy {__version__}"
            " cannot run it yet; remove it, or let Flume run this part"
        )

    def warn(self, message: str, *, key: str | None = None, hint: str | None = None) -> None:
        """Report what Flume only logs a warning about."""
        self.context.report(Problem(Severity.WARNING, message, key=key, hint=hint))

    def note(self, message: str, *, key: str | None = None) -> None:
        """Report what is worth knowing and costs nothing."""
        self.context.report(Problem(Severity.NOTE, message, key=key))


class LaterSource(Later[OptionsT], Source[OptionsT]):
    """A source that cannot run yet."""


class LaterSink(Later[OptionsT], Sink[OptionsT]):
    """A sink that cannot run yet."""

    def process(self) -> Status:
        """Raise UnsupportedError."""
        raise self.refusal()


class LaterChannel(Later[OptionsT], Channel[OptionsT]):
    """A channel that cannot run yet."""

    @property
    def size(self) -> int:
        """Return 0."""
        return 0

    def transaction(self) -> Transaction:
        """Raise UnsupportedError."""
        raise self.refusal()


class LaterInterceptor(Later[OptionsT], Interceptor[OptionsT]):
    """An interceptor that cannot run yet."""

    def intercept(self, batch: EventBatch) -> EventBatch:
        """Raise UnsupportedError."""
        raise self.refusal()
