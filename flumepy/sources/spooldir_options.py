"""Properties of the spooling directory source. Source: SpoolDirectorySourceConfigurationConstants."""

from enum import Enum

from flumepy.core.deserializer import DecodeErrorPolicy
from flumepy.core.options import Options, opt
from flumepy.sources.spooldir_folder import ConsumeOrder


class DeletePolicy(Enum):
    """What happens to a file that is done."""

    NEVER = "never"
    IMMEDIATE = "immediate"


class TrackingPolicy(Enum):
    """How a file that stays is told from one to be read."""

    RENAME = "rename"
    TRACKER_DIR = "tracker_dir"


class SpooldirOptions(Options):
    """Properties of the spooling directory source."""

    spool_dir: str = opt("spoolDir", doc="Directory to read files from; must exist at the start.")
    file_suffix: str = opt(
        "fileSuffix", ".COMPLETED", doc="Ending of the names of files that are done; such files are skipped."
    )
    delete_policy: DeletePolicy = opt(
        "deletePolicy", DeletePolicy.NEVER, doc="immediate deletes a file when it is done."
    )
    tracking_policy: TrackingPolicy = opt(
        "trackingPolicy",
        TrackingPolicy.RENAME,
        doc="With deletePolicy=never: rename the file, or put an empty marker into trackerDir.",
        since="1.9",
    )
    tracker_dir: str = opt(
        "trackerDir",
        ".flumespool",
        doc="Directory of the position file and the markers; relative means below spoolDir.",
    )
    file_header: bool = opt("fileHeader", False, doc="Add a header with the file's absolute path.")
    file_header_key: str = opt("fileHeaderKey", "file", doc="Name of that header.")
    basename_header: bool = opt("basenameHeader", False, doc="Add a header with the file's name.")
    basename_header_key: str = opt("basenameHeaderKey", "basename", doc="Name of that header.")
    include_pattern: str = opt("includePattern", "^.*$", doc="Java pattern that a file's whole name must match.")
    ignore_pattern: str = opt(
        "ignorePattern", "^$", doc="Java pattern of names to leave alone; wins over includePattern."
    )
    consume_order: ConsumeOrder = opt(
        "consumeOrder", ConsumeOrder.OLDEST, doc="Which file comes first; random is the directory's own order."
    )
    recursive_directory_search: bool = opt("recursiveDirectorySearch", False, doc="Look into sub-directories too.")
    poll_delay_ms: int = opt("pollDelay", 500, doc="Longest pause between two looks at the directory.", unit="ms")
    batch_size: int = opt(
        "batchSize", 100, doc="Events of one transaction; more are taken where the channel allows.", unit="events"
    )
    max_backoff_ms: int = opt("maxBackoff", 4000, doc="Longest pause before a refused batch is tried again.", unit="ms")
    input_charset: str = opt("inputCharset", "UTF-8", doc="Charset of the files, for text deserializers.")
    decode_error_policy: DecodeErrorPolicy = opt(
        "decodeErrorPolicy",
        DecodeErrorPolicy.FAIL,
        doc="Bytes that are no text: FAIL sets the file aside, REPLACE puts U+FFFD, IGNORE drops them.",
    )
    deserializer: str = opt("deserializer", "LINE", doc="How a file becomes events.", kind="deserializer")
    deserializer_settings: dict[str, str] = opt("deserializer.", {}, doc="Properties of the deserializer.")
    buffer_max_line_length: int | None = opt(
        "bufferMaxLineLength",
        None,
        doc="Old name of deserializer.maxLineLength; wins over it with LINE.",
        unit="UTF-16 units",
    )
    buffer_max_lines: int | None = opt(
        "bufferMaxLines", None, doc="Has no effect.", ignored="batchSize took its place in Flume 1.4"
    )
