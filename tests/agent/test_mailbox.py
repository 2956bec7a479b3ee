"""The main thread wakes for words and for signals, whichever thread they hit."""

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from flumepy.agent.mailbox import Mailbox
from flumepy.core.threads import start_thread


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    made = Mailbox()
    made.catch_signals()
    yield made
    made.close()


def test_words_come_in_order_and_none_after_the_time_out(mailbox: Mailbox) -> None:
    mailbox.put("one")
    mailbox.put("two")
    assert [mailbox.get(5), mailbox.get(5)] == ["one", "two"]
    assert mailbox.get(0) is None
    assert mailbox.get(0.01) is None


def test_a_word_from_another_thread_ends_the_wait(mailbox: Mailbox) -> None:
    start_thread("test-put", lambda: mailbox.put("word"))
    assert (mailbox.get(10) or mailbox.get(10)) == "word"


def test_more_words_than_the_socket_holds_are_all_kept(mailbox: Mailbox) -> None:
    for number in range(5000):
        mailbox.put(str(number))
    assert [mailbox.get(1) for _ in range(5000)] == [str(number) for number in range(5000)]


def test_a_signal_that_hits_another_thread_wakes_the_main_thread(mailbox: Mailbox) -> None:
    before = signal.signal(signal.SIGUSR1, lambda number, frame: mailbox.put("signal"))
    ready = threading.Event()

    def hit() -> None:
        ready.set()
        time.sleep(0.05)  # the main thread waits by then; a signal before the wait is not lost either
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

    try:
        start_thread("test-hit", hit)
        ready.wait()
        began_s = time.monotonic()
        assert (mailbox.get(30) or mailbox.get(30)) == "signal"
        assert time.monotonic() - began_s < 10
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_after_close_words_are_dropped_and_signals_are_as_they_were() -> None:
    known = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(known)
    mailbox = Mailbox()
    mailbox.catch_signals()
    mailbox.close()
    mailbox.close()
    mailbox.put("late")
    os.kill(os.getpid(), 0)
    assert signal.set_wakeup_fd(known) == known
