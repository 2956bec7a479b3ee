"""The contract of HTTP handlers. Source: org.apache.flume.source.http.HTTPSourceHandler."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from flumepy.core.batch import Column, EventBatch
from flumepy.core.component import Component
from flumepy.core.errors import InputError
from flumepy.core.options import OptionsT
from flumepy.formats.http_request import HttpRequest


@dataclass(frozen=True, slots=True)
class LikePost:
    """What further posts may be like.

    `cut` is called with all bytes of a request and where its body begins; it returns the events as lines in one text and
    their number, or None: then the request must go the long way. All these events have `headers`.
    """

    cut: Callable[[bytes, int], tuple[bytes, int] | None]
    headers: dict[str, Column]


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

    def like_post(self, request: HttpRequest) -> LikePost | None:
        """Return what requests with this head may be like after the one that was handled last; None: nothing ever.

        It must not raise.
        """
        return None
