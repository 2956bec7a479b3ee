"""Morphline sink: runs each event through a morphline, usually into Solr. Source: MorphlineSink, MorphlineSolrSink.

Flume reads the morphline at start, not while configuring; so a missing file is only a warning here.
"""

import os

from flumepy.core.component import Context
from flumepy.core.counters import SinkCounters
from flumepy.core.later import LaterSink
from flumepy.core.options import Options, opt

HANDLER = "org.apache.flume.sink.solr.morphline.MorphlineHandlerImpl"


class MorphlineSolrOptions(Options):
    """Properties of the morphline sinks."""

    file: str | None = opt("morphlineFile", None, doc="File with the morphlines; read at start. Needed.")
    id: str | None = opt("morphlineId", None, doc="Which morphline of the file; the first when not given.")
    variables: dict[str, str] = opt("morphlineVariable.", {}, doc="Values that override those of the morphline.")
    batch_size: int = opt("batchSize", 1000, unit="events", doc="Most events of one transaction.")
    batch_duration_ms: int = opt("batchDurationMillis", 1000, long=True, unit="ms", doc="Longest such transaction.")
    handler_class: str = opt("handlerClass", HANDLER, doc="Class that handles events.")
    is_production_mode: bool = opt("isProductionMode", False, doc="Skip events that fail and go on.")
    recoverable_exception_classes: str = opt(
        "recoverableExceptionClasses", "org.apache.solr.client.solrj.SolrServerException",
        doc="Comma-separated exceptions that are worth another try in production mode.",
    )  # fmt: skip
    is_ignoring_recoverable_exceptions: bool = opt(
        "isIgnoringRecoverableExceptions", False, doc="Skip events in production mode even for those."
    )


class MorphlineSolrSink(LaterSink[MorphlineSolrOptions]):
    """Runs events through a morphline."""

    Options = MorphlineSolrOptions
    type_name = "morphline_solr"

    def __init__(self, context: Context, options: MorphlineSolrOptions) -> None:
        super().__init__(context, options)
        self.counters = SinkCounters(context.name)
        self.declared_batch_size = options.batch_size
        if options.file is None:
            self.warn("is missing; the sink cannot start without it", key="morphlineFile")
        elif not os.access(options.file, os.R_OK):
            self.warn(f"{options.file} cannot be read; the sink cannot start without it", key="morphlineFile")
