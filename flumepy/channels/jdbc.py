"""JDBC channel: events in a database; only the embedded Derby ever worked. Source: JdbcChannelProviderImpl."""

from pathlib import Path

from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError
from flumepy.core.later import LaterChannel
from flumepy.core.options import Options, opt

OLD = "org.apache.flume.channel.jdbc."
DATABASES = ("DERBY", "MYSQL")
ISOLATIONS = ("READ_UNCOMMITTED", "READ_COMMITTED", "REPEATABLE_READ", "SERIALIZABLE")


class JdbcOptions(Options):
    """Properties of the jdbc channel."""

    db_type: str | None = opt("db.type", None, deprecated_keys=(OLD + "db.type",),
                              doc="DERBY or MYSQL; DERBY without driver.url.")  # fmt: skip
    driver_class: str | None = opt("driver.class", None, deprecated_keys=(OLD + "driver.class",),
                                   doc="JDBC driver; Derby's without driver.url.")  # fmt: skip
    driver_url: str | None = opt("driver.url", None, deprecated_keys=(OLD + "driver.url",),
                                 doc="The database; default an embedded Derby in ~/.flume/jdbc-channel.")  # fmt: skip
    username: str | None = opt("db.username", None, deprecated_keys=(OLD + "db.username",), doc="User; sa for Derby.")
    password: str | None = opt(
        "db.password", None, deprecated_keys=(OLD + "db.password",), secret=True, doc="Password."
    )
    properties_file: str | None = opt("connection.properties.file", None, doc="Properties for the driver.",
                                      deprecated_keys=(OLD + "connection.properties.file",))  # fmt: skip
    create_schema: bool = opt("create.schema", True, deprecated_keys=(OLD + "create.schema",), doc="Make the tables.")
    create_index: bool = opt("create.index", True, deprecated_keys=(OLD + "create.index",), doc="Make the indexes.")
    create_foreign_key: bool = opt("create.foreignkey", True, deprecated_keys=(OLD + "create.foreignkey",),
                                   doc="Make the foreign keys.")  # fmt: skip
    isolation: str = opt("transaction.isolation", "READ_COMMITTED", deprecated_keys=(OLD + "transaction.isolation",),
                         doc="READ_UNCOMMITTED, READ_COMMITTED, REPEATABLE_READ or SERIALIZABLE.")  # fmt: skip
    max_connections: int = opt("maximum.connections", 10, on_bad="default", doc="Most connections to the database.",
                               deprecated_keys=(OLD + "maximum.connections",))  # fmt: skip
    max_capacity: int = opt("maximum.capacity", 0, long=True, on_bad="default", unit="events",
                            deprecated_keys=(OLD + "maximum.capacity",), doc="Most events; 0 means no limit.")  # fmt: skip
    system_properties: dict[str, str] = opt(
        "sysprop.", {}, doc="System properties; sysprop.user.home moves Derby's home."
    )
    old_system_properties: dict[str, str] = opt(OLD + "sysprop.", {}, doc="Old name of sysprop.*.")


class JdbcChannel(LaterChannel[JdbcOptions]):
    """Keeps events in a database."""

    Options = JdbcOptions
    type_name = "jdbc"
    durability = "power-safe"
    is_reusable = False

    def __init__(self, context: Context, options: JdbcOptions) -> None:
        super().__init__(context, options)
        if options.driver_url is None:
            self._note_overridden(options)
        else:
            _check_database(options)
        if options.isolation.upper() not in ISOLATIONS:
            raise ConfigurationError(
                f"{options.isolation} is none of {', '.join(ISOLATIONS)}", key="transaction.isolation"
            )
        for key in options.old_system_properties:
            self.note(f"is an old name of 'sysprop.{key}'", key=f"{OLD}sysprop.{key}")

    def _note_overridden(self, options: JdbcOptions) -> None:
        for key, value in (
            ("driver.class", options.driver_class),
            ("db.username", options.username),
            ("db.password", options.password),
            ("db.type", options.db_type),
            ("connection.properties.file", options.properties_file),
        ):
            if value is not None:
                self.warn("has no effect without driver.url: Flume then uses an embedded Derby", key=key)


def _check_database(options: JdbcOptions) -> None:
    if (options.db_type or "").upper() not in DATABASES:
        raise ConfigurationError("Database OTHER not supported at this time", key="db.type")
    if options.driver_class is None:
        raise ConfigurationError("No jdbc driver specified", key="driver.class")
    if options.properties_file is not None and not Path(options.properties_file).exists():
        raise ConfigurationError(f"Jdbc properties file does not exist: {options.properties_file}",
                                 key="connection.properties.file")  # fmt: skip
