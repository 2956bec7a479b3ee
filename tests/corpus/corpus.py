"""Finds the corpus: the folder named by FLUMEPY_CORPUS, with `NNN.conf` files and `verdicts.json`.

verdicts.json holds, for every file and every agent in it, what the real Flume 1.11 kept: `validated` after validation, and
`live` (in `with_stubs`, where a class was missing) after configuring.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flumepy.config.model import Configuration
from flumepy.config.validate import validate
from flumepy.formats.properties import load_properties


@dataclass(frozen=True)
class Verdict:
    """One agent of one file, as the real Flume judged it."""

    path: Path
    agent: str
    judged: dict[str, Any]

    @property
    def validated(self) -> dict[str, list[str]]:
        """Return section -> names that Flume's validation kept; empty for an invalid agent."""
        return {section: sorted(names) for section, names in self.judged["validated"].items()}

    @property
    def live(self) -> dict[str, Any]:
        """Return what Flume would start, with a do-nothing class wherever one is missing."""
        judged: dict[str, Any] = self.judged.get("with_stubs", self.judged)["live"]
        return judged


def folder() -> Path:
    """Return the corpus' folder; skip the test, saying how to run it, when there is none."""
    where = os.environ.get("FLUMEPY_CORPUS")
    if not where or not Path(where, "verdicts.json").is_file():
        pytest.skip("corpus left out: set FLUMEPY_CORPUS to the folder with verdicts.json and its .conf files")
    return Path(where)


def verdicts() -> Iterator[Verdict]:
    """Yield every agent of every file."""
    home = folder()
    for file in json.loads((home / "verdicts.json").read_text(encoding="utf-8"))["files"]:
        for agent, judged in file["agents"].items():
            yield Verdict(home / file["file"], agent, judged)


def configuration(path: Path) -> Configuration:
    """Return what flumepy's validation makes of a file."""
    return validate(load_properties(path.read_bytes(), path.name))
