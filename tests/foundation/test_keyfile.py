"""The key file is made once, is closed to others, and gives each purpose a key of its own."""

from __future__ import annotations

import copy
import pickle
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import SetupError
from enigm.foundation.keyfile import Keys, load_or_create_keys
from tests.support.databases import keys_of_tests
from tests.support.entropy import FakeEntropy


def test_the_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "enigm" / "keys"
    first = load_or_create_keys(path, FakeEntropy())
    again = load_or_create_keys(path, FakeEntropy(b"other dice"))
    assert first.derive("accounts", "store") == again.derive("accounts", "store")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["keys"]


def test_starts_at_the_same_moment_agree_on_one_key(tmp_path: Path) -> None:
    def derived(_turn: int) -> bytes:
        return load_or_create_keys(tmp_path / "keys", SystemEntropy()).derive("a", "b")

    with ThreadPoolExecutor(8) as workers:
        assert len(set(workers.map(derived, range(8)))) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["keys"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777, 0o610])
def test_a_key_file_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys"
    load_or_create_keys(path, FakeEntropy())
    path.chmod(mode)
    with pytest.raises(SetupError, match="chmod 600"):
        load_or_create_keys(path, FakeEntropy())


@pytest.mark.parametrize(
    "text",
    ["", "enigm-key-file-1 ", "enigm-key-file-1 AAAA\n", "enigm-key-file-2 " + "A" * 43 + "=\n"],
)
def test_a_damaged_key_file_is_refused_and_not_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(SetupError, match="damaged"):
        load_or_create_keys(path, FakeEntropy())
    assert path.read_text() == text


def test_each_domain_and_purpose_has_a_key_of_its_own() -> None:
    keys = keys_of_tests()
    pairs = [("accounts", "store"), ("devices", "store"), ("accounts", "login"), ("a", "ccounts")]
    pairs += [("accountss", "tore"), ("", "accountsstore")]
    assert len({keys.derive(domain, purpose) for domain, purpose in pairs}) == len(pairs)


def test_derived_keys_never_change() -> None:
    label = b"enigm keys 1" + b"\x00\x08accounts" + b"\x00\x05store"
    expected = HKDF(SHA256(), 32, salt=None, info=label).derive(bytes(range(32)))
    assert keys_of_tests().derive("accounts", "store") == expected


def test_keys_cannot_be_shown_compared_copied_or_pickled() -> None:
    keys = keys_of_tests()
    assert bytes(range(32)).hex() not in repr(keys) + str(keys)
    with pytest.raises(TypeError):
        _ = keys == keys_of_tests()
    with pytest.raises(TypeError):
        hash(keys)
    with pytest.raises(TypeError):
        pickle.dumps(keys)
    with pytest.raises(TypeError):
        copy.copy(keys)


def test_a_root_key_of_another_length_is_our_own_mistake() -> None:
    with pytest.raises(RuntimeError):
        Keys(b"short")
