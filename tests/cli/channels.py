"""Running `flumepy channel`, and directories to run it on."""

import json
import tarfile
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from flumepy.cli.main import flume_ng, flumepy

FIXTURES = Path(__file__).parents[1] / "fixtures" / "flume-file-channel"
EXPECTED = json.loads((FIXTURES / "expected.json").read_text())


def call(*arguments: object, program: str = "flumepy") -> Result:
    """Run a command in this process."""
    group = flume_ng if program == "flume-ng" else flumepy
    return CliRunner().invoke(group, [str(argument) for argument in arguments], prog_name=program)


def channel(*arguments: object) -> Result:
    """Run a command below `flumepy channel`."""
    return call("channel", *arguments)


def java_folders(name: str, target: Path) -> list[Path]:
    """Unpack a fixture; return its two data directories and the one of its checkpoint."""
    with tarfile.open(FIXTURES / f"{name}.tar.gz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # from Python 3.11.4 on
        archive.extractall(target)
    root = target / ("encdata" if name == "encrypted-aes" else name)
    return [root / "d1", root / "d2", root / "cp"]


def events_of(path: Path) -> list[dict[str, Any]]:
    """Return the events of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
