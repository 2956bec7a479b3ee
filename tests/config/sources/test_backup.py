"""flumepy.config.sources.backup: what is kept, who may read it, and when it is used."""

import stat
from pathlib import Path

import pytest

from flumepy.config.sources.backup import Backup
from flumepy.core.errors import ConfigurationError
from flumepy.formats.properties import load_properties

ENTRIES = load_properties("a1.x = 1\na1.x = é # : =\nk =  two  \n".encode(), "x.conf")


def test_what_is_stored_is_loaded_again(tmp_path: Path) -> None:
    backup = Backup(tmp_path / "new" / "folder", "a1")
    assert backup.load() == []
    backup.store(ENTRIES)
    backup.store(ENTRIES)
    assert {entry.key: entry.value for entry in backup.load()} == {"a1.x": "é # : =", "k": "two  "}
    assert [path.name for path in backup.path.parent.iterdir()] == [".a1.properties"]


def test_only_the_owner_may_read_the_backup(tmp_path: Path) -> None:
    backup = Backup(tmp_path, "a1")
    backup.store(ENTRIES)
    assert stat.S_IMODE(backup.path.stat().st_mode) == 0o600


def test_a_directory_that_cannot_be_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot keep the backup"):
        Backup(tmp_path / "file", "a1").store(ENTRIES)
    with pytest.raises(ConfigurationError, match="cannot read the backup"):
        Backup(tmp_path / "file", "a1").load()


@pytest.mark.parametrize("agent", ["../a1", "a/b", "..", ""])
def test_an_agents_name_cannot_lead_out_of_the_directory(agent: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no backup can be kept"):
        Backup(tmp_path, agent)
