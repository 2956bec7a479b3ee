"""A monitor as a user would write one."""

from typing import ClassVar

from flumepy.core.options import Options, opt
from flumepy.monitor.contract import Monitor


class RecorderOptions(Options):
    """Properties of the recorder."""

    colour: str = opt("colour", "red", doc="Some setting.")


class Recorder(Monitor[RecorderOptions]):
    """Remembers what happened to it."""

    Options = RecorderOptions
    calls: ClassVar[list[str]] = []

    def start(self) -> None:
        """Note the start."""
        self.calls.append(f"start {self.options.colour} {len(self.application.counters)}")

    def stop(self) -> None:
        """Note the stop."""
        self.calls.append("stop")


class NotAMonitor:
    """Something else."""
