"""Bodies with a line feed after each; headers are not looked at. Source: BodyTextEventSerializer."""

from flumepy.core.batch import EventBatch
from flumepy.core.options import Options, opt
from flumepy.core.serializer import Serializer, framed, gathered


class TextOptions(Options):
    """Properties of the text serializer."""

    append_newline: bool = opt("appendNewline", True, doc="End each body with a line feed.")


class TextSerializer(Serializer[TextOptions]):
    """Writes raw bodies."""

    Options = TextOptions

    def serialize(self, batches: list[EventBatch]) -> list[bytes]:
        """Join the bodies."""
        return list(framed(gathered(batches), b"", b"\n" if self.options.append_newline else b""))
