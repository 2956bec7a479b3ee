"""org.joda.time.format.DateTimeFormat.forPattern with English names, as the millis serializer of regex_extractor uses it.

Parsing is strict, unlike SimpleDateFormat's: no blanks are skipped, values must be in range, S is a fraction of a second
of at most so many digits, a local time that the clocks skipped is an error, and nothing may follow the end. A pattern
without a year but with a month or a day means the year 2000. Week years, centuries and ISO weeks can be written, not read.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import zip_longest

from flumepy.core.errors import ConfigurationError, InputError
from flumepy.formats.date_text import (
    HALF_DAYS,
    MONTHS,
    WEEKDAYS,
    ZONE_NAMES,
    Item,
    Reader,
    epoch_ms,
    from_local_ms,
    is_skipped,
    java_zone,
    local_ms,
    moment,
    offset_text,
    pattern_items,
)

_LETTERS = "GCYxweEyDMdaKhHkmsSzZ"
_UNREADABLE = "Cxwe"
_NUMERIC = "CYxweyDdKhHkmsS"
# Value range and most digits of each number; years have their own rules.
_RANGES = {
    "M": (1, 12, 2), "d": (1, 31, 2), "D": (1, 366, 3), "H": (0, 23, 2), "k": (1, 24, 2), "K": (0, 11, 2), "h": (1, 12, 2),
    "m": (0, 59, 2), "s": (0, 59, 2),
}  # fmt: skip
_Fields = dict[str, int]


class JodaFormat:
    """One pattern; `timezone` None is the local one. Immutable, safe in threads.

    `pivot_year` is the middle of the century that two-digit years fall into; None means 30 years ago, as in Joda.
    Raises ConfigurationError for letters that Joda does not know and for zzzz (long zone names).
    """

    def __init__(self, pattern: str, timezone: tzinfo | None = None, *, pivot_year: int | None = None) -> None:
        self.pattern = pattern
        self._zone = timezone
        self._pivot_year = pivot_year
        self._items = pattern_items(pattern, _LETTERS, "date pattern")
        if not pattern:
            raise ConfigurationError("a date pattern is empty")
        if any(item.letter == "z" and item.count > 3 for item in self._items):
            raise ConfigurationError(f"date pattern {pattern!r}: zzzz is not supported")

    def format(self, timestamp_ms: int) -> str:
        """Return the text for milliseconds since 1970. Raises InputError beyond the year 9999."""
        local = moment(timestamp_ms, self._zone)
        return "".join(_WRITERS[item.letter](local, item.count) if item.letter else item.text for item in self._items)

    def parse(self, text: str) -> int:
        """Return milliseconds since 1970. Raises InputError for a text that does not fit or a date that does not exist.

        Raises ConfigurationError for a pattern with letters that cannot be read.
        """
        reader = Reader(text, self.pattern)
        fields: _Fields = {}
        zone = self._zone
        for item, following in zip_longest(self._items, self._items[1:]):
            if item.letter in ("z", "Z"):
                zone = _read_zone(item, reader)
            elif item.letter:
                self._read(item, _is_number(following), reader, fields)
            else:
                reader.literal(item.text, ignore_case=True)
        if reader.position < len(text):
            reader.fail()
        return self._resolve(fields, zone, reader)

    def _read(self, item: Item, abuts: bool, reader: Reader, fields: _Fields) -> None:
        letter = item.letter
        if letter in _UNREADABLE:
            raise ConfigurationError(f"date pattern {self.pattern!r}: the letter {letter!r} cannot be read")
        if letter in "yY":
            self._read_year(item, abuts, reader, fields)
        elif letter == "G":
            fields["G"] = 0 if reader.take("BC") else 1 if reader.take("AD") else reader.fail()
        elif letter == "E":
            fields["E"] = reader.name(WEEKDAYS)
        elif letter == "a":
            fields["a"] = reader.name(HALF_DAYS)
        elif letter == "M" and item.count > 2:
            fields["M"] = reader.name(MONTHS) + 1
        elif letter == "S":
            fields["S"] = int(f"{reader.digits(item.count):0<3}"[:3])
        else:
            low, high, width = _RANGES[letter]
            fields[letter] = int(reader.digits(width))
            if not low <= fields[letter] <= high:
                reader.fail()

    def _read_year(self, item: Item, abuts: bool, reader: Reader, fields: _Fields) -> None:
        signed = item.letter == "y" and not (item.count == 2 and abuts)
        sign = reader.sign() if signed and reader.text[reader.position : reader.position + 1] in ("+", "-") else 0
        digits = reader.digits(2 if item.count == 2 and abuts else item.count if abuts else 9)
        year = int(digits) * (sign or 1)
        if item.count == 2 and len(digits) == 2 and not sign:
            low = (datetime.now(UTC).year - 30 if self._pivot_year is None else self._pivot_year) - 50
            year += low // 100 * 100 + (100 if year < low % 100 else 0)
        elif item.count == 2 and abuts:
            reader.fail()
        fields["y"] = year

    def _resolve(self, fields: _Fields, zone: tzinfo | None, reader: Reader) -> int:
        dated = "M" in fields or "d" in fields or "D" in fields or "E" in fields
        year = fields.get("y", 2000 if dated else 1970)
        try:
            local = datetime(year, fields.get("M", 1), fields.get("d", 1), _hour(fields), *_clock(fields))
        except (ValueError, OverflowError) as error:
            raise InputError(f"date {reader.text!r}: {error}") from None
        if "D" in fields:
            local = local.replace(month=1, day=1) + timedelta(days=fields["D"] - 1)
            if local.year != year:
                reader.fail()
        if "E" in fields:
            # A weekday that is not the date's moves the date within its week, as in Joda.
            local += timedelta(days=fields["E"] - local.weekday())
        if is_skipped(local, zone):
            raise InputError(f"date {reader.text!r}: the clocks skipped this time in {zone or 'the local zone'}")
        return epoch_ms(from_local_ms(local_ms(local)), zone, later=False)


def _is_number(item: Item | None) -> bool:
    return (
        item is not None and bool(item.letter) and (item.letter in _NUMERIC or (item.letter == "M" and item.count <= 2))
    )


def _clock(fields: _Fields) -> tuple[int, int, int]:
    return fields.get("m", 0), fields.get("s", 0), fields.get("S", 0) * 1000


def _hour(fields: _Fields) -> int:
    if "H" in fields or "k" in fields:
        return fields.get("H", fields.get("k", 0) % 24)
    return fields.get("K", fields.get("h", 0) % 12) + 12 * fields.get("a", 0)


def _read_zone(item: Item, reader: Reader) -> tzinfo:
    rest = reader.text[reader.position :]
    if item.letter == "Z" and item.count < 3:
        return java_zone(f"GMT{_offset(reader)}")
    if item.letter == "z":
        for name in sorted(ZONE_NAMES, key=len, reverse=True):
            if rest.startswith(name):
                reader.take(name)
                return java_zone(name)
        return reader.fail()
    # ZZZ: the id of a zone; the longest that is one.
    for end in range(len(rest), 0, -1):
        if rest[end - 1].isalnum():
            try:
                zone = java_zone(rest[:end])
            except ConfigurationError:
                continue
            reader.position += end
            return zone
    return reader.fail()


def _offset(reader: Reader) -> str:
    if reader.take("Z"):
        return "+00:00"
    sign = reader.sign()
    hours = reader.digits(2)
    separated = reader.take(":")
    minutes = reader.digits(2) if separated or reader.text[reader.position : reader.position + 1].isdigit() else "00"
    if len(hours) < 2 or len(minutes) < 2 or int(hours) > 23 or int(minutes) > 59:
        reader.fail()
    return f"{'+' if sign > 0 else '-'}{hours}:{minutes}"


def _name(names: tuple[str, ...], index: int, count: int) -> str:
    return names[index] if count > 3 else names[index][:3]


def _number(value: Callable[[datetime], int]) -> Callable[[datetime, int], str]:
    return lambda local, count: f"{value(local):0{count}d}"


def _year(value: Callable[[datetime], int]) -> Callable[[datetime, int], str]:
    return lambda local, count: f"{value(local) % 100:02d}" if count == 2 else f"{value(local):0{count}d}"


def _zone_id(local: datetime) -> str:
    name = getattr(local.tzinfo, "key", None)
    return str(name) if name else "UTC" if local.tzinfo is UTC else offset_text(local, ":")


def _offset_or_id(local: datetime, count: int) -> str:
    return _zone_id(local) if count > 2 else offset_text(local, ":" if count == 2 else "")


def _zone_name(local: datetime, count: int) -> str:
    name = local.tzname() or ""
    return name if name.isalpha() else offset_text(local, ":")


_WRITERS: dict[str, Callable[[datetime, int], str]] = {
    "G": lambda local, count: "AD",
    "C": _number(lambda local: local.year // 100),
    "Y": _year(lambda local: local.year),
    "y": _year(lambda local: local.year),
    "x": _year(lambda local: local.isocalendar().year),
    "w": _number(lambda local: local.isocalendar().week),
    "e": _number(lambda local: local.isoweekday()),
    "E": lambda local, count: _name(WEEKDAYS, local.weekday(), count),
    "M": lambda local, count: f"{local.month:0{count}d}" if count < 3 else _name(MONTHS, local.month - 1, count),
    "D": _number(lambda local: local.timetuple().tm_yday),
    "d": _number(lambda local: local.day),
    "a": lambda local, count: HALF_DAYS[local.hour // 12],
    "H": _number(lambda local: local.hour),
    "k": _number(lambda local: local.hour or 24),
    "K": _number(lambda local: local.hour % 12),
    "h": _number(lambda local: local.hour % 12 or 12),
    "m": _number(lambda local: local.minute),
    "s": _number(lambda local: local.second),
    "S": lambda local, count: f"{local.microsecond // 1000:03d}{'0' * count}"[:count],
    "z": _zone_name,
    "Z": _offset_or_id,
}
