"""Principal and keytab: what is refused while configuring."""

from pathlib import Path

import pytest

from flumepy.core.errors import ConfigurationError
from flumepy.core.kerberos import check_kerberos


def check(principal: str | None, keytab: str | None) -> None:
    check_kerberos(principal, keytab, principal_key="p", keytab_key="k")


def test_neither_or_a_readable_pair_is_fine(tmp_path: Path) -> None:
    keytab = tmp_path / "flume.keytab"
    keytab.write_bytes(b"\x05\x02")
    check(None, None)
    check("flume/_HOST@EXAMPLE.ORG", str(keytab))


def test_one_of_the_two_alone_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="Keytab can not be null") as caught:
        check("flume", None)
    assert caught.value.key == "k"
    with pytest.raises(ConfigurationError, match="Principal can not be null"):
        check(None, "x")


def test_a_missing_keytab_and_a_folder_are_refused_with_the_path(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone"):
        with pytest.raises(ConfigurationError, match=f"Keytab is not a readable file: {path}"):
            check("flume", str(path))
