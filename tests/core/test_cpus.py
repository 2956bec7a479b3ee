"""The process keeps to the processors that others leave it."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from flumepy.core import cpus
from flumepy.core.cpus import Placement, let_go, unplaced, wanted_count

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system has no processor affinity")

ALL = frozenset(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else frozenset()
SEVERAL = pytest.mark.skipif(len(ALL) < 2, reason="there is only one processor")


@pytest.fixture
def placement() -> Iterator[Placement]:
    placed = Placement(1)
    yield placed
    placed.stop()
    os.sched_setaffinity(0, ALL)


@SEVERAL
def test_it_keeps_every_thread_to_one_processor_and_lets_go_at_the_end(placement: Placement) -> None:
    placement.start()
    assert {len(os.sched_getaffinity(int(task))) for task in os.listdir("/proc/self/task")} == {1}
    placement.stop()
    assert os.sched_getaffinity(0) == ALL


@SEVERAL
def test_it_moves_to_where_others_are_less_busy(placement: Placement) -> None:
    placement.start()
    (here,) = os.sched_getaffinity(0)
    shares = dict.fromkeys(ALL, 0.0)
    assert not placement._follow(shares | {here: cpus.MOVE_SHARE / 2}), "a small difference is no reason to move"
    assert placement._follow(shares | {here: 0.9})
    assert here not in os.sched_getaffinity(0)


@SEVERAL
def test_an_unplaced_thread_is_left_to_the_kernel_until_it_is_done(placement: Placement) -> None:
    inside, leave = threading.Event(), threading.Event()

    def work() -> None:
        with unplaced():
            inside.set()
            leave.wait(10)

    placement.start()
    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(10)
    assert thread.native_id is not None
    assert os.sched_getaffinity(thread.native_id) == ALL
    placement._move(frozenset([max(ALL)]))
    assert os.sched_getaffinity(thread.native_id) == ALL
    assert os.sched_getaffinity(0) == {max(ALL)}
    leave.set()
    thread.join(10)
    assert thread.native_id not in cpus._unplaced


def test_all_processors_are_left_to_the_kernel_when_asked() -> None:
    placed = Placement(0)
    placed.start()
    assert os.sched_getaffinity(0) == ALL


@SEVERAL
def test_a_program_that_was_started_may_use_all_processors(placement: Placement) -> None:
    placement.start()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as program:
        assert len(os.sched_getaffinity(program.pid)) == 1
        let_go(program.pid)
        assert os.sched_getaffinity(program.pid) == ALL
    let_go(program.pid)  # it has ended: nothing happens


@pytest.mark.parametrize(("text", "count"), [(None, 1), ("2", 2), ("all", 0), (" ALL ", 0)])
def test_the_property_says_how_many(text: str | None, count: int) -> None:
    assert wanted_count(text) == count


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="x"):
        wanted_count("x")
