"""BLOBHandler: one event a request; the body as it came, the query's parameters as headers.

Only the query counts: Flume opens the body before it asks for parameters, so a posted form stays a body. An empty
mandatoryParameters asks for nothing here (Flume looks for a parameter without a name and refuses every request).
Source: org.apache.flume.source.http.BLOBHandler.
"""

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context
from flumepy.core.errors import InputError
from flumepy.core.options import Options, opt
from flumepy.formats.http_request import HttpRequest
from flumepy.http_handlers.handler import HttpHandler


class BlobOptions(Options):
    """Properties of BLOBHandler."""

    mandatory_parameters: str = opt(
        "mandatoryParameters", "", doc="Comma-separated query parameters that every request must have."
    )


class BlobHandler(HttpHandler[BlobOptions]):
    """One event a request."""

    Options = BlobOptions

    def __init__(self, context: Context, options: BlobOptions) -> None:
        super().__init__(context, options)
        # Split without trimming, as Flume does.
        self._mandatory = [name for name in options.mandatory_parameters.split(",") if name]

    def handle(self, request: HttpRequest) -> EventBatch:
        """Return one event. Raises InputError when a mandatory parameter is missing."""
        headers = request.query_parameters()
        for name in self._mandatory:
            if name not in headers:
                raise InputError(f"Please specify {name} parameter in the request.")
        return EventBatch([request.body], dict(headers))
