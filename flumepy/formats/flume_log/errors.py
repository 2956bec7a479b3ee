"""Errors of Java's file channel directories, and the report that decides what damage means.

fsyncPerTransaction=true, Flume's default, makes damage an error; false makes it a line and a count (`tolerant`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flumepy.core.errors import InputError

#: lines kept of what went wrong; the counts go on
MOST_LINES = 100


#: a file, and the offset in it
Place = tuple[Path, int]


class CorruptLogError(InputError):
    """A data file is damaged at `offset`. `length_is_sound`: the next record can be found all the same."""

    def __init__(self, path: Path, offset: int, reason: str, *, length_is_sound: bool = False) -> None:
        remedy = (
            "`tool FCINTEGRITYTOOL -l <dataDirs>` voids damaged records"
            if length_is_sound
            else "what follows in this file cannot be found"
        )
        super().__init__(
            f"{path} is damaged at byte {offset}: {reason}. Nothing was imported; {remedy};"
            " fsyncPerTransaction = false imports what can be read"
        )
        self.path = path
        self.offset = offset
        self.reason = reason
        self.length_is_sound = length_is_sound


class MissingLogError(InputError):
    """Data files are missing whose events were not delivered yet. `missing`: how many such events by number of the file."""

    def __init__(self, missing: Mapping[int, int], folders: Iterable[Path]) -> None:
        names = [f"log-{number}" for number in sorted(missing)]
        verb, them = ("is", "it") if len(names) == 1 else ("are", "them")
        super().__init__(
            f"{' and '.join(names)} {verb} missing, and {sum(missing.values())} events in {them} were not delivered yet;"
            f" looked for in dataDirs ({', '.join(map(str, folders))}). Nothing was imported; mount the disk that is"
            " missing, name the folder that was left out of dataDirs, or put the file back into one of them;"
            " fsyncPerTransaction = false imports the other events, and these are lost"
        )
        self.missing = missing


class BadCheckpointError(InputError):
    """A checkpoint cannot be used; the backup or a full replay takes its place."""


@dataclass(slots=True)
class Report:
    """What went wrong and did not stop the replay."""

    tolerant: bool
    problems: list[str] = field(default_factory=list)
    #: records that were damaged and left out
    corrupt: int = 0
    #: live events that are known to be lost
    lost: int = 0
    #: places that were left out
    places: int = 0
    #: the lines that tell of them, by place, as far as lines are kept
    left_out: dict[Place, str] = field(default_factory=dict)
    #: places that may have cost more events than were counted
    unsure: set[Place] = field(default_factory=set)

    def say(self, line: str) -> None:
        """Keep a line, if there are not too many."""
        if len(self.problems) < MOST_LINES:
            self.problems.append(line)
        elif len(self.problems) == MOST_LINES:
            self.problems.append("There are more problems than these; the counts have them all.")

    def leave_out(self, place: Place, line: str, *, lost: int = 0, is_least: bool = True) -> None:
        """Report a place that is left out, once. is_least: it may have cost more than `lost` live events."""
        self.lost += lost
        if not is_least:
            self.unsure.discard(place)
        elif len(self.unsure) < MOST_LINES:
            self.unsure.add(place)
        if place in self.left_out:
            return
        self.places += 1
        self.say(line)
        if len(self.left_out) < MOST_LINES:
            self.left_out[place] = line

    def damage(self, error: CorruptLogError, *, is_live: bool = False) -> None:
        """Count and report a damaged record. is_live: a live event, read by its pointer; else nobody knows what it was.

        Raises it where damage is not tolerated.
        """
        if not self.tolerant:
            raise error
        self.corrupt += 1
        rest = "left out" if error.length_is_sound or is_live else "the rest of the file is left out"
        line = f"{error.path} is damaged at byte {error.offset}: {error.reason}; {rest}."
        place = (error.path, error.offset)
        is_rest_lost = place in self.unsure and not error.length_is_sound
        self.leave_out(place, line, lost=int(is_live), is_least=not is_live or is_rest_lost)
