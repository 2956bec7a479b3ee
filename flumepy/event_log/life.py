"""The life of a channel on a log: start, stop, the failure of the disk, checkpoints, and what is to be seen of it.

When the disk fails, everything open fails, and a thread of its own opens the log again, with recovery, as often as it takes:
that is a new *life* of the channel, and what was taken and not committed in the old one comes again.
"""

from abc import abstractmethod

from flumepy.core.component import Context
from flumepy.core.errors import ChannelError, FlumeError, StartError, StoppedError
from flumepy.core.options import OptionsT
from flumepy.core.queue_channel import QueueChannel
from flumepy.event_log.caretaker import Caretaker
from flumepy.event_log.counters import LogChannelCounters
from flumepy.event_log.ledger import Ledger
from flumepy.event_log.put import Put
from flumepy.event_log.queue import EventQueue
from flumepy.event_log.store import EventStore, Saved, Secrets, StoreSettings
from flumepy.log.disk import Disk
from flumepy.log.errors import LogFailedError, LogFullError
from flumepy.log.ticket import Level

COMPLAINT_INTERVAL_S = 10.0


class LogLife(QueueChannel[OptionsT]):
    """A channel with a queue that comes and goes. Subclasses say where it lives and how."""

    durability = "power-safe"
    is_reusable = False
    counters: LogChannelCounters

    def __init__(self, context: Context, options: OptionsT) -> None:
        self._ledger = ledger = Ledger(self, context.clock, context.name)
        super().__init__(context, options)
        self.counters = ledger.counters
        ledger.lock, ledger.waiting, ledger.listeners = self._lock, self._waiting, self.listeners
        ledger.closed = self._closed_error("it is not started")
        self.disk = Disk()
        self._store: EventStore | None = None
        self._caretaker = Caretaker(self, self.name, self.log)
        self._checkpoint_complaint: str | None = None
        self._full_said_s = float("-inf")

    def _apply(self, options: OptionsT) -> None:
        super()._apply(options)
        self._ledger.capacity = self.limits.capacity

    @property
    def _used(self) -> int:
        return self._ledger.used

    @_used.setter
    def _used(self, used: int) -> None:
        self._ledger.used = used

    @abstractmethod
    def store_settings(self) -> StoreSettings:
        """Return where the queue lives and how."""

    def secrets(self) -> Secrets:
        """Return the codec, and keys. Raises ConfigurationError, InputError."""
        return Secrets()

    @property
    def checkpoint_interval_s(self) -> float:
        """Return the time between checkpoints."""
        return 30.0

    @property
    def sync_interval_s(self) -> float | None:
        """Return the time between syncs, where commits do not sync."""
        return None

    @property
    def saves_at_stop(self) -> bool:
        """Tell whether a stop writes a checkpoint."""
        return True

    def start(self) -> None:
        """Open the log, with recovery. Raises StartError."""
        super().start()
        try:
            self.open()
        except StartError as error:
            self.counters.is_healthy = False
            self._ledger.closed = self._closed_error(str(error))
            raise
        self._caretaker.start(self.checkpoint_interval_s, self.sync_interval_s)
        if self._ledger.events is None:  # the disk has failed already
            self._caretaker.reopen()

    def open(self) -> None:
        """Begin a life of the queue. Raises StartError."""
        store = EventStore(
            self.store_settings(), secrets=self.secrets, disk=self.disk, clock=self.context.clock,
            owner=self,
        )  # fmt: skip
        events = store.open()
        events.log.make_spares()
        with self._lock:
            self._store, self._ledger.events = store, events
            self._ledger.used = events.available + self._ledger.reserved
            self.counters.channel_size = events.available
            self.counters.is_open = self.counters.is_healthy = True
            admitted = self._admit_waiting()
        self._finish(admitted)
        self.wake_listeners()

    def stop(self) -> None:
        """End waiting puts and the queue; the events stay on disk."""
        self._end_life(StoppedError(f"{self.name}: the channel was stopped"))
        super().stop()
        self._caretaker.stop()
        self._end_life(self._ledger.closed)  # of a queue that was opened again meanwhile
        self.close_store(saves=self.saves_at_stop)

    def _end_life(self, reason: FlumeError) -> None:
        with self._lock:
            self._ledger.events = None
            self._ledger.closed = reason
            self.counters.is_open = False

    def close_store(self, *, saves: bool) -> None:
        """Close the log and unlock its folders."""
        store, self._store = self._store, None
        if store is not None:
            self._count(store.close(saves=saves))

    def disk_failed(self, events: EventQueue | None, error: FlumeError) -> None:
        """End this life of the queue, once; the next one begins by itself."""
        with self._lock:
            if events is None or events is not self._ledger.events:
                return
            self._ledger.events = None
            self._ledger.closed = self._closed_error(str(error))
            self.counters.is_open = self.counters.is_healthy = False
        self.log.error("%s", error)
        self._caretaker.reopen()

    def _closed_error(self, reason: str) -> ChannelError:
        return ChannelError(f"Channel closed [channel={self.name}]. Due to {reason}")

    @abstractmethod
    def puts_ended(self, queue: EventQueue, puts: list[Put], error: FlumeError | None) -> None:
        """Count puts that are stored, or failed, and tell them."""

    @abstractmethod
    def put_failed(self, queue: EventQueue, put: Put, error: FlumeError) -> FlumeError:
        """Count a put that failed; return the error that its thread gets."""

    @abstractmethod
    def take_failed(self, queue: EventQueue, error: FlumeError) -> ChannelError:
        """Count a take that failed; return the error that its thread gets."""

    @abstractmethod
    def admit_waiting(self) -> None:
        """Give room to puts that wait."""

    def make_space_later(self) -> None:
        """Have another file made ahead, in a moment."""
        self._caretaker.make_space()

    def events_lost(self, count: int) -> None:
        """Take note of events that the queue turned out not to have."""
        with self._lock:
            self._ledger.used -= count
            self.counters.channel_size = self._ledger.used - self._ledger.reserved
            admitted = self._admit_waiting()
        folders = ", ".join(map(str, self.store_settings().data_dirs))
        self.log.error("%d events of the log in %s are lost: their part of it is damaged or missing.", count, folders)
        self._finish(admitted)

    def save(self) -> None:
        """Write the checkpoint, if anything changed."""
        store, events = self._store, self._ledger.events
        if store is None or events is None:
            return
        try:
            self._count(store.save())
        except LogFullError as error:
            self._count(Saved(str(error)))
        except LogFailedError as error:
            self.disk_failed(events, error)

    def make_space(self) -> None:
        """Make the files ahead that puts will need: an event loop that puts must not wait for that."""
        events = self._ledger.events
        if events is None:
            return
        try:
            events.make_space()
        except LogFailedError as error:
            self.disk_failed(events, error)

    def _count(self, saved: Saved) -> None:
        self.counters.checkpoint_error += saved.checkpoint_error is not None
        self.counters.backup_error += saved.backup_error is not None
        complaint = saved.checkpoint_error or saved.backup_error
        if complaint is not None and complaint != self._checkpoint_complaint:
            self.log.warning("%s; a start reads more of the log then, nothing is lost.", complaint)
        self._checkpoint_complaint = complaint

    def tell_full(self, put: Put, reason: FlumeError) -> None:
        """Say that the disk is full, not at every put."""
        now_s = self.context.clock.monotonic_s()
        if now_s - self._full_said_s >= COMPLAINT_INTERVAL_S:
            self._full_said_s = now_s
            self._ledger.refused = put
            self.log.warning("%s", reason)

    def tell_room(self) -> None:
        """Say that the disk is no longer full."""
        self.log.info("There is space again; puts go on.")

    def sync(self) -> None:
        """Let the log sync, without waiting for it."""
        events = self._ledger.events
        if events is not None:
            events.log.call_when(Level.SYNCED, lambda error: None if error is None else self.disk_failed(events, error))

    @property
    def size(self) -> int:
        """Return how many events a take could get."""
        events = self._ledger.events
        return events.available if events is not None else 0

    @property
    def undelivered(self) -> int:
        """Return the number of events that no sink has committed: queued, or in an open take."""
        return self._ledger.used - self._ledger.reserved

    @property
    def bytes_queued(self) -> int:
        """Return the bytes of what waits: of bodies in memory, of frames on the disk; without open takes."""
        events = self._ledger.events
        return events.bytes_queued if events is not None else 0

    @property
    def oldest_event_age_s(self) -> float | None:
        """Return how long the event at the head has been in the channel; None while only the disk knows."""
        events = self._ledger.events
        if events is None or not events.available:
            return 0.0
        put_s = events.oldest_put_s
        return None if put_s is None else self.context.clock.monotonic_s() - put_s
