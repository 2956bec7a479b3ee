"""java.text.SimpleDateFormat with English names, as %{date:..}, HDFS paths and syslog use it.

Parsing is Java's lenient one: blanks before a field are skipped, a number takes all digits unless another number
follows at once, months and hours may run over (the 32nd of January is the 1st of February), S counts milliseconds
whatever its width, and text behind the end is ignored. Weeks follow the rules of the US. Fields that only name a week
(Y w W F u) can be written, not read. Dates before 1582 are Gregorian here, Julian in Java.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
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
    local_ms,
    moment,
    offset_text,
    pattern_items,
)

_LETTERS = "GyYMLwWDdFEuaHkKhmsSzZX"
_UNREADABLE = "YwWFu"
_NUMERIC = "yYdHkKhmsSDFwWu"
_DAY_MS = 86_400_000
_Fields = dict[str, int]


class SimpleDateFormat:
    """One pattern; `timezone` None is the local one. Immutable, safe in threads.

    Raises ConfigurationError for letters that Java does not know and for zzzz (long zone names).
    """

    def __init__(self, pattern: str, timezone: tzinfo | None = None, *, century_start_year: int | None = None) -> None:
        self.pattern = pattern
        self._zone = timezone
        self._century_start_year = century_start_year
        self._items = pattern_items(pattern, _LETTERS, "date pattern")
        for item in self._items:
            if (item.letter == "z" and item.count > 3) or (item.letter == "X" and item.count > 3):
                raise ConfigurationError(f"date pattern {pattern!r}: {item.letter * item.count} is not supported")

    def format(self, timestamp_ms: int) -> str:
        """Return the text for milliseconds since 1970. Raises InputError beyond the year 9999."""
        local = moment(timestamp_ms, self._zone)
        return "".join(_WRITERS[item.letter](local, item.count) if item.letter else item.text for item in self._items)

    def parse(self, text: str) -> int:
        """Return milliseconds since 1970. Raises InputError for a text that does not fit.

        Raises ConfigurationError for a pattern with letters that cannot be read.
        """
        reader = Reader(text, self.pattern)
        fields: _Fields = {}
        for item, following in zip_longest(self._items, self._items[1:]):
            if not item.letter:
                reader.literal(item.text)
                continue
            if item.letter in _UNREADABLE:
                raise ConfigurationError(f"date pattern {self.pattern!r}: the letter {item.letter!r} cannot be read")
            while reader.text[reader.position : reader.position + 1] in (" ", "\t"):
                reader.position += 1
            self._read(item, _is_number(following), reader, fields)
        return self._resolve(fields)

    def _read(self, item: Item, abuts: bool, reader: Reader, fields: _Fields) -> None:
        letter = item.letter
        if letter == "G":
            fields["G"] = 0 if reader.take("BC") else 1 if reader.take("AD") else reader.fail()
        elif letter == "E":
            reader.name(WEEKDAYS)
        elif letter == "a":
            fields["a"] = reader.name(HALF_DAYS)
        elif letter in "ML" and item.count > 2:
            fields["M"] = reader.name(MONTHS) + 1
        elif letter in "zZX":
            fields["zone"] = _read_zone(item, reader)
        else:
            self._read_number(item, abuts, reader, fields)

    def _read_number(self, item: Item, abuts: bool, reader: Reader, fields: _Fields) -> None:
        letter = "M" if item.letter == "L" else item.letter
        negative = reader.take("-")
        most = item.count - negative if abuts else 18
        if abuts and reader.position + most > len(reader.text):
            reader.fail()
        digits = reader.digits(most)
        fields[letter] = -int(digits) if negative else int(digits)
        if letter == "y" and item.count <= 2 and len(digits) == 2 and not negative:
            fields["short year"] = 1

    def _resolve(self, fields: _Fields) -> int:
        year = fields.get("y", 1970)
        if fields.get("G") == 0:
            year = 1 - year
        if "short year" not in fields:
            return self._instant(year, fields)
        # Java: from 80 years before the format was made, to the day; a year that is on the edge is decided by its date.
        now = datetime.now(UTC) if self._century_start_year is None else datetime(self._century_start_year + 80, 1, 1)
        start_year = now.year - 80
        year += start_year // 100 * 100 + (100 if year < start_year % 100 else 0)
        found = self._instant(year, fields)
        if year == start_year and from_local_ms(found) < now.replace(tzinfo=None) - timedelta(days=80 * 365.25):
            return self._instant(year + 100, fields)
        return found

    def _instant(self, year: int, fields: _Fields) -> int:
        years, month = divmod(fields.get("M", 1) - 1, 12)
        if "D" in fields:
            years, month = 0, 0
        if not 1 <= year + years <= 9999:
            raise InputError(f"the year {year + years} is out of range (1 to 9999)")
        days = fields["D"] if "D" in fields else fields.get("d", 1)
        start = local_ms(datetime(year + years, month + 1, 1)) + (days - 1) * _DAY_MS
        clock = (_hour(fields) * 60 + fields.get("m", 0)) * 60 + fields.get("s", 0)
        local = start + clock * 1000 + fields.get("S", 0)
        if "zone" in fields:
            return local - fields["zone"] * 60_000
        return epoch_ms(from_local_ms(local), self._zone, later=True)


def _is_number(item: Item | None) -> bool:
    return (
        item is not None
        and bool(item.letter)
        and (item.letter in _NUMERIC or (item.letter in "ML" and item.count <= 2))
    )


def _hour(fields: _Fields) -> int:
    if "H" in fields or "k" in fields:
        hour = fields["H"] if "H" in fields else fields["k"]
        return 0 if "k" in fields and hour == 24 else hour
    hour = fields.get("K", fields.get("h", 0))
    if "h" in fields and hour == 12:
        hour = 0
    return hour + 12 * fields.get("a", 0)


def _read_zone(item: Item, reader: Reader) -> int:
    """Return the offset in minutes: Z, +hh, +hhmm, +hh:mm for X; for z and Z also GMT+h:mm and the names of RFC 822."""
    if item.letter == "X":
        if reader.take("Z"):
            return 0
        sign = reader.sign()
        hours = _two_digits(reader)
        if item.count == 1:
            return sign * hours * 60
        if item.count == 3:
            reader.literal(":")
        return sign * (hours * 60 + _two_digits(reader))
    behind_gmt = False
    for name, (_, hours) in sorted(ZONE_NAMES.items(), key=lambda pair: -len(pair[0])):
        if reader.text[reader.position : reader.position + len(name)].upper() == name:
            reader.position += len(name)
            if name != "GMT" or reader.text[reader.position : reader.position + 1] not in ("+", "-"):
                return hours * 60
            behind_gmt = True
            break
    sign = reader.sign()
    digits = reader.digits(2)
    if (behind_gmt and reader.take(":")) or len(digits) == 2:
        return sign * (int(digits) * 60 + _two_digits(reader))
    return reader.fail()


def _two_digits(reader: Reader) -> int:
    digits = reader.digits(2)
    return int(digits) if len(digits) == 2 else reader.fail()


def _week(local: date, start: date) -> int:
    """Return the number of the week that begins on Sunday, counted from the one with `start`."""
    return ((local - start).days + start.isoweekday() % 7) // 7 + 1


def _week_year(local: datetime) -> int:
    # The week with January 1st is the first of its year.
    return (local.date() + timedelta(days=6 - local.isoweekday() % 7)).year


def _week_of_year(local: datetime) -> int:
    return 1 if _week_year(local) > local.year else _week(local.date(), date(local.year, 1, 1))


def _year(year: int, count: int) -> str:
    return f"{year % 100:02d}" if count == 2 else f"{year:0{count}d}"


def _month(local: datetime, count: int) -> str:
    name = MONTHS[local.month - 1]
    return f"{local.month:0{count}d}" if count < 3 else name if count > 3 else name[:3]


def _weekday(local: datetime, count: int) -> str:
    name = WEEKDAYS[local.weekday()]
    return name if count > 3 else name[:3]


def _iso_zone(local: datetime, count: int) -> str:
    text = offset_text(local, ":" if count == 3 else "")
    return "Z" if not local.utcoffset() else text[:3] if count == 1 else text


def _zone_name(local: datetime, count: int) -> str:
    name = local.tzname() or ""
    return name if name.isalpha() else "GMT" + offset_text(local, ":")


def _number(value: Callable[[datetime], int]) -> Callable[[datetime, int], str]:
    return lambda local, count: f"{value(local):0{count}d}"


_WRITERS: dict[str, Callable[[datetime, int], str]] = {
    "G": lambda local, count: "AD",
    "y": lambda local, count: _year(local.year, count),
    "Y": lambda local, count: _year(_week_year(local), count),
    "M": _month,
    "L": _month,
    "w": _number(_week_of_year),
    "W": _number(lambda local: _week(local.date(), local.date().replace(day=1))),
    "D": _number(lambda local: local.timetuple().tm_yday),
    "d": _number(lambda local: local.day),
    "F": _number(lambda local: (local.day - 1) // 7 + 1),
    "E": _weekday,
    "u": _number(lambda local: local.isoweekday()),
    "a": lambda local, count: HALF_DAYS[local.hour // 12],
    "H": _number(lambda local: local.hour),
    "k": _number(lambda local: local.hour or 24),
    "K": _number(lambda local: local.hour % 12),
    "h": _number(lambda local: local.hour % 12 or 12),
    "m": _number(lambda local: local.minute),
    "s": _number(lambda local: local.second),
    "S": _number(lambda local: local.microsecond // 1000),
    "z": _zone_name,
    "Z": lambda local, count: offset_text(local, ""),
    "X": _iso_zone,
}
