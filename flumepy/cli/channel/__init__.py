"""`flumepy channel`: one command a file."""
