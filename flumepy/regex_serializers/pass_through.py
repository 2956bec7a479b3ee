"""The text of the group, unchanged."""

from collections.abc import Sequence

from flumepy.core.options import NoOptions
from flumepy.core.parts import RegexSerializer


class PassThroughRegexSerializer(RegexSerializer[NoOptions]):
    """Source: RegexExtractorInterceptorPassThroughSerializer."""

    def serialize(self, value: str) -> str:
        """Return the text."""
        return value

    def serialize_column(self, values: Sequence[str | None]) -> list[str | None]:
        """Return the column; a group that took no part leaves no header."""
        return list(values)
