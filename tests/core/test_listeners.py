"""Those whom a channel wakes: in the order in which they came, each as its state allows."""

from flumepy.core.listeners import Listeners
from flumepy.core.threads import Wakeup


def was_woken(wakeup: Wakeup) -> bool:
    return wakeup.wait(0)


def test_only_those_that_are_about_to_wait_are_woken() -> None:
    waiting, busy = Wakeup(), Wakeup()
    waiting.is_armed = True
    listeners = Listeners()
    listeners.add(waiting)
    listeners.add(busy)
    listeners.wake()
    assert (was_woken(waiting), was_woken(busy)) == (True, False)


def test_only_those_that_rest_are_nudged() -> None:
    resting, waiting = Wakeup(), Wakeup()
    resting.is_resting = waiting.is_armed = True
    listeners = Listeners()
    listeners.add(resting)
    listeners.add(waiting)
    listeners.nudge()
    assert (was_woken(resting), was_woken(waiting)) == (True, False)


def test_who_was_removed_sleeps_on_and_the_others_stay_in_order() -> None:
    wakeups = [Wakeup() for _ in range(3)]
    listeners = Listeners()
    for wakeup in wakeups:
        wakeup.is_armed = True
        listeners.add(wakeup)
    listeners.remove(wakeups[1])
    assert list(listeners) == [wakeups[0], wakeups[2]]
    assert len(listeners) == 2
    listeners.wake()
    assert [was_woken(wakeup) for wakeup in wakeups] == [True, False, True]
