"""The jdbc channel: `channel.py` has its options and its class, the other files are its parts."""

from flumepy.channels.jdbc.channel import JdbcChannel

__all__ = ["JdbcChannel"]
