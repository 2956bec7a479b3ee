"""The deserializer contract: how the bytes of a file become events.

A `Deserializer` is what a configuration names; it holds the options and opens nothing. For each file the source asks it for
an `EventReader`. A reader has no mark and no reset: `position` says, after each `read`, from which byte on a new reader
must start so that no event after those returned so far is missed. The source stores it once the events are committed.
Source: EventDeserializer, ResettableInputStream.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO

from flumepy.core.batch import EventBatch
from flumepy.core.component import Component
from flumepy.core.options import OptionsT


class DecodeErrorPolicy(Enum):
    """What happens to bytes that are no text in the charset."""

    FAIL = "FAIL"
    REPLACE = "REPLACE"
    IGNORE = "IGNORE"

    @property
    def codec_errors(self) -> str:
        """Return the name that Python's codecs have for it."""
        return {"FAIL": "strict", "REPLACE": "replace", "IGNORE": "ignore"}[self.value]


@dataclass(frozen=True, slots=True)
class TextRules:
    """How the source wants text read; deserializers of binary formats ignore it. `charset` is a Python codec name."""

    charset: str = "utf-8"
    on_error: DecodeErrorPolicy = DecodeErrorPolicy.FAIL


class EventReader(ABC):
    """Reads the events of one open file, from the thread of its source."""

    #: bytes from the file's start; a reader opened there returns every event that this one has not returned yet
    position: int

    @abstractmethod
    def read(self, limit: int) -> EventBatch:
        """Return the next events, at most `limit`; an empty batch at the end of the file.

        Raises InputError where the data breaks its format, after the events before it have been returned; OSError.
        """


class Deserializer(Component[OptionsT]):
    """Makes readers."""

    kind = "deserializer"

    @abstractmethod
    def open(self, file: BinaryIO, position: int, text: TextRules) -> EventReader:
        """Return a reader of an unbuffered file from this position on. Raises InputError, OSError."""
