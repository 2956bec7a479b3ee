"""flumepy.formats.flume_keys against the store of a Flume whose file channel was encrypted, and against this JDK's keytool.

stores/flume_aes.jceks: keytool, `-genseckey -alias key-0 -keyalg AES -keysize 128 -storepass storepass`; Flume 1.11 wrote
an encrypted channel with it. Its key was printed by Java.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from flumepy.core.errors import ConfigurationError, MissingPackageError
from flumepy.formats.flume_keys import load_keys

STORE = Path(__file__).parent / "stores" / "flume_aes.jceks"
KEY_0 = bytes.fromhex("833c37d03c33f8c9b4d78017aa90e188")

PRINT_KEYS = """
import java.io.FileInputStream;
import java.security.KeyStore;

public class PrintKeys {
    public static void main(String[] a) throws Exception {
        KeyStore store = KeyStore.getInstance("jceks");
        store.load(new FileInputStream(a[0]), a[1].toCharArray());
        for (int i = 2; i < a.length; i += 2) {
            byte[] key = store.getKey(a[i], a[i + 1].toCharArray()).getEncoded();
            System.out.println(java.util.HexFormat.of().formatHex(key));
        }
    }
}
"""


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(" storepass\t\r\n", encoding="utf-8")
    return path


def test_the_key_that_flume_used_is_read_and_blanks_around_the_password_do_no_harm(password_file: Path) -> None:
    assert load_keys(STORE, password_file, ["key-0"], {}) == {"key-0": KEY_0}


def test_a_key_has_the_stores_password_where_its_own_file_is_missing(password_file: Path, tmp_path: Path) -> None:
    assert load_keys(STORE, password_file, ["KEY-0"], {"KEY-0": str(tmp_path / "none")}) == {"key-0": KEY_0}


def test_a_missing_alias_is_named_with_its_store(password_file: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"flume_aes\.jceks has no key key-1; keytool") as caught:
        load_keys(STORE, password_file, ["key-0", "key-1"], {})
    assert caught.value.key == "encryption.keyProvider.keys"


def test_a_wrong_password_of_a_key_names_store_alias_and_file(password_file: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    for wrong in range(3):
        own.write_text(f"wrong{wrong}", encoding="utf-8")
        with pytest.raises(ConfigurationError, match=r"flume_aes\.jceks: the key key-0 does not open .*own") as caught:
            load_keys(STORE, password_file, ["key-0"], {"key-0": str(own)})
        assert caught.value.key == "encryption.keyProvider.keys.key-0.passwordFile"


def test_a_wrong_password_of_the_store_names_the_store(password_file: Path) -> None:
    password_file.write_text("wrong", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"flume_aes\.jceks: the password is wrong") as caught:
        load_keys(STORE, password_file, ["key-0"], {})
    assert caught.value.key == "encryption.keyProvider.keyStoreFile"


def test_files_that_cannot_be_read_are_named(password_file: Path, tmp_path: Path) -> None:
    none = tmp_path / "none"
    with pytest.raises(ConfigurationError, match="none cannot be read") as caught:
        load_keys(STORE, none, ["key-0"], {})
    assert caught.value.key == "encryption.keyProvider.keyStorePasswordFile"
    with pytest.raises(ConfigurationError, match="none cannot be read") as caught:
        load_keys(none, password_file, ["key-0"], {})
    assert caught.value.key == "encryption.keyProvider.keyStoreFile"


def test_a_missing_package_says_what_to_install(password_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cryptography.hazmat.primitives.ciphers", None)
    with pytest.raises(MissingPackageError, match="cryptography"):
        load_keys(STORE, password_file, ["key-0"], {})


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("javac") is None, reason="no JDK on this machine")
def test_keys_of_every_size_that_keytool_makes_are_those_that_java_reads(tmp_path: Path) -> None:
    store = tmp_path / "made.jceks"
    aliases, files = [], {}
    for bits in (128, 192, 256):
        alias, password = f"Key-{bits}", "changeit" if bits == 128 else f"password{bits}"
        command = ["keytool", "-genseckey", "-alias", alias, "-keyalg", "AES", "-keysize", str(bits)]
        stored = ["-storetype", "jceks", "-keystore", str(store), "-storepass", "changeit", "-keypass", password]
        subprocess.run([*command, *stored], check=True, capture_output=True)
        own = tmp_path / f"{alias}.password"
        own.write_text(password + "\n", encoding="utf-8")
        aliases += [alias, password]
        files[alias] = str(own)
    source = tmp_path / "PrintKeys.java"
    source.write_text(PRINT_KEYS, encoding="utf-8")
    shown = subprocess.run(["java", source, store, "changeit", *aliases], check=True, capture_output=True, text=True)
    expected = [bytes.fromhex(line) for line in shown.stdout.split()]
    (tmp_path / "password").write_text("changeit\n", encoding="utf-8")
    keys = load_keys(store, tmp_path / "password", files, files)
    assert list(keys.values()) == expected
    assert list(map(len, expected)) == [16, 24, 32]
