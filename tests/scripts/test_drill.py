"""The drill itself: it finds a channel out that breaks its promises."""

import random
import time
from pathlib import Path
from typing import Any

import pytest
from drills import damage, faults, kills
from drills.damage import Cost, lose_a_segment
from drills.faults import Scenario
from drills.killing import Target, TargetDisk, kill_self
from drills.kills import KillReport, Series, drill

from flumepy.core.compiled import is_compiled
from flumepy.event_log import takes
from flumepy.event_log.frames import take_frame
from flumepy.log.frame import Frame

SEED = 3


def failures(folder: Path, number: int, *, loses_power: bool = False) -> list[str]:
    report: KillReport = drill(number, SEED, folder, lambda _: None, loses_power=loses_power, most_failures=1)
    return report.failures


def folder_of(folder: Path, number: int) -> Path:
    place = folder / str(number)
    place.mkdir()
    return place


def test_an_honest_channel_passes(tmp_path: Path) -> None:
    assert failures(tmp_path, 4) == []


def test_what_fails_since_the_machine_has_gone_is_no_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def kill_late() -> None:
        time.sleep(0.2)
        kill_self()

    monkeypatch.setattr(kills, "kill_self", kill_late)
    # One thread makes a file while another commits.
    monkeypatch.setattr(Series, "_target", lambda _: Target("create", 3, "before"))
    assert failures(tmp_path, 3, loses_power=True) == []


def test_a_channel_that_does_not_sync_is_found_out_when_the_power_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TargetDisk, "sync", lambda *_: None)
    found = failures(tmp_path, 60, loses_power=True)
    assert found
    assert f"seed power-{SEED}." in found[0]
    assert Path(found[0].split("directory ")[1].split("\n")[0]).is_dir()


@pytest.mark.skipif(is_compiled(), reason="a compiled module cannot be given another function")
def test_a_channel_that_forgets_a_part_of_a_take_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(watermark: int, spans: list[tuple[int, int]]) -> Frame:
        return take_frame(watermark, spans[1:])

    monkeypatch.setattr(takes, "take_frame", forgetful)
    assert failures(tmp_path, 10)


def test_a_channel_that_fails_is_found_out_with_its_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ValueError("no channel today")

    monkeypatch.setattr(kills, "open_channel", refuse)
    assert "no channel today" in failures(tmp_path, 1)[0]


def test_damage_that_costs_more_than_it_may_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def harmless_they_say(folder: Path, randoms: random.Random) -> Cost:
        lose_a_segment(folder, randoms)
        return Cost()

    monkeypatch.setattr(damage, "DAMAGES", (harmless_they_say,))
    found = [faults.damaged_files(Scenario(f"{SEED}.{number}", folder_of(tmp_path, number))) for number in range(3)]
    assert "puts have lost events, 0 may" in "".join(filter(None, found))
