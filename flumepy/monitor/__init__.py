"""Counters out: Flume's JSON, Prometheus, health, Ganglia."""
