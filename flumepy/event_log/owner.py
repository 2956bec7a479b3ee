"""What a queue tells the channel that it belongs to."""

from typing import TYPE_CHECKING, Protocol

from flumepy.core.errors import FlumeError
from flumepy.event_log.put import Put

if TYPE_CHECKING:
    from flumepy.event_log.queue import EventQueue


class Owner(Protocol):
    """Called without a lock, on any thread, maybe one of the log; a call must be short."""

    def wake_listeners(self) -> None:
        """Events are to be had."""

    def puts_ended(self, queue: "EventQueue", puts: list[Put], error: FlumeError | None) -> None:
        """Puts are stored, or have all failed; one call at a time for those that no thread waits for."""

    def events_lost(self, count: int) -> None:
        """So many events turned out to be gone."""

    def make_space_later(self) -> None:
        """A file was taken into use; it is time to make another."""

    def disk_failed(self, queue: "EventQueue", error: FlumeError) -> None:
        """The log can no longer be used."""


class NoOwner:
    """Of a queue without a channel: puts are told how they ended, and nobody else is told anything."""

    def wake_listeners(self) -> None:
        """Nobody waits."""

    def puts_ended(self, queue: "EventQueue", puts: list[Put], error: FlumeError | None) -> None:
        """Tell each."""
        for put in puts:
            if put.then is not None:
                put.then(error)

    def events_lost(self, count: int) -> None:
        """Nobody counts."""

    def make_space_later(self) -> None:
        """The next append makes it."""

    def disk_failed(self, queue: "EventQueue", error: FlumeError) -> None:
        """Its next use shows it."""
