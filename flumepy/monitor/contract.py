"""What a monitor is, and what it may see of the running agent.

A monitor is a component of kind `monitor`, named by -Dflume.monitoring.type; its properties are the other values below
-Dflume.monitoring. It is started once the agent runs and stopped after it. A reload does not touch it, so it reads the
application anew each time, while other threads may be writing what it reads. Source: MonitorService.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from flumepy.core.channel import Channel
from flumepy.core.component import Component, Context
from flumepy.core.counters import CounterGroup
from flumepy.core.options import OptionsT


class Monitored(Protocol):
    """The running agent as a monitor sees it."""

    #: every counter group that was ever shown, by kind and name
    counters: dict[tuple[str, str], CounterGroup]

    @property
    def channels(self) -> Mapping[str, Channel[Any]]:
        """Return the running channels by name."""

    @property
    def is_supervising(self) -> bool:
        """Tell whether components are watched and started again."""

    @property
    def is_ready(self) -> bool:
        """Tell whether every component is started."""

    @property
    def states(self) -> Mapping[str, str | None]:
        """Return what keeps each component (`Source r1`) from running; None for one that is started."""

    @property
    def dropped(self) -> list[str]:
        """Return the full names of components that errors in the configuration removed."""


class Monitor(Component[OptionsT]):
    """Shows the counters of a running agent to the outside."""

    kind = "monitor"

    def __init__(self, context: Context, options: OptionsT, application: Monitored) -> None:
        super().__init__(context, options)
        self.application = application
