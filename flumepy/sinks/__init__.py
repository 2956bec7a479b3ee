"""Sinks, one a file: its options, then its class."""
