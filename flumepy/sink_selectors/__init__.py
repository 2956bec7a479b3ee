"""Sink selectors of the load_balance processor, one a file."""
