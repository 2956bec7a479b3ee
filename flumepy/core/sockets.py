"""Listening sockets as Java binds them."""

import errno
import socket

ANY_HOSTS = ("", "0.0.0.0", "::")  # noqa: S104  # Flume listens on all interfaces by default


def bound_socket(host: str, port: int, kind: int = socket.SOCK_STREAM) -> socket.socket:
    """Return a non-blocking socket bound as Java binds: the wildcard address takes IPv4 and IPv6. Raises OSError.

    Source: sun.nio.ch.Net.bind, where 0.0.0.0 becomes the IPv6 wildcard wherever IPv6 is available.
    """
    candidates = [("::", socket.AF_INET6), ("0.0.0.0", socket.AF_INET)] if host in ANY_HOSTS else _resolve(host, kind)  # noqa: S104
    for position, (address, family) in enumerate(candidates):
        try:
            return _bind(address, port, family, kind)
        except OSError as error:
            # Only a machine without IPv6 falls back to IPv4; a port in use stays an error.
            if position + 1 < len(candidates) and host in ANY_HOSTS and _lacks_ipv6(error):
                continue
            raise OSError(error.errno, f"{host or '*'}:{port}: {error.strerror or error}") from error
    raise OSError(f"{host}: no address")


def _resolve(host: str, kind: int) -> list[tuple[str, socket.AddressFamily]]:
    found = socket.getaddrinfo(host, None, type=kind)
    # Java prefers IPv4: `localhost` means 127.0.0.1 there, whatever the resolver puts first.
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    return [(str(entry[4][0]), entry[0]) for entry in found[:1]]


def _bind(address: str, port: int, family: socket.AddressFamily, kind: int) -> socket.socket:
    bound = socket.socket(family, kind)
    try:
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if kind == socket.SOCK_STREAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((address, port))
        bound.setblocking(False)
    except OverflowError:
        bound.close()
        raise OSError(errno.EINVAL, "a port lies between 0 and 65535") from None
    except BaseException:
        bound.close()
        raise
    return bound


def _lacks_ipv6(error: OSError) -> bool:
    return error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
