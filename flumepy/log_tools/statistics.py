"""What `flumepy channel stats` shows: the figures of a channel, as text or for programs."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from flumepy.event_log.frames import GAP, PUT, TAKE
from flumepy.log_tools.folders import StoredChannel
from flumepy.log_tools.listing import local_time
from flumepy.log_tools.survey import survey
from flumepy.log_tools.walk import Advance
from flumepy.log_tools.words import counted, known


@dataclass
class JavaStatistics:
    """What a Java agent left that is not taken over. found_by: what told which events are queued."""

    queued_events: int
    found_by: str
    files: int
    damaged_records: int
    lost_events: int
    lost_is_least: bool  #: more events than that may be lost
    problems: list[str]


@dataclass
class Statistics:
    """The figures of a channel. Events are counted while they are in the files: what was released is not known."""

    in_use_by: str | None = None
    queued_events: int = 0
    queued_bytes: int = 0  #: as stored
    oldest_ms: int | None = None
    stored_events: int = 0  #: put, and still in the files
    taken_events: int = 0
    put_since_ever: int = 0
    lost_events: int = 0
    figures_are_least: bool = False  #: more events than these two say may have been put, and be lost
    put_frames: int = 0
    take_frames: int = 0
    gap_frames: int = 0
    codings: dict[str, int] = field(default_factory=dict)  #: PUT frames by compression and encryption
    segments: int = 0
    spares: int = 0
    disk_bytes: int = 0
    damages: list[str] = field(default_factory=list)
    java: JavaStatistics | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the figures for programs."""
        return asdict(self)

    def lines(self, now_s: float) -> Iterator[str]:
        """Iterate the figures as text."""
        if self.in_use_by is not None:
            yield f"in use by        {self.in_use_by}; the figures move"
        yield f"queued           {counted(self.queued_events, 'event')}, {counted(self.queued_bytes, 'byte')} as stored"
        if self.oldest_ms is not None:
            age_s = max(0.0, now_s - self.oldest_ms / 1000)
            yield f"oldest           put {local_time(self.oldest_ms / 1000)}, {age_s:.0f} s ago"
        stored, lost = counted(self.stored_events, "event"), known(self.lost_events, is_least=self.figures_are_least)
        yield f"in the files     {stored} put, {self.taken_events} of them taken; {lost} lost"
        least = "at least " if self.figures_are_least else ""
        yield f"since ever       {least}{counted(self.put_since_ever, 'event')} put"
        puts, takes = counted(self.put_frames, "put"), counted(self.take_frames, "take")
        yield f"frames           {puts}, {takes}, {counted(self.gap_frames, 'repaired gap')}"
        coded = ", ".join(f"{name} ({counted(count, 'frame')})" for name, count in self.codings.items())
        yield f"coded            {coded or 'nothing'}"
        segments, spares = counted(self.segments, "segment"), counted(self.spares, "spare")
        yield f"disk             {counted(self.disk_bytes, 'byte')}: {segments}, {spares}"
        yield f"damage           {len(self.damages) or 'none'}"
        yield from (f"  {damage}" for damage in self.damages)
        if self.java is not None:
            java = self.java
            queued, files = counted(java.queued_events, "event"), counted(java.files, "file")
            yield f"of a Java agent  {queued} queued in {files}, found by its {java.found_by}"
            lost = known(java.lost_events, is_least=java.lost_is_least)
            yield f"                 {counted(java.damaged_records, 'damaged record')}, {lost} lost; not taken over yet"
            yield from (f"  {problem}" for problem in java.problems)


def statistics(channel: StoredChannel, advance: Advance = lambda _: None) -> Statistics:
    """Count what a channel holds. Raises InputError, StartError, ConfigurationError for a key of Java's files."""
    found = survey(channel, advance)
    holder = next(iter(channel.holders.values()), None)
    result = Statistics(
        in_use_by=str(holder) if holder is not None else None,
        queued_events=found.queued,
        queued_bytes=found.queued_bytes,
        oldest_ms=found.oldest_ms,
        stored_events=found.puts,
        taken_events=found.taken_count,
        put_since_ever=found.stop,
        lost_events=found.lost,
        figures_are_least=found.is_least,
        put_frames=found.frames[PUT],
        take_frames=found.frames[TAKE],
        gap_frames=found.frames[GAP],
        codings=dict(found.codings),
        segments=len(channel.segments),
        spares=len(channel.spares),
        disk_bytes=sum(_disk_bytes(folder) for folder in channel.folders.all()),
        damages=[hole.sentence() for hole in found.holes],
    )
    java = channel.java
    if java is not None:
        replay = java.replay()
        result.java = JavaStatistics(
            queued_events=replay.live_count,
            found_by=replay.origin,
            files=len(java.files()),
            damaged_records=replay.corrupt,
            lost_events=replay.lost,
            lost_is_least=replay.is_least,
            problems=replay.problems,
        )
    return result


def _disk_bytes(folder: Path) -> int:
    """Return what the files of a folder take on the disk."""
    total = 0
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(OSError):
            total += path.stat().st_blocks * 512 if path.is_file() else 0
    return total
