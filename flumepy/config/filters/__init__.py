"""Config filters: where values come from that do not stand in the file (passwords, mostly)."""
