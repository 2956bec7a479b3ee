"""The agent that runs Apache Flume configurations unchanged, in Python, without a JVM."""

__version__ = "0.1.0"
