"""What an http source names by `handler`: turns a request into events, one handler a file."""
