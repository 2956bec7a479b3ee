"""The law of each kind as test classes, for our components and for those of plugins.

    class TestMyChannel(ChannelConformance):
        def make(self) -> MyChannel:
            return build(MyChannel, {"capacity": "100"})

Derive a class named `Test…`, write its hooks, and pytest runs the suite. `make` returns a new component each time and opens
nothing besides it: what a component talks to belongs into a fixture or `setup_method`. A hook that returns None says that
the component has no such thing; its tests are then skipped with the reason. Every suite contains ComponentConformance.
"""

from flumepy.testing.conformance.channel import ChannelConformance
from flumepy.testing.conformance.component import ComponentConformance
from flumepy.testing.conformance.deserializer import DeserializerConformance
from flumepy.testing.conformance.interceptor import InterceptorConformance
from flumepy.testing.conformance.processor import ProcessorConformance
from flumepy.testing.conformance.selector import SelectorConformance
from flumepy.testing.conformance.serializer import SerializerConformance
from flumepy.testing.conformance.sink import SinkConformance
from flumepy.testing.conformance.source import PollableSourceConformance, SourceConformance

__all__ = [
    "ChannelConformance",
    "ComponentConformance",
    "DeserializerConformance",
    "InterceptorConformance",
    "PollableSourceConformance",
    "ProcessorConformance",
    "SelectorConformance",
    "SerializerConformance",
    "SinkConformance",
    "SourceConformance",
]
