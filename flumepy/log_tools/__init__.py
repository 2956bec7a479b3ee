"""Durable channels as operators see them on the disk: listed, verified, exported, repaired, filled, without an agent."""
