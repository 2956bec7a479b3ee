"""One tree of errors. The class decides what a runner does; the message reads `where: what`; nobody matches text.

`retryable` tells a runner whether the same work may succeed later. Foreign errors are translated into this tree where the
foreign library is called (`translate`).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import TracebackType


class FlumeError(Exception):
    """Base of every error that flumepy raises on purpose."""

    retryable = True


class ConfigurationError(FlumeError):
    """A setting cannot be used; the component is dropped. `key` names the property where it is known."""

    retryable = False

    def __init__(self, message: str, *, key: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.key = key
        self.hint = hint


class UnknownTypeError(ConfigurationError):
    """No component has this type name."""


class MissingPackageError(ConfigurationError):
    """A component needs a package that is not installed."""


class UnsupportedError(FlumeError):
    """Something that is known by name but that flumepy does not do (yet); trying again does not help."""

    retryable = False


class StartError(FlumeError):
    """A component could not start (port taken, directory missing); the supervisor tries again."""


class StoppedError(FlumeError):
    """The wait ended because its component was stopped."""


class InputError(FlumeError):
    """Data from outside breaks its format or its limits; the same data will fail again."""

    retryable = False


class InterceptorError(FlumeError):
    """An interceptor or the selector failed on a batch; nothing of it was sent."""

    retryable = False


class ChannelError(FlumeError):
    """A channel refused a put or a take. `committed` is true when other required channels already hold the batch."""

    committed = False


class ChannelFullError(ChannelError):
    """No room within the keep-alive."""


class BatchTooLargeError(ChannelError):
    """More events than one transaction of the channel may carry; no wait can help."""

    retryable = False


class TransactionStateError(FlumeError):
    """A transaction was used after its end, or not from its with-block."""

    retryable = False


class DeliveryError(FlumeError):
    """A sink could not deliver; the batch goes back to the head of the channel."""


class PartialDeliveryError(DeliveryError):
    """A sink delivered only the first `done` events of a batch; the others go back."""

    def __init__(self, message: str, *, done: int) -> None:
        super().__init__(message)
        self.done = done


def call_all(*calls: Callable[[], object]) -> None:
    """Make every call, in order, whatever the others raise; raise the last error at the end."""
    with ExitStack() as stack:
        for call in reversed(calls):
            stack.callback(call)


# A class, since a generator would cost three times as much, at every batch.
class translate:
    """Raise foreign errors as ours, prefixed with `where`, on one line; ours pass unchanged.

    What only `Exception` stands for is not expected, so its type is named.

    >>> with translate({OSError: DeliveryError}, "a1.sinks.k1"):
    ...     pass
    """

    __slots__ = ("_errors", "_where")

    def __init__(self, errors: Mapping[type[BaseException], type[FlumeError]], where: str) -> None:
        self._errors = errors
        self._where = where

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, FlumeError):
            return
        for foreign, ours in self._errors.items():
            if isinstance(error, foreign):
                what = f"{type(error).__name__}: {error}" if foreign is Exception else str(error)
                raise ours(f"{self._where}: {' '.join(what.split())}") from error


@contextmanager
def naming_key(key: str) -> Iterator[None]:
    """Let a ConfigurationError from below name the property it comes from."""
    try:
        yield
    except ConfigurationError as error:
        error.key = error.key or key
        raise


@contextmanager
def at_key(key: str) -> Iterator[None]:
    """Raise ConfigurationErrors from inside with the property that they are about."""
    try:
        yield
    except ConfigurationError as error:
        raise ConfigurationError(str(error), key=key, hint=error.hint) from error
