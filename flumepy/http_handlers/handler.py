"""The contract of HTTP handlers. Source: org.apache.flume.source.http.HTTPSourceHandler."""

from abc import abstractmethod
from collections.abc import Callable

from flumepy.core.batch import Column, EventBatch
from flumepy.core.component import Component
from flumepy.core.errors import InputError
from flumepy.core.options import OptionsT
from flumepy.formats.http_request import HttpRequest

#: lines in one text, their number, and the headers that all have; None: the body must go the long way
LikeEvents = tuple[bytes, int, dict[str, Column]]
QuickHandler = Callable[[bytes, int], LikeEvents | None]


class BadRequestError(InputError):
    """The client's fault: the answer is 400. Any other error of a handler is answered with 500."""


class HttpHandler(Component[OptionsT]):
    """Turns one request into the events of one transaction."""

    kind = "http_handler"
    #: bodies are cut here instead of refused, or None
    cut_body_at: int | None = None

    @abstractmethod
    def handle(self, request: HttpRequest) -> EventBatch:
        """Return the events of a request, maybe none. Raises BadRequestError, InputError."""

    def quick(self, request: HttpRequest) -> QuickHandler | None:
        """Return what may handle further requests with this head, called with all their bytes and where the body begins.

        It must not raise.
        """
        return None
