"""JMS source: messages of a queue or a topic, in the session's transaction. Source: JMSSource, DefaultJMSMessageConverter.

Flume also looks the connection factory up while configuring; that needs the broker and is left to the start.
"""

import re
from pathlib import Path

from flumepy.core.component import Context
from flumepy.core.counters import SourceCounters
from flumepy.core.errors import ConfigurationError
from flumepy.core.later import LaterSource
from flumepy.core.options import opt
from flumepy.core.pollable_options import PollableOptions

CONVERTERS = ("org.apache.flume.source.jms.DefaultJMSMessageConverter",)
URI_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):[^\s\"<>\\^`{|}]+")


class JmsOptions(PollableOptions):
    """Properties of the jms source."""

    initial_context_factory: str | None = opt("initialContextFactory", None, doc="Class that knows the broker. Needed.")
    provider_url: str | None = opt(
        "providerURL", None, doc="Where the broker is; its scheme must be allowed by -DJndiAllowedProtocols. Needed."
    )
    connection_factory: str = opt("connectionFactory", "ConnectionFactory", doc="JNDI name of the connection factory.")
    destination_name: str | None = opt("destinationName", None, doc="Queue or topic. Needed.")
    destination_type: str | None = opt("destinationType", None, doc="queue or topic. Needed.")
    destination_locator: str = opt(
        "destinationLocator", "CDI", doc="CDI: create the destination by name; JNDI: look it up."
    )
    message_selector: str | None = opt("messageSelector", None, doc="Only messages that this selects.")
    user_name: str | None = opt("userName", None, doc="User; Flume 1.11 needs passwordFile with it.")
    password_file: str | None = opt(
        "passwordFile", None, doc="File with the password, UTF-8; blanks around it are cut."
    )
    batch_size: int = opt("batchSize", 100, unit="events", doc="Most messages in one transaction.")
    poll_timeout_ms: int = opt("pollTimeout", 1000, long=True, unit="ms", doc="Wait for a batch's first message.")
    error_threshold: int = opt("errorThreshold", 10, doc="Errors in a row before the connection is made anew.")
    converter_type: str = opt("converter.type", "DEFAULT", doc="What makes events of messages.")
    converter_charset: str = opt("converter.charset", "UTF-8", doc="Charset of text messages.")
    converter: dict[str, str] = opt("converter.", {}, doc="Properties of the converter.")
    create_durable_subscription: bool = opt(
        "createDurableSubscription", False, since="1.8", doc="Topics only; needs clientId and durableSubscriptionName."
    )
    client_id: str | None = opt("clientId", None, since="1.8", doc="Client of the durable subscription.")
    durable_subscription_name: str | None = opt(
        "durableSubscriptionName", None, since="1.8", doc="Name of the durable subscription."
    )


class JmsSource(LaterSource[JmsOptions]):
    """Consumes a queue or a topic."""

    Options = JmsOptions
    type_name = "jms"

    def __init__(self, context: Context, options: JmsOptions) -> None:
        super().__init__(context, options)
        self.counters = SourceCounters(context.name)
        self.declared_batch_size = options.batch_size
        self._check_scheme("providerURL", options.provider_url or "")
        self.password = _read_password(options.password_file)
        self._check_converter()
        self._check_scheme("connectionFactory", options.connection_factory)
        self._check_destination()
        self._check_subscription()
        if options.batch_size <= 0:
            raise ConfigurationError("Batch size must be greater than 0", key="batchSize")

    def _check_scheme(self, key: str, location: str) -> None:
        allowed = ["java", *self.context.system_properties.get("JndiAllowedProtocols", "").split(",")]
        match = URI_SCHEME.fullmatch(location)
        if match and match[1] not in [scheme.strip() for scheme in allowed]:
            raise ConfigurationError(
                f"Invalid JNDI URI: {location}", key=key, hint=f"allow it with -DJndiAllowedProtocols={match[1]}"
            )

    def _check_converter(self) -> None:
        name = self.options.converter_type
        if name.upper() != "DEFAULT" and name.removesuffix("$Builder") not in CONVERTERS:
            raise ConfigurationError(f"Unable to create instance of converter {name}", key="converter.type",
                                     hint="DEFAULT is the only one there is")  # fmt: skip

    def _check_destination(self) -> None:
        options = self.options
        for key, what, text in (
            ("initialContextFactory", "Initial Context Factory", options.initial_context_factory),
            ("providerURL", "Provider URL", options.provider_url),
            ("destinationName", "Destination Name", options.destination_name),
            ("destinationType", "Destination Type", options.destination_type),
        ):
            if text is None:
                raise ConfigurationError(f"{what} is empty. This is specified by {key}", key=key)
        if str(options.destination_type).upper() not in ("QUEUE", "TOPIC"):
            raise ConfigurationError(
                f"Destination type '{options.destination_type}' is invalid.", key="destinationType"
            )
        if options.destination_locator.upper() not in ("CDI", "JNDI"):
            raise ConfigurationError(f"Destination locator '{options.destination_locator}' is invalid.",
                                     key="destinationLocator")  # fmt: skip

    def _check_subscription(self) -> None:
        options = self.options
        if not options.create_durable_subscription:
            if options.durable_subscription_name is not None:
                self.warn("has no effect without createDurableSubscription = true", key="durableSubscriptionName")
            return
        if str(options.destination_type).upper() != "TOPIC":
            raise ConfigurationError(
                "Only Destination type 'TOPIC' supports durable subscriptions.", key="destinationType"
            )
        for key, text in (
            ("clientId", options.client_id),
            ("durableSubscriptionName", options.durable_subscription_name),
        ):
            if text is None:
                raise ConfigurationError(f"You have to specify '{key}' when using durable subscriptions.", key=key)


def _read_password(path: str | None) -> str | None:
    if path is None:
        return None
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError as error:
        message = f"Could not read password file {path} ({error.strerror})"
        raise ConfigurationError(message, key="passwordFile") from error
