"""HDFS sink: rolling files in folders made of headers and time, on any Hadoop file system. Source: HDFSEventSink.

Which codecs there are is Hadoop 2.10's own list; LZO needs jars that neither has.
"""

from flumepy.core.component import Context
from flumepy.core.counters import SinkCounters
from flumepy.core.errors import ConfigurationError
from flumepy.core.kerberos import check_kerberos
from flumepy.core.later import LaterSink
from flumepy.core.options import Options, opt

CODECS = ("BZip2Codec", "DefaultCodec", "DeflateCodec", "GzipCodec", "Lz4Codec", "SnappyCodec", "ZStandardCodec")
CODEC_PACKAGE = "org.apache.hadoop.io.compress."
FILE_TYPES = ("sequencefile", "datastream", "compressedstream")
LARGEST_ROUND_VALUE = {"second": 60, "minute": 60, "hour": 24}
UNLIMITED_TRIES = 2_147_483_647


class HdfsOptions(Options):
    """Properties of the hdfs sink."""

    path: str | None = opt("hdfs.path", None, doc="Folder, with escape sequences; the scheme may be left out. Needed.")
    file_prefix: str = opt("hdfs.filePrefix", "FlumeData", doc="Begin of the file names, with escape sequences.")
    file_suffix: str | None = opt("hdfs.fileSuffix", None, since="1.3", doc="End of the file names, dot included.")
    in_use_prefix: str | None = opt(
        "hdfs.inUsePrefix", None, since="1.4", doc="Begin of the name while a file is open."
    )
    in_use_suffix: str = opt("hdfs.inUseSuffix", ".tmp", since="1.4", doc="End of the name while a file is open.")
    empty_in_use_suffix: bool = opt("hdfs.emptyInUseSuffix", False, since="1.9", doc="No in-use suffix at all.")
    roll_interval_s: int = opt(
        "hdfs.rollInterval", 30, long=True, unit="s", doc="Age at which a file ends; 0 means never."
    )
    roll_size_bytes: int = opt("hdfs.rollSize", 1024, long=True, unit="bytes",
                               doc="Body bytes at which a file ends; 0 means never.")  # fmt: skip
    roll_count: int = opt(
        "hdfs.rollCount", 10, long=True, unit="events", doc="Events at which a file ends; 0 means never."
    )
    idle_timeout_s: int = opt("hdfs.idleTimeout", 0, unit="s", since="1.3", doc="Close idle files; 0 means never.")
    batch_size: int = opt(
        "hdfs.batchSize", 100, long=True, unit="events", doc="Most events of one transaction and flush."
    )
    codec: str | None = opt("hdfs.codeC", None, doc="gzip, bzip2, snappy, lz4, deflate, default, zstandard or none.")
    file_type: str = opt("hdfs.fileType", "SequenceFile", doc="SequenceFile, DataStream or CompressedStream.")
    write_format: str = opt("hdfs.writeFormat", "Writable", doc="Writable or Text, in this case; SequenceFile only.")
    write_format_settings: dict[str, str] = opt("writeFormat.", {}, doc="Properties of a writeFormat of your own.")
    max_open_files: int = opt("hdfs.maxOpenFiles", 5000, doc="Most open files; the one longest not used is closed.")
    min_block_replicas: int | None = opt("hdfs.minBlockReplicas", None, ge=0, on_bad="default", since="1.4",
                                         doc="Fewer replicas end a file; default the file system's number.")  # fmt: skip
    threads_pool_size: int = opt("hdfs.threadsPoolSize", 10, doc="Threads for file system calls.")
    roll_timer_pool_size: int = opt("hdfs.rollTimerPoolSize", 1, doc="Threads for timed rolls.")
    kerberos_principal: str | None = opt("hdfs.kerberosPrincipal", None, doc="Principal; needs the keytab.")
    kerberos_keytab: str | None = opt("hdfs.kerberosKeytab", None, doc="Keytab; must be readable.")
    proxy_user: str | None = opt("hdfs.proxyUser", None, since="1.2", doc="User to write as.")
    round: bool = opt("hdfs.round", False, doc="Round the time in paths down.")
    round_value: int = opt("hdfs.roundValue", 1, doc="To a multiple of so many units.")
    round_unit: str = opt("hdfs.roundUnit", "second", doc="second, minute or hour.")
    time_zone: str | None = opt("hdfs.timeZone", None, since="1.3", doc="Time zone of paths; default the machine's.")
    use_local_time: bool = opt(
        "hdfs.useLocalTimeStamp", False, since="1.4", doc="The agent's clock, not the header's time."
    )
    close_tries: int = opt("hdfs.closeTries", UNLIMITED_TRIES, ge=1, on_bad="default_outside", since="1.5",
                           doc="Most tries to close a file; unlimited by default.")  # fmt: skip
    retry_interval_s: int = opt("hdfs.retryInterval", 180, long=True, unit="s", since="1.5",
                                doc="Time between tries to close; 0 or less means one try.")  # fmt: skip
    call_timeout_ms: int = opt("hdfs.callTimeout", 30_000, long=True, unit="ms",
                               doc="Longest file system call; 0 means no limit.")  # fmt: skip
    use_raw_local_file_system: bool = opt("hdfs.useRawLocalFileSystem", False, since="1.4",
                                          doc="No .crc files beside local ones.")  # fmt: skip
    transaction_event_max: str | None = opt("hdfs.txnEventMax", None, doc="Old.", ignored="it was for Flume 1.1")
    append_timeout: str | None = opt("hdfs.appendTimeout", None, doc="Old.", ignored="it was for Flume 1.1")
    serializer: str = opt("serializer", "TEXT", kind="serializer",
                          doc="What DataStream and CompressedStream files hold; no hdfs. in front.")  # fmt: skip
    serializer_settings: dict[str, str] = opt("serializer.", {}, doc="Properties of the serializer.")


class HdfsSink(LaterSink[HdfsOptions]):
    """Writes events into rolling files on HDFS."""

    Options = HdfsOptions
    type_name = "hdfs"

    def __init__(self, context: Context, options: HdfsOptions) -> None:
        super().__init__(context, options)
        self.counters = SinkCounters(context.name)
        self.declared_batch_size = options.batch_size
        self.close_tries = options.close_tries if options.retry_interval_s > 0 else 1
        if options.path is None:
            raise ConfigurationError("hdfs.path is required", key="hdfs.path")
        if options.batch_size <= 0:
            raise ConfigurationError("batchSize must be greater than 0", key="hdfs.batchSize")
        self.codec = find_codec(options.codec)
        self._check_file_type()
        check_kerberos(options.kerberos_principal, options.kerberos_keytab,
                       principal_key="hdfs.kerberosPrincipal", keytab_key="hdfs.kerberosKeytab")  # fmt: skip
        self.is_rounding = options.round and self._check_rounding()

    def _check_file_type(self) -> None:
        file_type = self.options.file_type.lower()
        if file_type == "datastream" and self.options.codec is not None:
            raise ConfigurationError(
                f"fileType: {self.options.file_type} which does NOT support compressed output. Please don't set codeC"
                " or change the fileType if compressed output is desired.", key="hdfs.codeC",
            )  # fmt: skip
        if file_type == "compressedstream" and self.codec is None:
            raise ConfigurationError(
                f"It's essential to set compress codec when fileType is: {self.options.file_type}", key="hdfs.codeC"
            )
        if file_type not in FILE_TYPES:
            self.warn(f"{self.options.file_type!r} is none of SequenceFile, DataStream, CompressedStream; no event can be"
                      " written", key="hdfs.fileType")  # fmt: skip

    def _check_rounding(self) -> bool:
        """Return whether the time is rounded. The value is checked even where an unknown unit switches it off."""
        unit = self.options.round_unit.lower()
        if not 0 < self.options.round_value <= LARGEST_ROUND_VALUE.get(unit, 60):
            largest = LARGEST_ROUND_VALUE.get(unit, 60)
            raise ConfigurationError(f"Round value must be > 0 and <= {largest}", key="hdfs.roundValue")
        if unit not in LARGEST_ROUND_VALUE:
            self.warn(f"{self.options.round_unit!r} is none of second, minute, hour; nothing is rounded, as in Flume",
                      key="hdfs.roundUnit")  # fmt: skip
        return unit in LARGEST_ROUND_VALUE


def find_codec(name: str | None) -> str | None:
    """Return the simple class name of a codec, None for none. Raises ConfigurationError for one Hadoop lacks.

    >>> find_codec("gzip"), find_codec("org.apache.hadoop.io.compress.SnappyCodec"), find_codec("None")
    ('GzipCodec', 'SnappyCodec', None)
    """
    if name is None or name.lower() == "none":
        return None
    for codec in CODECS:
        if name == CODEC_PACKAGE + codec or name.lower() in (codec.lower(), codec.lower().removesuffix("codec")):
            return codec
    raise ConfigurationError(
        f"Unsupported compression codec {name}.  Please choose from: [{', '.join(('None', *CODECS))}]", key="hdfs.codeC"
    )
