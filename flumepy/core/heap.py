"""byteCapacity of channels in memory: by default a share of Java's heap, and a part of it is set aside for headers."""

from flumepy.core.component import Context

DEFAULT_BYTE_CAPACITY = 512 * 1024 * 1024
HEAP_SHARE = 0.8


def usable_bytes(byte_capacity: int | None, buffer_percentage: int, context: Context) -> int:
    """Return what byteCapacity leaves for bodies; None stands for the default."""
    heap = context.system_properties.get("flumepy.xmx")
    if byte_capacity is None:
        byte_capacity = int(int(heap) * HEAP_SHARE) if heap else DEFAULT_BYTE_CAPACITY
    return int(byte_capacity * (1 - buffer_percentage * 0.01))
