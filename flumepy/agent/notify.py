"""Tell systemd how the service is doing. Source: sd_notify(3)."""

import os
import socket
from contextlib import suppress


def notify(state: str) -> None:
    """Send a state to $NOTIFY_SOCKET; do nothing where there is none."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    # An error means that the manager is gone: nobody to tell.
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
        notifier.sendto(state.encode(), f"\0{address[1:]}" if address.startswith("@") else address)
