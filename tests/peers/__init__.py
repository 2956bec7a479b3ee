"""Real peers, for comparison: skipped loudly where they are absent."""
