"""Headers as a Java map prints itself, a blank, the body, a line feed. Source: HeaderAndBodyTextEventSerializer."""

from flumepy.core.batch import EventBatch
from flumepy.core.options import Options, opt
from flumepy.core.serializer import Serializer, framed
from flumepy.formats.java_text import java_map_text


class HeaderAndTextOptions(Options):
    """Properties of the header_and_text serializer."""

    append_newline: bool = opt("appendNewline", True, doc="End each event with a line feed.")


class HeaderAndTextSerializer(Serializer[HeaderAndTextOptions]):
    """Writes headers and bodies; nothing in either is escaped."""

    Options = HeaderAndTextOptions

    def serialize(self, batches: list[EventBatch]) -> list[bytes]:
        """Format the headers once where all events of a batch share them, else per event."""
        after = b"\n" if self.options.append_newline else b""
        parts: list[bytes] = []
        for batch in batches:
            constant = {name: value for name, value in batch.headers.items() if isinstance(value, str)}
            if len(constant) == len(batch.headers):
                parts += framed(batch.bodies, header_text(constant), after)
            else:
                pairs = zip(batch.header_maps(), batch.bodies, strict=True)
                parts += framed([header_text(headers) + body for headers, body in pairs], b"", after)
        return parts


def header_text(headers: dict[str, str]) -> bytes:
    """Return the map's text and a blank; a lone surrogate becomes a question mark, as in Java."""
    return f"{java_map_text(headers)} ".encode("utf-8", "replace")
