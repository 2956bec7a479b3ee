"""What the engine must know of a frame: the contract between the log and those who fill it."""

from enum import Enum
from typing import NamedTuple, Protocol, TypeVar

from flumepy.log.disk import Buffer

HEAD_LIMIT_BYTES = 512  #: no head of a frame is longer; `find` needs no more to see that a frame may begin

#: position, length in bytes, first sequence number, count of sequence numbers, kind; a plain tuple: a scan makes millions
FrameHead = tuple[int, int, int, int, int]


class Stop(Enum):
    """Why a scan ended."""

    END = "end"  #: at the end of the data, behind a whole frame
    SHORT = "short"  #: the last frame, or its head, needs more data than there is
    BAD = "bad"  #: what comes next is no frame of this place


class Scan(NamedTuple):
    """The frames found at the start of some data."""

    heads: list[FrameHead]
    stop: Stop
    needed: int = 0  #: SHORT: bytes needed from the end of the last frame in `heads` on


class Prepared:
    """A frame ready to be written; `sequences`: how many sequence numbers it uses up."""

    __slots__ = ("length", "parts", "sequences")

    def __init__(self, parts: list[Buffer], length: int, sequences: int) -> None:
        self.parts = parts
        self.length = length
        self.sequences = sequences


FrameT_contra = TypeVar("FrameT_contra", contravariant=True)


class FrameFormat(Protocol[FrameT_contra]):
    """Reads and prepares the frames of one kind of log."""

    @property
    def name(self) -> bytes:
        """Return the four bytes that stand in the segment header."""

    @property
    def is_recyclable(self) -> bool:
        """Tell whether a frame of an older life of the file can never look valid."""

    def prepare(self, frame: FrameT_contra, sequence: int, position: int, now_ms: int) -> Prepared:
        """Return the bytes of a frame that gets this sequence number and position.

        Called under the append lock, so be quick, and maybe twice for one frame. Raises FlumeError to refuse it; nothing
        is used up then.
        """

    def scan(self, data: Buffer, position: int, *, verify: bool) -> Scan:
        """Return the frames that stand one behind the other from the start of `data`, which begins at this position.

        verify: check the whole frame, so a frame must be complete; otherwise only its head, and the last frame may
        reach beyond the data (the scan then ends with END, and the next position is behind it). A row of frames of one kind
        without a gap may then be reported as one.
        """

    def find(self, data: Buffer, start: int, position: int) -> int:
        """Return the first offset >= start at which the head of a sound frame may stand; -1 when there is none.

        `data` begins at this position. The frame need not end in it, its head does. May err towards too many; the engine
        verifies with `scan`.
        """
