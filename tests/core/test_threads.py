"""Wake-ups are not lost, timers fire in order and may be cancelled, threads have names."""

import threading
import time

from flumepy.core.threads import TimerThread, Wakeup, call_later, start_thread
from flumepy.testing.fakes import wait_until


def test_a_thread_has_its_name_and_does_not_keep_the_process() -> None:
    seen: list[tuple[str, bool]] = []
    thread = start_thread(
        "source-r1", lambda: seen.append((threading.current_thread().name, threading.current_thread().daemon))
    )
    thread.join(10)
    assert seen == [("source-r1", True)]


def test_a_set_before_the_wait_is_not_lost() -> None:
    wakeup = Wakeup()
    wakeup.set()
    assert wakeup.wait(0)


def test_two_sets_wake_once() -> None:
    wakeup = Wakeup()
    wakeup.set()
    wakeup.set()
    assert wakeup.wait(0)
    assert not wakeup.wait(0)


def test_a_nudge_wakes_only_who_rests() -> None:
    wakeup = Wakeup()
    wakeup.nudge()
    assert not wakeup.wait(0)
    wakeup.is_resting = True
    wakeup.nudge()
    assert wakeup.wait(0)


def test_a_wait_ends_with_its_time() -> None:
    began_s = time.monotonic()
    assert not Wakeup().wait(0.02)
    assert time.monotonic() - began_s >= 0.02
    assert not Wakeup().wait(-5)


def test_a_wait_ends_with_a_set_from_another_thread() -> None:
    wakeup = Wakeup()
    outcome: list[bool] = []
    thread = start_thread("waiter", lambda: outcome.append(wakeup.wait(None)))
    wakeup.set()
    thread.join(10)
    assert outcome == [True]


def test_a_poke_reaches_only_a_waiter_that_is_armed() -> None:
    wakeup = Wakeup()
    wakeup.poke()
    assert not wakeup.wait(0)
    wakeup.is_armed = True
    wakeup.poke()
    assert wakeup.wait(0)


def test_many_pokes_lose_no_event() -> None:
    wakeup, box, seen = Wakeup(), [0], [0]
    total = 3000

    def consume() -> None:
        while seen[0] < total:
            if seen[0] == box[0]:
                wakeup.is_armed = True
                if seen[0] == box[0] and not wakeup.wait(10):
                    return
                wakeup.is_armed = False
            seen[0] = box[0]

    thread = start_thread("consumer", consume)
    for _ in range(total):
        box[0] += 1
        wakeup.poke()
    thread.join(30)
    assert seen[0] == total


def test_calls_are_made_when_due_and_in_order() -> None:
    calls: list[str] = []
    timers = TimerThread()
    began_s = time.monotonic()
    timers.call_later(0.06, lambda: calls.append("late"))
    timers.call_later(0.02, lambda: calls.append("early"))
    timers.call_later(0.0, lambda: calls.append("now"))
    wait_until(lambda: len(calls) == 3, what="three calls")
    assert calls == ["now", "early", "late"]
    assert time.monotonic() - began_s >= 0.06


def test_a_cancelled_call_is_not_made() -> None:
    calls: list[str] = []
    timers = TimerThread()
    timer = timers.call_later(0.01, lambda: calls.append("cancelled"))
    timer.cancel()
    timers.call_later(0.02, lambda: calls.append("kept"))
    wait_until(lambda: calls, what="the second call")
    assert calls == ["kept"]


def test_a_call_may_ask_for_the_next_one() -> None:
    calls: list[int] = []

    def again() -> None:
        calls.append(len(calls))
        if len(calls) < 3:
            call_later(0.001, again)

    call_later(0, again)
    wait_until(lambda: len(calls) == 3, what="three calls")


def test_one_thread_serves_all_time_outs() -> None:
    threads: list[threading.Thread] = []
    for _ in range(20):
        call_later(0, lambda: threads.append(threading.current_thread()))
    wait_until(lambda: len(threads) == 20, what="all calls")
    assert [thread.name for thread in set(threads)] == ["flumepy-timer"]
