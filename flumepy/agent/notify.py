"""Tell systemd how the service is doing. Source: sd_notify(3)."""

import os
import socket


def notify(state: str) -> None:
    """Send a state to $NOTIFY_SOCKET; do nothing where there is none."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
        try:
            notifier.sendto(state.encode(), f"\0{address[1:]}" if address.startswith("@") else address)
        except OSError:
            return  # the manager is gone: nobody to tell
