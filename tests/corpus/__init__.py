"""Real configurations, and what the real Flume makes of each; skipped loudly where the corpus is absent."""
