"""The position file: what kill -9 leaves, and what is torn."""

import io
import math
import os
import random
import subprocess
import sys
from pathlib import Path

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.sources.spooldir_position import PositionFile, StoredPosition, read_position
from flumepy.testing.fakes import wait_until
from tests.sources.test_spooldir import write

KILLS = 6


def test_the_position_file_is_an_avro_container_with_the_last_offset_last(tmp_path: Path) -> None:
    position = PositionFile(tmp_path / "meta", "/spool/a.log")
    for offset in (1, 300, 1 << 40):
        position.store(offset)
    position.close()
    container = fastavro.reader(io.BytesIO((tmp_path / "meta").read_bytes()))
    assert [record["offset"] for record in container] == [1, 300, 1 << 40]  # type: ignore[index,call-overload]
    assert container.metadata["file"] == "/spool/a.log"
    assert read_position(tmp_path / "meta") == StoredPosition("/spool/a.log", 1 << 40)


def test_opening_it_again_keeps_the_offset_of_the_same_target_only(tmp_path: Path) -> None:
    first = PositionFile(tmp_path / "meta", "/a")
    first.store(77)
    first.close()
    again = PositionFile(tmp_path / "meta", "/a")
    again.close()
    assert again.offset == 77
    other = PositionFile(tmp_path / "meta", "/b")
    other.close()
    assert other.offset == 0
    assert read_position(tmp_path / "meta") == StoredPosition("/b", 0)


def test_a_target_whose_name_is_not_utf_8_is_found_again(tmp_path: Path) -> None:
    target = os.fsdecode(b"/spool/\xff.log")
    position = PositionFile(tmp_path / "meta", target)
    position.store(5)
    position.close()
    assert read_position(tmp_path / "meta") == StoredPosition(target, 5)


@given(st.integers(0, 250), st.binary(max_size=20))
def test_a_torn_file_gives_an_earlier_offset_or_none(
    tmp_path_factory: pytest.TempPathFactory, cut: int, tail: bytes
) -> None:
    path = tmp_path_factory.mktemp("torn") / "meta"
    position = PositionFile(path, "/a")
    for offset in (10, 20, 30):
        position.store(offset)
    position.close()
    path.write_bytes(path.read_bytes()[:cut] + tail)
    stored = read_position(path)
    assert stored is None or cut + len(tail) < 20 or stored.offset in (0, 10, 20, 30)


def test_kill_9_loses_no_line_and_repeats_at_most_one_batch(tmp_path: Path) -> None:
    spool, output = tmp_path / "spool", tmp_path / "output"
    lines = [b"%07d" % number for number in range(150_000)]
    write(spool / "a", b"".join(line + b"\n" for line in lines))
    dice = random.Random(4711)
    for kill in range(KILLS):
        size_before = output.stat().st_size if output.exists() else 0
        goal = size_before + dice.randrange(1, 8 * len(lines) // (KILLS + 2))
        driver = start_driver(spool, output, goal + 20_000)
        try:
            wait_until(lambda goal=goal: output.exists() and output.stat().st_size >= goal)  # type: ignore[misc]
        finally:
            driver.kill()
            driver.wait()
        assert (spool / "a").exists(), f"the file was finished before kill {kill}: it is too short for this test"
    driver = start_driver(spool, output)
    try:
        wait_until((spool / "a.COMPLETED").exists, timeout_s=60)
    finally:
        driver.kill()
        driver.wait()
    repeats = check_order(output.read_bytes().splitlines(), lines)
    assert len(repeats) <= KILLS
    assert all(count <= 100 for count in repeats)


def start_driver(spool: Path, output: Path, most_bytes: float = math.inf) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.sources.spooldir_driver", str(spool), str(output), str(most_bytes)]
    return subprocess.Popen(command)


def check_order(found: list[bytes], lines: list[bytes]) -> list[int]:
    """Fail where a line is missing; return how many lines were repeated at each step back."""
    repeats, expected = [], 0
    for line in found:
        number = int(line)
        if number != expected:
            assert number < expected, f"line {expected} is missing before {number}"
            repeats.append(expected - number)
        expected = number + 1
    assert expected == len(lines)
    return repeats
