"""CRC-32C (Castagnoli), the checksum of everything that the log stores. Source: RFC 3720, section 12.1."""

from fastcrc.crc32 import iscsi as crc32c

__all__ = ["crc32c"]
