"""File channel: durable, a write-ahead log and a checkpoint. Source: FileChannel, JCEFileKeyProvider."""

from pathlib import Path

from pydantic import model_validator

from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError
from flumepy.core.folders import home_folder
from flumepy.core.later import LaterChannel
from flumepy.core.options import Options, opt

LARGEST_FILE_BYTES = 1_623_195_647
SMALLEST_REQUIRED_SPACE_BYTES = 1024 * 1024
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
        "compressBackupCheckpoint", False, since="1.6", doc="Compress the second one."
    )
    capacity: int = opt("capacity", 1_000_000, ge=1, on_bad="default_outside", unit="events",
                        doc="Most events in the channel.")  # fmt: skip
    transaction_capacity: int = opt("transactionCapacity", 10_000, ge=1, on_bad="default_outside", unit="events",
                                    doc="Most events one transaction puts, or takes.")  # fmt: skip
    checkpoint_interval_ms: int = opt("checkpointInterval", 30_000, long=True, ge=1, on_bad="default_outside", unit="ms",
                                      doc="Time between checkpoints; at least 1000.")  # fmt: skip
    max_file_bytes: int = opt("maxFileSize", LARGEST_FILE_BYTES, long=True, unit="bytes",
                              doc="Size at which a new log file begins; the default is also the most.")  # fmt: skip
    minimum_required_space_bytes: int = opt(
        "minimumRequiredSpace", 524_288_000, long=True, unit="bytes", since="1.4",
        doc="Space that must stay free for puts; at least 1 MiB.",
    )  # fmt: skip
    keep_alive_s: int = opt("keep-alive", 3, unit="s", doc="How long a put waits for room.")
    use_log_replay_v1: bool = opt("use-log-replay-v1", False, doc="Replay with the old algorithm.")
    use_fast_replay: bool = opt("use-fast-replay", False, since="1.3", doc="Replay without a checkpoint in memory.")
    checkpoint_on_close: bool = opt("checkpointOnClose", True, since="1.6", doc="Write a checkpoint at stop.")
    sync_each_transaction: bool = opt(
        "fsyncPerTransaction", True, since="1.5", doc="Sync at each commit; false syncs by timer and skips bad records."
    )
    sync_interval_s: int = opt(
        "fsyncInterval", 5, unit="s", since="1.5", doc="The timer when fsyncPerTransaction is false."
    )
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

    @model_validator(mode="after")
    def _fits(self) -> "FileOptions":
        if self.transaction_capacity > self.capacity:
            raise ValueError("File Channel transaction capacity cannot be greater than the capacity of the channel.")
        return self


class FileChannel(LaterChannel[FileOptions]):
    """Keeps events on disk."""

    Options = FileOptions
    type_name = "file"
    durability = "power-safe"
    is_reusable = False

    def __init__(self, context: Context, options: FileOptions) -> None:
        super().__init__(context, options)
        self.transaction_capacity = options.transaction_capacity
        base = f"{home_folder(context)}/.flume/file-channel"
        self.checkpoint_dir = Path(options.checkpoint_dir or f"{base}/checkpoint")
        folders = (options.data_dirs or f"{base}/data").split(",")
        self.data_dirs = [Path(folder.strip()) for folder in folders if folder.strip()]
        self.max_file_bytes = min(options.max_file_bytes, LARGEST_FILE_BYTES)
        self.minimum_required_space_bytes = max(options.minimum_required_space_bytes, SMALLEST_REQUIRED_SPACE_BYTES)
        if options.use_dual_checkpoints:
            _check_backup(options.backup_checkpoint_dir, self.checkpoint_dir)
        if options.key_provider is not None:
            self._check_encryption(options)
        elif options.active_key is not None:
            raise _encryption_error("activeKey is present while key provider name is not.", "encryption.activeKey")
        elif options.cipher_provider is not None:
            raise _encryption_error(
                "cipherProvider is present while key provider name is not.", "encryption.cipherProvider"
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
                self.warn(f"Password file for alias {alias} does not exist; the store's password is used",
                          key=f"encryption.keyProvider.keys.{alias}.passwordFile")  # fmt: skip


def _check_backup(folder: str | None, checkpoint_dir: Path) -> None:
    key = "backupCheckpointDir"
    if folder is None:
        raise ConfigurationError("Dual checkpointing is enabled, but the backup directory is not set.", key=key)
    if Path(folder) == checkpoint_dir:
        raise ConfigurationError(
            "The checkpoint backup directory and the checkpoint directory are configured to be the same.", key=key
        )


def _encryption_error(message: str, key: str) -> ConfigurationError:
    return ConfigurationError(f"Encryption configuration problem: {message}", key=key)
