"""JDBC channel: events in a database. Flume's own is an embedded Derby, the only one that ever worked; here it is SQLite.

Channels that name the same file share it, separated by their names; `jdbc_database.py` has the file, its lock and its one
writing thread, `jdbc_queue.py` what is visible of one channel. Puts never wait for room, as in Flume: what does not fit is
refused at once. Source: JdbcChannelProviderImpl, DerbySchemaHandler.
"""

from pathlib import Path

from flumepy.channels.jdbc.database import Database, close_database, open_database
from flumepy.channels.jdbc.location import DERBY, INSTEAD, SQLITE, location_of, without_secrets
from flumepy.channels.jdbc.queue import RowQueue
from flumepy.channels.jdbc.transaction import JdbcTransaction, StoredOffer
from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel
from flumepy.core.component import Context
from flumepy.core.errors import (
    BatchTooLargeError,
    ChannelError,
    ChannelFullError,
    ConfigurationError,
    StartError,
    StoppedError,
    UnsupportedError,
)
from flumepy.core.folders import home_folder
from flumepy.core.offer import Done, Line, Offer
from flumepy.core.options import Options, opt
from flumepy.core.problems import Problem, Severity
from flumepy.core.transaction import Transaction

OLD = "org.apache.flume.channel.jdbc."
DATABASES = ("DERBY", "MYSQL")
OTHER = "Database OTHER not supported at this time"
ISOLATIONS = ("READ_UNCOMMITTED", "READ_COMMITTED", "REPEATABLE_READ", "SERIALIZABLE")
LONGEST_NAME = 64


class JdbcOptions(Options):
    """Properties of the jdbc channel."""

    db_type: str | None = opt("db.type", None, deprecated_keys=(OLD + "db.type",),
                              doc="DERBY or MYSQL; has no effect.")  # fmt: skip
    driver_class: str | None = opt("driver.class", None, deprecated_keys=(OLD + "driver.class",),
                                   doc="JDBC driver; has no effect.")  # fmt: skip
    driver_url: str | None = opt(
        "driver.url", None, deprecated_keys=(OLD + "driver.url",),
        doc="jdbc:sqlite:PATH, or jdbc:derby:FOLDER for the SQLite file FOLDER.sqlite; default the latter with"
            " ~/.flume/jdbc-channel/db. Any other is refused at the start.",
    )  # fmt: skip
    username: str | None = opt("db.username", None, deprecated_keys=(OLD + "db.username",), doc="User; has no effect.")
    password: str | None = opt(
        "db.password", None, deprecated_keys=(OLD + "db.password",), secret=True, doc="Password; has no effect."
    )
    properties_file: str | None = opt("connection.properties.file", None, doc="Properties for the driver; no effect.",
                                      deprecated_keys=(OLD + "connection.properties.file",))  # fmt: skip
    create_schema: bool = opt("create.schema", True, deprecated_keys=(OLD + "create.schema",),
                              doc="Make the tables; false refuses to start with a file that has none.")  # fmt: skip
    create_index: bool = opt("create.index", True, deprecated_keys=(OLD + "create.index",), doc="Make the indexes.",
                             ignored="the tables need no other index than their keys")  # fmt: skip
    create_foreign_key: bool = opt("create.foreignkey", True, deprecated_keys=(OLD + "create.foreignkey",),
                                   doc="Make the foreign keys.", ignored="the tables have none")  # fmt: skip
    isolation: str = opt("transaction.isolation", "READ_COMMITTED", deprecated_keys=(OLD + "transaction.isolation",),
                         doc="READ_UNCOMMITTED, READ_COMMITTED, REPEATABLE_READ or SERIALIZABLE.",
                         ignored="one thread writes and reads, so all transactions are serializable")  # fmt: skip
    max_connections: int = opt("maximum.connections", 10, on_bad="default", doc="Most connections to the database.",
                               deprecated_keys=(OLD + "maximum.connections",), ignored="there is one")  # fmt: skip
    max_capacity: int = opt(
        "maximum.capacity", 0, long=True, on_bad="default", unit="events", deprecated_keys=(OLD + "maximum.capacity",),
        doc="Most events of all channels in the file, open takes included; 0 means no limit.",
    )  # fmt: skip
    system_properties: dict[str, str] = opt("sysprop.", {}, doc="sysprop.user.home moves ~; others have no effect.")
    old_system_properties: dict[str, str] = opt(OLD + "sysprop.", {}, doc="Old name of sysprop.*.")


class JdbcChannel(Channel[JdbcOptions]):
    """Keeps events in a SQLite file."""

    Options = JdbcOptions
    durability = "power-safe"
    is_reusable = False
    keeps_lines = True

    def __init__(self, context: Context, options: JdbcOptions) -> None:
        super().__init__(context, options)
        if len(self.name) > LONGEST_NAME:
            raise ConfigurationError(f"the channel's name has {len(self.name)} characters; {LONGEST_NAME} are the most")
        _check(options)
        properties = {**options.old_system_properties, **options.system_properties}
        home = properties.get("user.home") or home_folder(context)
        self.path, self.refusal = location_of(options.driver_url, home)
        self._report_location(options.driver_url)
        self._report_idle(options)
        self._queue: RowQueue | None = None
        self._database: Database | None = None

    def _report_idle(self, options: JdbcOptions) -> None:
        for key, value in (
            ("driver.class", options.driver_class),
            ("db.username", options.username),
            ("db.password", options.password),
            ("db.type", options.db_type),
            ("connection.properties.file", options.properties_file),
        ):
            if value is not None and self.refusal is None:
                self._report("has no effect: events are kept in a SQLite file, which has neither driver nor users", key)
        for key in options.old_system_properties:
            self._report(f"is an old name of 'sysprop.{key}'", f"{OLD}sysprop.{key}", Severity.NOTE)
        for prefix, names in (("", options.system_properties), (OLD, options.old_system_properties)):
            for key in names:
                if key != "user.home":
                    self._report("has no effect: there is no Java to set it for", f"{prefix}sysprop.{key}")

    def _report_location(self, url: str | None) -> None:
        if self.refusal is not None:
            self._report(f"{self.refusal}; the channel will not start", "driver.url")
        elif url is not None and url.startswith(DERBY):
            self._report(f"flumepy has no Derby; the SQLite file {self.path} beside it is used", "driver.url")
        derby = self.path.with_suffix("")
        if self.refusal is None and not (url or "").startswith(SQLITE) and derby.is_dir():
            self._report(
                f"{derby} is a database of Flume whose events flumepy cannot read; let Flume drain it first, then remove"
                f" the folder. New events go to {self.path}", None if url is None else "driver.url",
            )  # fmt: skip

    def _report(self, message: str, key: str | None, severity: Severity = Severity.WARNING) -> None:
        self.context.report(Problem(severity, message, key=key))

    def start(self) -> None:
        """Open the file. Raises StartError, UnsupportedError for a database that is not supported."""
        if self.refusal is not None:
            raise UnsupportedError(f"{self.context.prefix or self.name}.driver.url: {self.refusal}")
        self._database = open_database(self.path, self.name, may_create=self.options.create_schema)
        try:
            self._queue = RowQueue(self._database, self.name, self.counters, self.context.clock)
        except ChannelError as error:
            self.stop()
            raise StartError(str(error)) from error
        self.counters.channel_capacity = max(0, self.options.max_capacity)

    def stop(self) -> None:
        """Finish what was submitted and close the file, if no other channel uses it."""
        database, self._database = self._database, None
        if database is None:
            return
        try:
            if self._queue is not None:
                self._queue.close()
        finally:
            close_database(database, self.name)

    @property
    def queue(self) -> RowQueue:
        """Return the queue. Raises StoppedError before the start."""
        if self._queue is None:
            raise StoppedError(f"{self.name}: the channel was not started")
        return self._queue

    @property
    def size(self) -> int:
        """Return the number of events that a take could get now."""
        return 0 if self._queue is None else self._queue.queued

    @property
    def undelivered(self) -> int:
        """Return the number of events that no sink has committed."""
        return 0 if self._queue is None else self._queue.queued + self._queue.taken

    @property
    def oldest_event_age_s(self) -> float:
        """Return how long the event at the head has been in the channel, stops included; 0 without one."""
        oldest_ms = None if self._queue is None else self._queue.oldest_ms
        return 0.0 if oldest_ms is None else max(0, self.context.clock.time_ms() - oldest_ms) / 1000

    def room(self) -> int | None:
        """Return how many events fit right now; None without maximum.capacity."""
        if self.options.max_capacity <= 0 or self._database is None:
            return None
        return max(0, self.options.max_capacity - self._database.used)

    def reserve(self, events: int) -> None:
        """Keep room for a put. Raises ChannelFullError, BatchTooLargeError, StoppedError."""
        queue, capacity = self.queue, max(0, self.options.max_capacity)
        queue.check_open()
        with queue.lock:
            self.counters.put_attempt += events
        if 0 < capacity < events:
            raise BatchTooLargeError(f"{self.name}: {events} events are more than maximum.capacity, {capacity}")
        if not queue.database.reserve(events, capacity):
            raise ChannelFullError(
                f"{self.name}: no room for {events} events; {self.path} holds {queue.database.used} of at most {capacity}"
            )

    def transaction(self) -> Transaction:
        """Return a new transaction."""
        return JdbcTransaction(self)

    def offer(
        self, batch: EventBatch, done: Done, *, hold: bool = False, wait: bool = True, line: Line | None = None
    ) -> Offer:
        """Put without blocking; `done` is called on the writing thread. A hold keeps room in memory only."""
        offer = StoredOffer(self, batch, done, line)
        offer.begin(hold)
        return offer


def _check(options: JdbcOptions) -> None:
    """Refuse what Flume refuses. Raises ConfigurationError."""
    if options.driver_url is not None and not options.driver_url.startswith(SQLITE):
        _check_type(options.driver_url, options.db_type)
        if options.driver_class is None:
            raise ConfigurationError("No jdbc driver specified", key="driver.class")
        if options.properties_file is not None and not Path(options.properties_file).exists():
            raise ConfigurationError(f"Jdbc properties file does not exist: {options.properties_file}",
                                     key="connection.properties.file")  # fmt: skip
    if options.isolation.upper() not in ISOLATIONS:
        raise ConfigurationError(f"{options.isolation} is none of {', '.join(ISOLATIONS)}", key="transaction.isolation")


def _check_type(url: str, db_type: str | None) -> None:
    """Refuse a type that Flume refuses, which it takes the lack of one for: then it is the URL that asks for one."""
    if db_type is None:
        refusal = location_of(url, "")[1] or f"{DERBY}FOLDER needs db.type = DERBY; {INSTEAD}"
        raise ConfigurationError(f"{OTHER}: the URL is {without_secrets(url)}, and {refusal}", key="driver.url")
    if db_type.upper() not in DATABASES:
        raise ConfigurationError(f"{OTHER}: db.type is {db_type}; {INSTEAD}", key="db.type")
