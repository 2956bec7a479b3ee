"""The directories of Java Flume's file channel, read only: what is live in them, in order.

`JavaDirectories` is the door; `integrity` serves FCINTEGRITYTOOL. From below: `protobuf` and `events` parse bytes; `window`
reads a file in chunks; `data_file_v3` and `data_file_v2` walk a `log-N`, `data_file` opens whichever it is; `checkpoint` and
`in_flight` read the queue as it was last saved; `replay` finds what is live, `live` reads it.
Sources: LogFileV3, LogFileV2, EventQueueBackingStoreFileV3, FlumeEventQueue, ReplayHandler of Flume 1.11.
"""

from flumepy.formats.flume_log.directory import JavaDirectories
from flumepy.formats.flume_log.errors import CorruptLogError
from flumepy.formats.flume_log.integrity import IntegrityCounts, verify_java_file, void_record
from flumepy.formats.flume_log.keys import KeyStoreKeys
from flumepy.formats.flume_log.live import Replay

__all__ = [
    "CorruptLogError",
    "IntegrityCounts",
    "JavaDirectories",
    "KeyStoreKeys",
    "Replay",
    "verify_java_file",
    "void_record",
]
