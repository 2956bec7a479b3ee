"""Finding out, when a log is opened, which events are taken: by reading its TAKE frames.

From a checkpoint on, or over the whole log. The checkpoint is believed if a frame stands where it says recovery begins, and
the TAKE frame that sums up what was before is found sound; else the log is opened anew and read in full. A gap in the
sequence numbers is damage that was left out: those events are gone, and count as taken so that nothing waits for them.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flumepy.core.errors import InputError, StartError, translate
from flumepy.event_log.checkpoint import Checkpoint
from flumepy.event_log.frames import GAP, PUT, TAKE, Span, read_take
from flumepy.event_log.ranges import TakenRanges
from flumepy.log.format import FrameHead
from flumepy.log.frame import Frame, NativeFormat, read_frame
from flumepy.log.log import Log
from flumepy.log.recovery import Recovery

log = logging.getLogger("flumepy.event_log")


@dataclass
class Recovered:
    """What an opened log holds. `low`: the frame of the first event that is not taken, or one before it."""

    log: Log[Frame]
    taken: TakenRanges
    low: int
    damages: int  #: places in the log that were left out
    lost: int  #: events that are neither there nor taken
    is_full: bool  #: the whole log was read

    @property
    def queued(self) -> int:
        """Return how many events are not taken."""
        return self.log.next_sequence - self.taken.watermark - self.taken.count_above


class Replay:
    """Collects what the frames of a log say, in one pass."""

    def __init__(self, name: str) -> None:
        self.taken = TakenRanges()
        self.starts: set[int] = set()  # of the first frame and of the sound TAKE frames that were asked for
        self.first: FrameHead | None = None
        self.gaps: list[Span] = []
        self._name = name
        self._expected = 0  # the next sequence number
        self._watched = -1
        self._format = NativeFormat()

    def watch(self, position: int) -> None:
        """Note in `starts` when a sound TAKE frame stands at this position."""
        self._watched = position

    def visit(self, heads: list[FrameHead], read: Callable[[FrameHead], bytes]) -> None:
        """Take in some frames, in order. Raises StartError for a kind that is not known."""
        if self.first is None:
            self.first = heads[0]
            self._expected = heads[0][2]
        for head in heads:
            _, _, sequence, count, kind = head
            if sequence > self._expected:
                self.gaps.append((self._expected, sequence))
            self._expected = sequence + count
            if kind == TAKE:
                self._take(head, read(head))
            elif kind == GAP:
                self.taken.add(sequence, sequence + count)
            elif kind != PUT:
                raise StartError(
                    f"{self._name}: the log holds frames of the kind {kind}, which this flumepy does not know. Start it"
                    " with the flumepy that wrote them, or a newer one. Nothing was changed"
                )

    def _take(self, head: FrameHead, data: bytes) -> None:
        try:
            if not self._format.scan(data, head[0], verify=True).heads:
                raise InputError("its checksum is wrong")
            takes = read_take(read_frame(data).payload)
        except InputError as error:
            log.error(
                "%s: the TAKE frame at position %d is damaged (%s); some events may be delivered again",
                self._name, head[0], error,
            )  # fmt: skip
            return
        if head[0] == self._watched:
            self.starts.add(head[0])
        self.taken.raise_watermark(takes.watermark)
        for first, stop in takes.spans:
            self.taken.add(first, stop)

    def end(self, first_sequence: int) -> int:
        """Count events below this number, and those in gaps, as taken; return how many were not: they are lost."""
        return self.taken.raise_watermark(first_sequence) + sum([self.taken.add(*gap) for gap in self.gaps])

    def is_whole(self, checkpoint: Checkpoint) -> bool:
        """Tell whether everything that the checkpoint promised was there."""
        return self.first is not None and self.first[0] == checkpoint.start and checkpoint.summary in self.starts


def recover(new_log: Callable[[], Log[Frame]], checkpoint: Checkpoint | None) -> Recovered:
    """Open a log and find out what is taken. Raises StartError."""
    if checkpoint is not None:
        opened = new_log()
        with _closed_on_error(opened):
            recovered = _from_checkpoint(opened, checkpoint)
        if recovered is not None:
            return recovered
        opened.close()
    opened = new_log()
    with _closed_on_error(opened):
        replay = Replay(opened.name)
        return _in_full(opened, replay, opened.open(None, replay.visit))


@contextmanager
def _closed_on_error(opened: Log[Frame]) -> Iterator[None]:
    try:
        with translate({OSError: StartError}, f"{opened.name}: the log cannot be read"):
            yield
    except BaseException:
        opened.close()
        raise


def _from_checkpoint(opened: Log[Frame], checkpoint: Checkpoint) -> Recovered | None:
    """Open from the checkpoint on; return None where it turns out to be no use."""
    replay = Replay(opened.name)
    replay.watch(checkpoint.summary)
    recovery = opened.open(checkpoint.start, replay.visit)
    if opened.identity != checkpoint.log_id:
        reason = "belongs to another log"
    elif opened.first_position > checkpoint.start:
        return _in_full(opened, replay, recovery)  # the log was released beyond the checkpoint, and read in full
    elif replay.is_whole(checkpoint):
        lost = replay.end(0)
        low = max(checkpoint.low, opened.locate(replay.taken.watermark, reads=False))
        return Recovered(opened, replay.taken, low, len(recovery.damages), lost, is_full=False)
    else:
        reason = "does not fit the log"
    if opened.segments() and opened.identity == checkpoint.log_id and opened.written_end <= checkpoint.summary:
        log.error(
            "%s: the log ends at position %d, but its checkpoint saw it reach %d: what was stored last is lost unless the"
            " folder that holds it comes back. If a disk of dataDirs is not mounted, stop the agent, mount it and start"
            " again.", opened.name, opened.written_end, checkpoint.summary,
        )  # fmt: skip
    elif opened.segments():  # else the store says what is lost
        log.warning("%s: the checkpoint %s; the whole log is read instead, which loses nothing.", opened.name, reason)
    return None


def _in_full(opened: Log[Frame], replay: Replay, recovery: Recovery) -> Recovered:
    # What lies before the first frame was taken before it was released, as a frame that is still there says.
    lost = replay.end(opened.next_sequence if replay.first is None else replay.first[2])
    low = opened.locate(replay.taken.watermark)
    return Recovered(opened, replay.taken, low, len(recovery.damages), lost, is_full=True)
