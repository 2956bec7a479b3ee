"""A source, an interceptor and a sink in plain Python. Drop this folder into a plugins directory to use them:

flumepy agent --plugins-path plugins --conf-file plugins/sample/sample.conf --name a1
"""

import time
from pathlib import Path

from flumepy.core.batch import Event
from flumepy.core.errors import DeliveryError
from flumepy.core.events import EventInterceptor, EventSink, EventSource
from flumepy.core.options import NoOptions, Options, opt


class HeartbeatOptions(Options):
    """Properties of the heartbeat source."""

    interval_ms: int = opt("interval", 1000, doc="Time between two beats.", unit="ms", ge=1)


class HeartbeatSource(EventSource[HeartbeatOptions]):
    """Sends a numbered beat at a fixed interval."""

    Options = HeartbeatOptions
    max_backoff_sleep_ms = 50  # asked again so often while nothing is due
    beats = 0
    due_s = 0.0

    def read(self) -> list[Event]:
        """Return a beat when it is due."""
        now_s = time.monotonic()
        if now_s < self.due_s:
            return []
        self.due_s = max(self.due_s, now_s - self.options.interval_ms / 1000) + self.options.interval_ms / 1000
        self.beats += 1
        return [Event(f"beat {self.beats}".encode(), {"source": self.name})]


class ShoutInterceptor(EventInterceptor[NoOptions]):
    """Turns bodies into capitals."""

    def intercept_event(self, event: Event) -> Event | None:
        """Change the body; None would drop the event."""
        event.body = event.body.upper()
        return event


class MailboxOptions(Options):
    """Properties of the mailbox sink."""

    file: str = opt("file", doc="File that the events are appended to.")


class MailboxSink(EventSink[MailboxOptions]):
    """Appends each event to a file, its headers before it."""

    Options = MailboxOptions

    def deliver_event(self, event: Event) -> None:
        """Append one event."""
        headers = "".join(f"{name}: {value}\n" for name, value in sorted(event.headers.items()))
        try:
            with Path(self.options.file).open("ab") as mailbox:
                mailbox.write(headers.encode() + b"\n" + event.body + b"\n\n")
        except OSError as error:
            raise DeliveryError(f"{self.name}: {error}") from error
