"""A date in the text of the group, as milliseconds since 1970. Each distinct text of a batch is read once."""

from collections.abc import Sequence
from contextlib import suppress

from flumepy.core.component import Context
from flumepy.core.errors import InputError, naming_key
from flumepy.core.options import Options, opt
from flumepy.core.parts import RegexSerializer
from flumepy.formats.joda_date import JodaFormat


class MillisOptions(Options):
    """Properties of the millis serializer."""

    pattern: str = opt("pattern", doc="Joda-Time pattern of the whole group; local time unless it has a zone.")


class MillisRegexSerializer(RegexSerializer[MillisOptions]):
    """Source: RegexExtractorInterceptorMillisSerializer."""

    Options = MillisOptions

    def __init__(self, context: Context, options: MillisOptions) -> None:
        super().__init__(context, options)
        with naming_key("pattern"):
            self._format = JodaFormat(options.pattern)
            with suppress(InputError):
                self._format.parse(self._format.format(0))  # a pattern that cannot be read is refused now

    def serialize(self, value: str) -> str:
        """Return the milliseconds in decimal. Raises InputError for a text that does not fit the pattern."""
        return str(self._format.parse(value))

    def serialize_column(self, values: Sequence[str | None]) -> list[str | None]:
        """Return the column. Raises InputError, also for a group that took no part: as in Flume, the put then fails."""
        if None in values:
            raise InputError(f"no date for the pattern {self.options.pattern!r}: the group took no part in the match")
        read = {value: self.serialize(value) for value in dict.fromkeys(values) if value is not None}
        return [read[value] for value in values if value is not None]
