"""The spillable memory channel: `channel.py` has its options and its class, the other files are its parts."""

from flumepy.channels.spillable_memory.channel import SpillableMemoryChannel

__all__ = ["SpillableMemoryChannel"]
