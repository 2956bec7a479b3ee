"""Sets a header to this machine's address or name, resolved once when the source starts."""

import socket

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context, Interceptor
from flumepy.core.options import Options, opt


class HostOptions(Options):
    """Properties of the host interceptor."""

    use_ip: bool = opt("useIP", True, doc="The address; with false the full name.")
    host_header: str = opt("hostHeader", "host", doc="Header that gets it.")
    preserve_existing: bool = opt("preserveExisting", False, doc="Leave the header of events that have it.")


class HostInterceptor(Interceptor[HostOptions]):
    """Adds this host. Source: HostInterceptor."""

    Options = HostOptions

    def __init__(self, context: Context, options: HostOptions) -> None:
        super().__init__(context, options)
        self.host: str | None = None

    def start(self) -> None:
        """Resolve the local host name, once."""
        if self.host is None:
            self.resolve(socket.gethostname())

    def resolve(self, name: str) -> None:
        """Find what goes into the header; where the name does not resolve, events get none."""
        try:
            address = local_address(name)
            self.host = address if self.options.use_ip else canonical_name(address)
        except (OSError, UnicodeError) as error:  # UnicodeError: a label of more than 63 characters
            self.log.warning(
                "Could not get local host address: %s does not resolve (%s); events get no %s header",
                name, error, self.options.host_header,
            )  # fmt: skip

    def intercept(self, batch: EventBatch) -> EventBatch:
        """Return the batch with the header set."""
        if self.host is None:
            return batch
        return batch.with_header(self.options.host_header, self.host, preserve=self.options.preserve_existing)


def local_address(name: str) -> str:
    """Return the first address of a host name, IPv4 before IPv6. Source: InetAddress.getLocalHost."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    return str(found[0][4][0])


def canonical_name(address: str) -> str:
    """Return the name of an address if that name leads back to it, else the address.

    Source: InetAddress.getCanonicalHostName.
    """
    try:
        name = socket.gethostbyaddr(address)[0]
        known = {str(entry[4][0]) for entry in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)}
    except OSError:
        return address
    return name if address in known else address
