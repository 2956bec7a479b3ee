"""File channel: events on disk, in a log that is synced at each commit (see flumepy.event_log and flumepy.log).

Several data folders hold one log, and its files have at most 32 MiB; the checkpoint only saves time at a start. What a Java
agent left in the folders is taken over. Source: FileChannel, JCEFileKeyProvider.
"""

from pathlib import Path

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context
from flumepy.core.errors import BatchTooLargeError, ChannelFullError, ConfigurationError, at_key
from flumepy.core.folders import home_folder
from flumepy.core.options import Options, opt
from flumepy.core.problems import Problem, Severity
from flumepy.core.queue_channel import QueueLimits
from flumepy.event_log.channel import LogChannel
from flumepy.event_log.store import Secrets, StoreSettings
from flumepy.formats.flume_keys import load_keys
from flumepy.log.codec import Codec
from flumepy.log.encryption import KeyRing
from flumepy.log.ticket import Level

MIB = 1024 * 1024
SMALLEST_SEGMENT_BYTES = MIB
LARGEST_SEGMENT_BYTES = 32 * MIB
LARGEST_FILE_BYTES = 1_623_195_647
SMALLEST_REQUIRED_SPACE_BYTES = MIB
SMALLEST_CHECKPOINT_INTERVAL_MS = 1000
CIPHERS = ("AESCTRNOPADDING", "org.apache.flume.channel.file.encryption.AESCTRNoPaddingProvider")
KEY_PROVIDERS = ("JCEKSFILE", "org.apache.flume.channel.file.encryption.JCEFileKeyProvider")


class FileOptions(Options):
    """Properties of the file channel."""

    checkpoint_dir: str | None = opt(
        "checkpointDir", None, doc="Folder of the checkpoint; default ~/.flume/file-channel/checkpoint."
    )
    data_dirs: str | None = opt(
        "dataDirs", None, doc="Comma-separated folders of the logs; default ~/.flume/file-channel/data."
    )
    use_dual_checkpoints: bool = opt("useDualCheckpoints", False, since="1.4", doc="Keep a second checkpoint.")
    backup_checkpoint_dir: str | None = opt(
        "backupCheckpointDir", None, since="1.4", doc="Folder of the second checkpoint, another than checkpointDir."
    )
    compress_backup_checkpoint: bool = opt(
        "compressBackupCheckpoint", False, since="1.6", doc="Compress the second one.",
        ignored="a checkpoint has 8 KiB here, whatever the channel holds",
    )  # fmt: skip
    capacity: int = opt("capacity", 1_000_000, ge=1, on_bad="default_outside", unit="events",
                        doc="Most events in the channel.")  # fmt: skip
    transaction_capacity: int = opt("transactionCapacity", 10_000, ge=1, on_bad="default_outside", unit="events",
                                    doc="Most events one transaction puts, or takes.")  # fmt: skip
    checkpoint_interval_ms: int = opt("checkpointInterval", 30_000, long=True, ge=1, on_bad="default_outside", unit="ms",
                                      doc="Time between checkpoints; at least 1000.")  # fmt: skip
    max_file_bytes: int = opt("maxFileSize", LARGEST_FILE_BYTES, long=True, unit="bytes",
                              doc="Size at which a new log file begins, between 1 MiB and 32 MiB here.")  # fmt: skip
    minimum_required_space_bytes: int = opt(
        "minimumRequiredSpace", 524_288_000, long=True, unit="bytes", since="1.4",
        doc="Space that must stay free for puts; at least 1 MiB.",
    )  # fmt: skip
    keep_alive_s: int = opt("keep-alive", 3, unit="s", doc="How long a put waits for room.")
    use_log_replay_v1: bool = opt("use-log-replay-v1", False, doc="Replay with the old algorithm.",
                                  ignored="there is one way to read the log, and it is fast")  # fmt: skip
    use_fast_replay: bool = opt("use-fast-replay", False, since="1.3", doc="Replay without a checkpoint in memory.",
                                ignored="there is one way to read the log, and it is fast")  # fmt: skip
    checkpoint_on_close: bool = opt("checkpointOnClose", True, since="1.6", doc="Write a checkpoint at stop.")
    sync_each_transaction: bool = opt(
        "fsyncPerTransaction", True, since="1.5", doc="Sync at each commit; false syncs by timer and skips bad records."
    )
    sync_interval_s: int = opt(
        "fsyncInterval", 5, unit="s", since="1.5", doc="The timer when fsyncPerTransaction is false."
    )
    compression: str = opt("compression", "none", doc="none, zstd or lz4 for what is written; flumepy's own.")
    active_key: str | None = opt("encryption.activeKey", None, doc="Alias of the key for new files.")
    cipher_provider: str | None = opt("encryption.cipherProvider", None, doc="AESCTRNOPADDING.")
    key_provider: str | None = opt("encryption.keyProvider", None, doc="JCEKSFILE; switches encryption on.")
    key_store_file: str | None = opt("encryption.keyProvider.keyStoreFile", None, doc="JCEKS key store.")
    key_store_password_file: str | None = opt(
        "encryption.keyProvider.keyStorePasswordFile", None, doc="File with the store's password; blanks are cut."
    )
    keys: tuple[str, ...] = opt("encryption.keyProvider.keys", (), doc="Blank-separated aliases of the keys.")
    key_settings: dict[str, str] = opt(
        "encryption.keyProvider.keys.", {}, doc="<alias>.passwordFile: that key's password, default the store's."
    )


class FileChannel(LogChannel[FileOptions]):
    """Keeps events on disk."""

    Options = FileOptions

    def __init__(self, context: Context, options: FileOptions) -> None:
        _check_capacities(options)
        super().__init__(context, options)
        if not options.sync_each_transaction:
            self.durability = "crash-safe"
        base = f"{home_folder(context)}/.flume/file-channel"
        self.checkpoint_dir = Path(options.checkpoint_dir or f"{base}/checkpoint")
        folders = (options.data_dirs or f"{base}/data").split(",")
        self.data_dirs = self._without_doubles([Path(folder.strip()) for folder in folders if folder.strip()])
        if options.use_dual_checkpoints:
            _check_backup(options.backup_checkpoint_dir, self.checkpoint_dir)
        with at_key("compression"):
            Codec(options.compression)
        if options.key_provider is not None:
            self._check_encryption(options)
        elif options.active_key is not None:
            raise _encryption_error("activeKey is present while key provider name is not.", "encryption.activeKey")
        elif options.cipher_provider is not None:
            raise _encryption_error(
                "cipherProvider is present while key provider name is not.", "encryption.cipherProvider"
            )

    def _without_doubles(self, folders: list[Path]) -> list[Path]:
        """Use each folder once, under whatever names: the channel would lock itself out of the second, as Flume does."""
        once: dict[Path, Path] = {}
        for folder in folders:
            first = once.setdefault(folder.resolve(), folder)
            if first is not folder:
                what = (
                    f"names {folder} twice"
                    if folder == first
                    else f"names {folder}, which is the same folder as {first}"
                )
                self.context.report(
                    Problem(
                        Severity.WARNING,
                        f"{what}; it is used once (Flume does not open such a channel)",
                        key="dataDirs",
                    )
                )
        return list(once.values())

    @property
    def own_folders(self) -> tuple[Path, ...]:
        """Return the folders that this channel locks."""
        backup = self.options.backup_checkpoint_dir if self.options.use_dual_checkpoints else None
        return (*self.data_dirs, self.checkpoint_dir, *([Path(backup)] if backup else []))

    def limits_of(self, options: FileOptions) -> QueueLimits:
        """Return Flume's limits."""
        return QueueLimits(options.capacity, options.transaction_capacity, options.keep_alive_s)

    def store_settings(self) -> StoreSettings:
        """Return where the queue lives and how."""
        options = self.options
        return StoreSettings(
            self.name,
            tuple(self.data_dirs),
            self.checkpoint_dir,
            Path(str(options.backup_checkpoint_dir)) if options.use_dual_checkpoints else None,
            segment_bytes=max(SMALLEST_SEGMENT_BYTES, min(LARGEST_SEGMENT_BYTES, options.max_file_bytes)),
            minimum_free_bytes=max(options.minimum_required_space_bytes, SMALLEST_REQUIRED_SPACE_BYTES),
            level=Level.SYNCED if options.sync_each_transaction else Level.WRITTEN,
            skips_bad=not options.sync_each_transaction,
        )

    def secrets(self) -> Secrets:
        """Read the key store. Raises ConfigurationError."""
        options = self.options
        if options.key_provider is None:
            return Secrets(Codec(options.compression))
        # Flume takes the active key from the store whether or not it is among the others.
        aliases = [*options.keys, str(options.active_key)]
        suffix = ".passwordFile"
        own = {key.removesuffix(suffix): path for key, path in options.key_settings.items() if key.endswith(suffix)}
        keys = load_keys(str(options.key_store_file), str(options.key_store_password_file), aliases, own)
        return Secrets(Codec(options.compression, KeyRing(str(options.active_key), keys)), keys)

    @property
    def checkpoint_interval_s(self) -> float:
        """Return the time between checkpoints."""
        return max(SMALLEST_CHECKPOINT_INTERVAL_MS, self.options.checkpoint_interval_ms) / 1000

    @property
    def sync_interval_s(self) -> float | None:
        """Return the time between syncs, where commits do not sync."""
        return None if self.options.sync_each_transaction else float(max(1, self.options.sync_interval_s))

    @property
    def saves_at_stop(self) -> bool:
        """Tell whether a stop writes a checkpoint."""
        return self.options.checkpoint_on_close

    def full_error(self, batch: EventBatch) -> ChannelFullError:
        """Return the error of a put that found no room, in Flume's words."""
        return ChannelFullError(
            "The channel has reached it's capacity. This might be the result of a sink on the channel having too low of"
            " batch size, a downstream system running slower than normal, or that the channel capacity is just too low."
            f" [channel={self.name}]"
        )

    def too_many_error(self, most: int) -> BatchTooLargeError:
        """Return the error of a put above transactionCapacity, in Flume's words."""
        return BatchTooLargeError(
            f"Put queue for FileBackedTransaction of capacity {most} full, consider committing more frequently,"
            f" increasing capacity or increasing thread count. [channel={self.name}]"
        )

    def _check_encryption(self, options: FileOptions) -> None:
        if options.active_key is None:
            raise _encryption_error("activeKey is missing", "encryption.activeKey")
        if options.cipher_provider is None:
            raise _encryption_error("cipherProvider is missing", "encryption.cipherProvider")
        provider = str(options.key_provider)
        if provider.upper() != KEY_PROVIDERS[0] and provider.removesuffix("$Builder") != KEY_PROVIDERS[1]:
            raise ConfigurationError(f"class {provider} not found", key="encryption.keyProvider",
                                     hint="JCEKSFILE is the only one there is")  # fmt: skip
        if options.key_store_file is None:
            raise ConfigurationError("KeyStore file not specified", key="encryption.keyProvider.keyStoreFile")
        if options.key_store_password_file is None:
            raise ConfigurationError("KeyStore password file not specified",
                                     key="encryption.keyProvider.keyStorePasswordFile")  # fmt: skip
        if not options.keys:
            raise ConfigurationError("Keys available to KeyStore was not specified or empty",
                                     key="encryption.keyProvider.keys")  # fmt: skip
        self._read_files(options.key_store_file, options.key_store_password_file)

    def _read_files(self, key_store_file: str, password_file: str) -> None:
        for key, path in (("keyStoreFile", key_store_file), ("keyStorePasswordFile", password_file)):
            try:
                with Path(path).open("rb"):
                    pass
            except OSError as error:
                raise ConfigurationError(f"{path} cannot be read ({error.strerror})",
                                         key=f"encryption.keyProvider.{key}") from error  # fmt: skip
        for alias in self.options.keys:
            path = self.options.key_settings.get(f"{alias}.passwordFile", password_file)
            if not Path(path).is_file():
                self.context.report(
                    Problem(
                        Severity.WARNING,
                        f"Password file for alias {alias} does not exist; the store's password is used",
                        key=f"encryption.keyProvider.keys.{alias}.passwordFile",
                    )
                )


def _check_capacities(options: FileOptions) -> None:
    if options.transaction_capacity > options.capacity:
        known = options.model_fields_set
        most, capacity = (
            f"{key} is {value}{'' if field in known else ' (its default)'}"
            for key, field, value in (
                ("transactionCapacity", "transaction_capacity", options.transaction_capacity),
                ("capacity", "capacity", options.capacity),
            )
        )
        raise ConfigurationError(
            f"File Channel transaction capacity cannot be greater than the capacity of the channel: {most}, {capacity}",
            key="capacity" if "capacity" in known else "transactionCapacity",
        )


def _check_backup(folder: str | None, checkpoint_dir: Path) -> None:
    key = "backupCheckpointDir"
    if folder is None:
        raise ConfigurationError("Dual checkpointing is enabled, but the backup directory is not set.", key=key)
    if Path(folder).resolve() == checkpoint_dir.resolve():
        raise ConfigurationError(
            "The checkpoint backup directory and the checkpoint directory are configured to be the same.", key=key
        )


def _encryption_error(message: str, key: str) -> ConfigurationError:
    return ConfigurationError(f"Encryption configuration problem: {message}", key=key)
