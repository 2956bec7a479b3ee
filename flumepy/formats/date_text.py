"""What SimpleDateFormat and Joda's DateTimeFormat have in common: pattern items, English names, zones, reading digits."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flumepy.core.errors import ConfigurationError, InputError

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HALF_DAYS = ("AM", "PM")
# Abbreviations that are read, with the zone and, for RFC 822 names, the offset in hours.
ZONE_NAMES = {
    "UT": ("UTC", 0), "UTC": ("UTC", 0), "GMT": ("UTC", 0),
    "EST": ("America/New_York", -5), "EDT": ("America/New_York", -4), "CST": ("America/Chicago", -6),
    "CDT": ("America/Chicago", -5), "MST": ("America/Denver", -7), "MDT": ("America/Denver", -6),
    "PST": ("America/Los_Angeles", -8), "PDT": ("America/Los_Angeles", -7),
}  # fmt: skip
_EPOCH = datetime(1970, 1, 1)
_CUSTOM_ZONE = re.compile(r"GMT([+-])(\d{1,2})(?::?(\d\d))?")


@dataclass(frozen=True, slots=True)
class Item:
    """One part of a pattern: a letter repeated `count` times, or literal text (letter "")."""

    letter: str
    count: int
    text: str


def pattern_items(pattern: str, letters: str, what: str) -> list[Item]:
    """Split a pattern at its letters; 'text' and '' are quoted. Raises ConfigurationError for a letter not in `letters`."""
    items: list[Item] = []
    i = 0
    while i < len(pattern):
        character = pattern[i]
        start = i
        if character == "'":
            text, i = _quoted(pattern, i, what)
            _add_text(items, text)
        elif character.isascii() and character.isalpha():
            while i < len(pattern) and pattern[i] == character:
                i += 1
            if character not in letters:
                raise ConfigurationError(f"{what} {pattern!r}: the letter {character!r} is not supported")
            items.append(Item(character, i - start, ""))
        else:
            _add_text(items, character)
            i += 1
    return items


def _add_text(items: list[Item], text: str) -> None:
    if items and not items[-1].letter:
        items[-1] = Item("", 0, items[-1].text + text)
    else:
        items.append(Item("", 0, text))


def _quoted(pattern: str, start: int, what: str) -> tuple[str, int]:
    if pattern.startswith("''", start):
        return "'", start + 2
    text = ""
    i = start + 1
    while i < len(pattern):
        if pattern.startswith("''", i):
            text += "'"
            i += 2
        elif pattern[i] == "'":
            return text, i + 1
        else:
            text += pattern[i]
            i += 1
    raise ConfigurationError(f"{what} {pattern!r}: a quote is not closed")


def java_zone(name: str) -> tzinfo:
    """Return the time zone for a Java id: a region, "UTC", or "GMT+5:30". Raises ConfigurationError for another."""
    custom = _CUSTOM_ZONE.fullmatch(name)
    if custom and int(custom[2]) < 24 and int(custom[3] or 0) < 60:
        offset = timedelta(hours=int(custom[2]), minutes=int(custom[3] or 0))
        return timezone(-offset if custom[1] == "-" else offset)
    if name in ("GMT", "UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(ZONE_NAMES[name][0] if name in ZONE_NAMES else name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(f"{name!r} is not a time zone that is known here") from None


def moment(timestamp_ms: int, zone: tzinfo | None) -> datetime:
    """Return the aware local time of the instant; the milliseconds are in it. Raises InputError beyond the year 9999."""
    seconds, milliseconds = divmod(timestamp_ms, 1000)
    try:
        local = datetime.fromtimestamp(seconds, zone)
    except (OverflowError, ValueError, OSError):
        raise InputError(f"timestamp {timestamp_ms} is out of range") from None
    return (local if zone else local.astimezone()).replace(microsecond=milliseconds * 1000)


def epoch_ms(local: datetime, zone: tzinfo | None, *, later: bool) -> int:
    """Return the instant of a local time without zone; `later` decides where the clocks went back."""
    first, second = _both_instants(local, zone)
    return round((max(first, second) if later else first) * 1000)


def local_ms(local: datetime) -> int:
    """Return the milliseconds since 1970 on the local clock."""
    return (local - _EPOCH) // timedelta(milliseconds=1)


def is_skipped(local: datetime, zone: tzinfo | None) -> bool:
    """Tell whether the clocks went forward over this local time."""
    first, second = _both_instants(local, zone)
    return first > second


def _both_instants(local: datetime, zone: tzinfo | None) -> tuple[float, float]:
    try:
        return local.replace(tzinfo=zone, fold=0).timestamp(), local.replace(tzinfo=zone, fold=1).timestamp()
    except (OverflowError, ValueError, OSError):
        raise InputError(f"the date {local} is out of range") from None


def from_local_ms(milliseconds: int) -> datetime:
    """Return the local time; the reverse of `local_ms`. Raises InputError outside the years 1 to 9999."""
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise InputError("the date is out of range") from None


def offset_text(local: datetime, separator: str) -> str:
    """Return "+hhmm", with the separator between."""
    minutes = (local.utcoffset() or timedelta()) // timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{separator}{abs(minutes) % 60:02d}"


class Reader:
    """A text being parsed, with the position; every failure is an InputError naming text, place and pattern."""

    def __init__(self, text: str, pattern: str) -> None:
        self.text = text
        self.pattern = pattern
        self.position = 0

    def fail(self) -> NoReturn:
        """Raise the error for the current position."""
        raise InputError(f"date {self.text!r} does not fit {self.pattern!r} at position {self.position}")

    def digits(self, most: int) -> str:
        """Take up to `most` decimal digits, at least one."""
        start = end = self.position
        while end - start < most and self.text[end : end + 1] in set("0123456789"):
            end += 1
        if end == start:
            self.fail()
        self.position = end
        return self.text[start:end]

    def literal(self, text: str, *, ignore_case: bool = False) -> None:
        """Take exactly this text."""
        found = self.text[self.position : self.position + len(text)]
        if found != text and not (ignore_case and found.lower() == text.lower()):
            self.fail()
        self.position += len(text)

    def name(self, names: tuple[str, ...]) -> int:
        """Take a name, full or its first three letters, in any case; return its place in the list."""
        rest = self.text[self.position :].lower()
        for width in (len, lambda name: 3):
            for index, name in enumerate(names):
                if rest.startswith(name[: width(name)].lower()):
                    self.position += width(name)
                    return index
        return self.fail()

    def sign(self) -> int:
        """Take a sign; return 1 or -1."""
        character = self.text[self.position : self.position + 1]
        if character not in ("+", "-"):
            self.fail()
        self.position += 1
        return 1 if character == "+" else -1

    def take(self, text: str) -> bool:
        """Take this text if it is next; tell whether it was."""
        found = self.text.startswith(text, self.position)
        self.position += len(text) if found else 0
        return found
