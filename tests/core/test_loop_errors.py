"""What the event loop's exception handler says."""

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Iterator

import pytest

from flumepy.core.loop_errors import LoopErrors


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def report(errors: LoopErrors, loop: asyncio.AbstractEventLoop, error: Exception) -> None:
    errors(loop, {"message": "it failed", "exception": error})


def test_each_error_of_the_system_is_one_sentence_a_minute(
    loop: asyncio.AbstractEventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    errors = LoopErrors(logging.getLogger("flumepy.test"))
    for number in (errno.EMFILE, errno.ETIMEDOUT, errno.EMFILE, errno.ETIMEDOUT):
        report(errors, loop, OSError(number, os.strerror(number)))
    assert caplog.messages == [
        "Too many open files: new connections wait until others end; raise the limit (ulimit -n).",
        "it failed: Connection timed out",
    ]
    assert not any(record.exc_info for record in caplog.records)


def test_any_other_error_is_a_defect_with_its_trace(
    loop: asyncio.AbstractEventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    errors = LoopErrors(logging.getLogger("flumepy.test"))
    report(errors, loop, ValueError("x"))
    report(errors, loop, ValueError("x"))
    assert caplog.messages == ["it failed. This is a defect; please report it."] * 2
    assert all(record.exc_info for record in caplog.records)


def test_asyncio_s_late_try_to_listen_on_a_closed_listener_is_no_defect(
    loop: asyncio.AbstractEventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    async def listen_again() -> None:
        listener = socket.socket()
        listener.close()
        # What asyncio calls a second after an accept failed for want of descriptors.
        loop.call_soon(loop._start_serving, asyncio.Protocol, listener)  # type: ignore[attr-defined]
        await asyncio.sleep(0.01)

    loop.set_exception_handler(LoopErrors(logging.getLogger("flumepy.test")))
    loop.run_until_complete(listen_again())
    assert caplog.messages == []
    loop.call_soon(int, "x")
    loop.run_until_complete(asyncio.sleep(0.01))
    assert len(caplog.messages) == 1
