"""Exporting the events of a channel into a file; nothing is taken from the channel."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from flumepy.core.errors import InputError
from flumepy.event_log.frames import PayloadCodec
from flumepy.formats.flume_log import Replay
from flumepy.log_tools.decode import stored_batches
from flumepy.log_tools.event_files import STDOUT, EventWriter, file_errors, new_file
from flumepy.log_tools.folders import StoredChannel
from flumepy.log_tools.repair import set_aside
from flumepy.log_tools.walk import Advance, Hole, HoleKind
from flumepy.log_tools.words import counted, known


@dataclass
class Exported:
    """What an export did. `split`: events in plain lines that have line feeds in them."""

    events: int = 0
    damages: int = 0
    lost: int = 0
    is_least: bool = False  #: more may be lost than that
    split: int = 0

    def lines(self, target: Path) -> Iterator[str]:
        """Iterate the summary."""
        yield f"{counted(self.events, 'event')} written to {'stdout' if target == STDOUT else target}"
        if self.damages:
            lost = known(self.lost, is_least=self.is_least)
            yield f"Damaged places left out: {self.damages}; events in them, as far as can be told: {lost}"
        if self.split:
            bodies = (
                "1 body has line feeds in it" if self.split == 1 else f"{self.split} bodies have line feeds in them"
            )
            yield f"{bodies}, so each would come back as several events"


def export(
    channel: StoredChannel,
    codec: PayloadCodec,
    target: Path,
    form: str,
    *,
    everything: bool = False,
    force: bool = False,
    aside: Path | None = None,
    met: Callable[[Hole, Path | None], object] = lambda _, __: None,
    met_java: Callable[[str], object] = lambda _: None,
    advance: Advance = lambda _: None,
) -> Exported:
    """Write the queued events, or all that are stored, in order. aside: a folder that gets the damaged bytes.
    met, met_java: called with what is left out, of our log and of a Java agent's files.

    Raises InputError, ConfigurationError for a key that is missing; there is no file then (a pipe has got a part).
    """
    if channel.take_over is not None and channel.java is not None:
        raise InputError(
            "a take-over of the Java agent's events was interrupted, so some of them stand here twice; finish it with"
            " `flumepy adopt`, or start the agent once"
        )
    done = Exported()

    def damaged(hole: Hole) -> None:
        if hole.kind is HoleKind.HEADER:
            return  # costs no event
        done.damages += 1
        done.lost += hole.lost
        done.is_least = done.is_least or hole.is_least
        copy = None
        if aside is not None:
            with file_errors(aside, "written"):
                copy = set_aside(hole, aside)
        met(hole, copy)

    def replayed(replay: Replay) -> None:
        done.damages += replay.places
        done.lost += replay.lost
        done.is_least = done.is_least or replay.is_least
        for line in replay.left_out.values():
            met_java(line)

    writer = EventWriter(form)
    batches = stored_batches(channel, codec, everything=everything, met=damaged, met_java=replayed, advance=advance)
    with new_file(target, force=force) as file:
        file.write(writer.begin())
        for batch in batches:
            file.write(writer.encode(batch))
            done.events += len(batch)
        file.write(writer.end())
    done.split = writer.split
    return done
