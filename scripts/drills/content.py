"""Events that say who they are: put and index stand in the body, everything else follows from them and is checked."""

from collections.abc import Sequence

from drills.oracle import Run, Violation
from flumepy.core.batch import Event, EventBatch

LARGEST_BODY_BYTES = 3000


def make_batch(number: int, start: int, stop: int) -> EventBatch:
    """Return events `start` to `stop` of a put."""
    bodies = [_body(number, index) for index in range(start, stop)]
    if number % 4 == 0:
        return EventBatch.from_lines([body + b"\n" for body in bodies])
    if number % 4 == 1:
        return EventBatch(bodies, {"put": str(number), "line": [str(index) for index in range(start, stop)]})
    return EventBatch(bodies, {"put": str(number)} if number % 4 == 2 else {})


def read_runs(batches: Sequence[EventBatch]) -> list[Run]:
    """Return which events these are. Raises Violation for one that is not as it was put."""
    runs: list[Run] = []
    for batch in batches:
        for event in batch.events():
            number, index = _name(event)
            if runs and runs[-1][0] == number and runs[-1][2] == index:
                runs[-1] = (number, runs[-1][1], index + 1)
            else:
                runs.append((number, index, index + 1))
    return runs


def _name(event: Event) -> tuple[int, int]:
    try:
        number, index = map(int, event.body.split(b".", 2)[:2])
    except ValueError:
        raise Violation(f"an event that nobody put: {event.body[:60]!r}") from None
    headers = {}
    if number % 4 in (1, 2):
        headers["put"] = str(number)
    if number % 4 == 1:
        headers["line"] = str(index)
    if event.body != _body(number, index) or event.headers != headers:
        raise Violation(f"event {(number, index)} is not as it was put: {event.body[:60]!r} {event.headers}")
    return number, index


def _body(number: int, index: int) -> bytes:
    noise = (number * 2654435761 + index * 40503) & 0xFFFFFFFF
    # Mostly short, now and then so long that a few fill a segment.
    size = noise % 60 if noise & 0x700 else noise % LARGEST_BODY_BYTES
    return b"%d.%d.%s" % (number, index, b"%08x" % noise * (size // 8))
