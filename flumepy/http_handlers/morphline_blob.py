"""BlobHandler of Flume's morphline module: one event a request; the body is cut, parameters and Content-Type are headers.

Parameters are read first, so a posted form turns into headers and the body stays empty.
Source: org.apache.flume.sink.solr.morphline.BlobHandler.
"""

from flumepy.core.batch import Column, EventBatch
from flumepy.core.component import Context
from flumepy.core.options import Options, opt
from flumepy.formats.http_request import HttpRequest
from flumepy.http_handlers.handler import HttpHandler


class MorphlineBlobOptions(Options):
    """Properties of the morphline module's BlobHandler."""

    max_blob_length: int = opt("maxBlobLength", 100_000_000, unit="bytes", ge=1, doc="Longer bodies are cut here.")


class MorphlineBlobHandler(HttpHandler[MorphlineBlobOptions]):
    """One event a request."""

    Options = MorphlineBlobOptions

    def __init__(self, context: Context, options: MorphlineBlobOptions) -> None:
        super().__init__(context, options)
        self.cut_body_at = options.max_blob_length
        self._has_warned = False

    def handle(self, request: HttpRequest) -> EventBatch:
        """Return one event. Raises InputError for a form that is too large."""
        headers: dict[str, Column] = {}
        if "content-type" in request.headers:
            headers["Content-Type"] = request.headers["content-type"]
        headers.update(request.parameters())
        if request.cut_bytes and not self._has_warned:
            self._has_warned = True
            limit = self.options.max_blob_length
            self.log.warning("A request was cut at %d bytes (maxBlobLength); more of these are not reported.", limit)
        return EventBatch([b"" if request.is_form else request.body], headers)
