"""What can happen to files while nobody has them open: flipped bytes, torn ends, files that are missing or too many.

Each kind says how much it may cost: how many puts may be lost, and whether taken events may come again. What is asked of the
channel is that it starts, or refuses with an error that names a file, and that nothing else is lost, changed or invented.
"""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flumepy.log.segment import HEADER_BYTES, SUFFIX


@dataclass(frozen=True)
class Cost:
    """The most that a damage may cost. None: any number."""

    lost_puts: int | None = 0
    repeats: bool = False


Damage = Callable[[Path, random.Random], Cost]


def flip_in_segment(folder: Path, randoms: random.Random) -> Cost:
    """Change a byte of a frame: one put may be lost, or what one take left behind."""
    segments = _segments(folder)
    if segments:
        path = randoms.choice(segments)
        data = bytearray(path.read_bytes())
        used = len(data.rstrip(b"\0"))
        if used > HEADER_BYTES:
            data[randoms.randrange(HEADER_BYTES, used)] ^= 1 << randoms.randrange(8)
            path.write_bytes(data)
    return Cost(lost_puts=1, repeats=True)


def flip_in_header(folder: Path, randoms: random.Random) -> Cost:
    """Change a byte of a segment's header, which only helps."""
    segments = _segments(folder)
    if segments:
        path = randoms.choice(segments)
        data = bytearray(path.read_bytes())
        data[randoms.randrange(HEADER_BYTES)] ^= 1 << randoms.randrange(8)
        path.write_bytes(data)
    return Cost()


def flip_anywhere_else(folder: Path, randoms: random.Random) -> Cost:
    """Change a byte of a checkpoint, a spare or whatever else there is."""
    others = [path for path in _files(folder) if path.suffix != SUFFIX and path.stat().st_size]
    if others:
        path = randoms.choice(others)
        data = bytearray(path.read_bytes())
        data[randoms.randrange(len(data))] ^= 1 << randoms.randrange(8)
        path.write_bytes(data)
    return Cost()


def tear_the_end(folder: Path, randoms: random.Random) -> Cost:
    """Zero the last bytes that were written, as a power failure does: the last frames are gone."""
    segments = _segments(folder)
    if segments:
        data = bytearray(segments[-1].read_bytes())
        used = len(data.rstrip(b"\0"))
        cut = min(randoms.randint(1, 40), used - HEADER_BYTES)
        if cut > 0:
            data[used - cut : used] = bytes(cut)
            segments[-1].write_bytes(data)
    return Cost(lost_puts=1, repeats=True)


def garbage_at_the_end(folder: Path, randoms: random.Random) -> Cost:
    """Write noise behind the last frame."""
    segments = _segments(folder)
    if segments:
        data = bytearray(segments[-1].read_bytes())
        # The last frame may end with zeros.
        start = len(data.rstrip(b"\0")) + 64
        noise = randoms.randbytes(max(0, min(randoms.randint(1, 2000), len(data) - start)))
        data[start : start + len(noise)] = noise
        segments[-1].write_bytes(data)
    return Cost()


def lose_checkpoints(folder: Path, randoms: random.Random) -> Cost:
    """Delete every file that is no segment and no spare."""
    for path in _files(folder):
        if path.suffix not in (SUFFIX, ".spare"):
            path.unlink()
    return Cost()


def lose_spares(folder: Path, randoms: random.Random) -> Cost:
    """Delete the spare files."""
    for path in _files(folder):
        if path.suffix == ".spare":
            path.unlink()
    return Cost()


def lose_a_segment(folder: Path, randoms: random.Random) -> Cost:
    """Delete a segment: its events are gone, and what it said about takes."""
    segments = _segments(folder)
    if segments:
        randoms.choice(segments).unlink()
    return Cost(lost_puts=None, repeats=True)


def strangers(folder: Path, randoms: random.Random) -> Cost:
    """Put files and folders there that nobody knows."""
    for place in [path for path in folder.iterdir() if path.is_dir()]:
        (place / "lost+found").mkdir(exist_ok=True)
        (place / ".nfs0001").write_bytes(b"")
        (place / f"{randoms.randrange(100)}.spare.tmp").write_bytes(b"x" * 100)
        (place / "notes.txt").write_text("do not delete", encoding="utf-8")
        (place / "999999.spare").write_bytes(randoms.randbytes(randoms.randrange(3000)))
    return Cost()


def old_checkpoint(folder: Path, randoms: random.Random) -> Cost:
    """Bring back the checkpoint that was there when this was last done: it is older than what has been released."""
    keep = folder.parent / f"{folder.name}-kept"
    checkpoints = [path for path in _files(folder) if "checkpoint" in path.name]
    for path in checkpoints:
        kept = keep / path.relative_to(folder)
        kept.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.read_bytes()
        if kept.exists():
            shutil.copyfile(kept, path)
        kept.write_bytes(fresh)
    return Cost()


DAMAGES: tuple[Damage, ...] = (
    flip_in_segment, flip_in_header, flip_anywhere_else, tear_the_end, garbage_at_the_end, lose_checkpoints, lose_spares,
    lose_a_segment, strangers, old_checkpoint,
)  # fmt: skip


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "in_use.lock")


def _segments(folder: Path) -> list[Path]:
    return sorted((path for path in _files(folder) if path.suffix == SUFFIX), key=lambda path: path.name)
