"""Adds a random UUID to each event: the random bytes of a whole batch are drawn at once."""

import os

from flumepy.core.batch import EventBatch
from flumepy.core.component import Interceptor
from flumepy.core.options import Options, opt

VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class UuidOptions(Options):
    """Properties of the UUID interceptor."""

    header_name: str = opt("headerName", "id", doc="Header that gets the UUID.")
    preserve_existing: bool = opt("preserveExisting", True, doc="Leave the header of events that have it.")
    prefix: str = opt("prefix", "", doc="Text before the UUID.")


class UuidInterceptor(Interceptor[UuidOptions]):
    """Adds a prefix and a version 4 UUID in lower case. Source: UUIDInterceptor."""

    Options = UuidOptions

    def intercept(self, batch: EventBatch) -> EventBatch:
        """Return the batch with the header set."""
        name, preserve = self.options.header_name, self.options.preserve_existing
        if preserve and isinstance(batch.headers.get(name), str):
            return batch
        return batch.with_header(name, random_uuids(len(batch), self.options.prefix), preserve=preserve)


def random_uuids(count: int, prefix: str = "") -> list[str | None]:
    """Return so many random (version 4, RFC 4122) UUIDs as text."""
    digits = os.urandom(16 * count).hex()
    chunks = [digits[start : start + 32] for start in range(0, 32 * count, 32)]
    return [f"{prefix}{c[:8]}-{c[8:12]}-4{c[13:16]}-{VARIANT[c[16]]}{c[17:20]}-{c[20:]}" for c in chunks]
