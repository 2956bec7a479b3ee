"""The file channel as the drill uses it: the real one, with segments so small that it rolls and recycles all the time."""

import random
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from flumepy.channels.file import FileChannel, FileOptions
from flumepy.core.clock import Clock, SystemClock
from flumepy.core.component import Context
from flumepy.core.options import require_options
from flumepy.event_log.store import StoreSettings
from flumepy.log.disk import Disk

KEY_STORE = Path(__file__).with_name("keys.jceks")
KEY_STORE_PASSWORD = "changeit"
ALIASES = ("one", "two")
REOPEN_S = 0.02

#: properties of the channel as in a file, and what only the drill can set
Settings = dict[str, Any]


class DrillChannel(FileChannel):
    """The file channel with sizes and times that no operator could choose."""

    segment_bytes: int
    hot_bytes: int
    checkpoint_s: float

    def store_settings(self) -> StoreSettings:
        """Return those of the file channel but for the sizes."""
        return replace(
            super().store_settings(), segment_bytes=self.segment_bytes, hot_bytes=self.hot_bytes, minimum_free_bytes=0
        )

    @property
    def checkpoint_interval_s(self) -> float:
        """Return the time between checkpoints."""
        return self.checkpoint_s


def series_settings(randoms: random.Random) -> Settings:
    """Return what all lives in one directory share."""
    return {
        "data_dirs": randoms.choice([1, 1, 2, 3]),
        "has_backup": randoms.random() < 0.3,
        "segment_bytes": randoms.choice([2000, 8000, 30000]),
        "capacity": randoms.choice([100, 500]),
        "is_encrypted": randoms.random() < 0.3,
    }


def vary(base: Settings, randoms: random.Random, *, is_synced: bool = False) -> tuple[Settings, list[str]]:
    """Return the settings of one life, and words for what is in them."""
    compression = randoms.choice(["none", "none", "zstd", "lz4"])
    syncs = is_synced or randoms.random() < 0.7
    alias = randoms.choice(ALIASES) if base["is_encrypted"] else None
    settings = {
        **base,
        "compression": compression,
        "syncs": syncs,
        "alias": alias,
        "saves_at_stop": randoms.random() < 0.7,
        "checkpoint_s": randoms.choice([0.005, 0.05, 30.0]),
        "hot_bytes": randoms.choice([500, 20_000, 1 << 24]),
    }
    labels = [
        compression,
        "synced commits" if syncs else "unsynced commits",
        "encryption" if alias else "no encryption",
    ]
    return settings, [*labels, f"{base['data_dirs']} data folders"]


def make_folders(folder: Path, settings: Settings) -> None:
    """Make the directories of the channel, and put the keys beside them."""
    for place in [*_data_dirs(folder, settings), folder / "checkpoint", folder / "backup"]:
        place.mkdir(exist_ok=True)
    keys = folder.with_name(f"{folder.name}-keys")
    if settings["is_encrypted"] and not keys.exists():
        keys.mkdir()
        shutil.copyfile(KEY_STORE, keys / KEY_STORE.name)
        (keys / "password").write_text(f"{KEY_STORE_PASSWORD}\n", encoding="utf-8")


def remove_folders(folder: Path) -> None:
    """Delete what one channel left."""
    for place in (folder, folder.with_name(f"{folder.name}-keys"), folder.with_name(f"{folder.name}-kept")):
        shutil.rmtree(place, ignore_errors=True)


def open_channel(folder: Path, settings: Settings, disk: Disk, *, clock: Clock | None = None) -> DrillChannel:
    """Return the channel, not started."""
    options = require_options(FileOptions, _properties(folder, settings))
    channel = DrillChannel(Context("c1", clock=clock or SystemClock()), options)
    channel.segment_bytes = settings["segment_bytes"]
    channel.hot_bytes = settings["hot_bytes"]
    channel.checkpoint_s = settings["checkpoint_s"]
    channel.disk = disk
    channel._caretaker.first_reopen_s = REOPEN_S
    return channel


def _properties(folder: Path, settings: Settings) -> dict[str, str]:
    properties = {
        "checkpointDir": str(folder / "checkpoint"),
        "dataDirs": ",".join(map(str, _data_dirs(folder, settings))),
        "useDualCheckpoints": str(settings["has_backup"]).lower(),
        "backupCheckpointDir": str(folder / "backup"),
        "capacity": str(settings["capacity"]),
        "transactionCapacity": str(settings["capacity"]),
        "keep-alive": "0",
        "fsyncPerTransaction": str(settings["syncs"]).lower(),
        "fsyncInterval": "1",
        "checkpointOnClose": str(settings["saves_at_stop"]).lower(),
        "compression": settings["compression"],
    }
    if settings["alias"] is not None:
        keys = folder.with_name(f"{folder.name}-keys")
        properties |= {
            "encryption.activeKey": settings["alias"],
            "encryption.cipherProvider": "AESCTRNOPADDING",
            "encryption.keyProvider": "JCEKSFILE",
            "encryption.keyProvider.keyStoreFile": str(keys / KEY_STORE.name),
            "encryption.keyProvider.keyStorePasswordFile": str(keys / "password"),
            "encryption.keyProvider.keys": " ".join(ALIASES),
        }
    return properties


def _data_dirs(folder: Path, settings: Settings) -> list[Path]:
    return [folder / f"data{number}" for number in range(settings["data_dirs"])]
