"""Those whom a channel wakes."""

from collections.abc import Iterator

from flumepy.core.threads import Wakeup


class Listeners:
    """Wake-ups, in the order in which they came; any thread may use them."""

    __slots__ = ("_all",)

    def __init__(self) -> None:
        self._all: tuple[Wakeup, ...] = ()

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Wakeup]:
        return iter(self._all)

    def add(self, wakeup: Wakeup) -> None:
        """Wake this one too."""
        self._all = (*self._all, wakeup)

    def remove(self, wakeup: Wakeup) -> None:
        """Wake it no longer."""
        self._all = tuple([known for known in self._all if known is not wakeup])

    def wake(self) -> None:
        """Wake those that wait for events."""
        for wakeup in self._all:
            wakeup.poke()

    def nudge(self) -> None:
        """Wake those that rest."""
        for wakeup in self._all:
            wakeup.nudge()
