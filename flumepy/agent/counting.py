"""The counters of components live as long as what they count runs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flumepy.core.component import Component


@contextmanager
def counting(components: "Sequence[Component[Any]]") -> Iterator[None]:
    """Zero and start the counters of components that have some; undone where their start fails."""
    groups = [component.counters for component in components if component.counters is not None]
    for group in groups:
        group.start()
    try:
        yield
    except BaseException:
        for group in groups:
            group.start_failed()
        raise


def stop_counting(components: "Sequence[Component[Any]]") -> None:
    """Close the counters of components that have some and were started."""
    for component in components:
        if component.counters is not None and component.counters.is_running:
            component.counters.stop()
