"""Bodies with a line feed after each; headers are not looked at. Source: BodyTextEventSerializer."""

from collections.abc import Sequence

from flumepy.core.batch import EventBatch
from flumepy.core.line_text import Buffer
from flumepy.core.options import Options, opt
from flumepy.core.serializer import Serializer, framed, gathered


class TextOptions(Options):
    """Properties of the text serializer."""

    append_newline: bool = opt("appendNewline", True, doc="End each body with a line feed.")


class TextSerializer(Serializer[TextOptions]):
    """Writes raw bodies."""

    Options = TextOptions

    def serialize(self, batches: list[EventBatch]) -> Sequence[Buffer]:
        """Join the bodies, or take the lines as they came."""
        if not self.options.append_newline:
            return list(framed(gathered(batches), b"", b""))
        parts: list[Buffer] = []
        for batch in batches:
            if batch.text is not None:
                parts += batch.text.buffers()
            elif batch.lines is not None:
                parts += framed(batch.lines, b"", b"")
            else:
                parts += framed(batch.bodies, b"", b"\n")
        return parts
