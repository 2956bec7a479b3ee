"""Policies of the load_balancing selector, one a file."""
