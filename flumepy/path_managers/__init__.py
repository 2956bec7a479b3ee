"""Names for rolled files, one way a file."""
