"""Java's file channel directories: read as the real Flume reads them, and better where it is damaged."""
