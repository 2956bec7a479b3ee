"""The agent as its users meet it: real processes, sockets and files."""
