"""The vault: what lies on the disk says nothing, and opens to the password alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from enigm.app.errors import (
    DamagedVaultError,
    InvalidPasswordError,
    InvalidProfileError,
    LockedError,
    ProfileInUseError,
    WrongPasswordError,
)
from enigm.app.vault.profile import Profile
from enigm.app.vault.wrapping import read_header
from enigm.foundation.entropy import SystemEntropy
from tests.support.app_world import PASSWORD, befriend, has_text, until

if TYPE_CHECKING:
    from pathlib import Path

    from enigm.app.home import Home
    from enigm.app.vault.file import VaultFile
    from tests.support.app_world import World

SERVICE = "http://127.0.0.1:1"


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    made = Profile(tmp_path, "alice")
    made.make(PASSWORD, SERVICE, SystemEntropy()).close()
    made.release()
    return made


def test_the_password_opens_and_another_does_not(profile: Profile) -> None:
    profile.open(PASSWORD).close()
    for wrong in ("not the password", "", PASSWORD + " ", "x" * 300):
        with pytest.raises(WrongPasswordError):
            profile.open(wrong)
    profile.release()


def test_a_new_password_needs_no_new_vault_key(profile: Profile) -> None:
    before = (profile.folder / "vault.db").read_bytes()
    profile.rewrap(PASSWORD, "another password", SystemEntropy())
    assert (profile.folder / "vault.db").read_bytes() == before
    with pytest.raises(WrongPasswordError):
        profile.open(PASSWORD)
    profile.open("another password").close()
    profile.release()


@pytest.mark.parametrize("password", ["", "short", "x" * 257])
def test_a_password_that_protects_nothing_is_refused(tmp_path: Path, password: str) -> None:
    with pytest.raises(InvalidPasswordError):
        Profile(tmp_path, "bob").make(password, SERVICE, SystemEntropy())


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "x" * 65, "ä"])
def test_a_profile_name_cannot_lead_out_of_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidProfileError):
        Profile(tmp_path, name)


def test_an_altered_vault_is_told_from_a_wrong_password(profile: Profile) -> None:
    header = profile.folder / "vault.json"
    kept = header.read_bytes()
    for damaged in (b"", b"{}", kept.replace(b'"memory_kib":65536', b'"memory_kib":99999999')):
        header.write_bytes(damaged)
        with pytest.raises(DamagedVaultError):
            profile.open(PASSWORD)
    header.write_bytes(kept)
    (profile.folder / "vault.db").write_bytes(b"not a vault" * 1000)
    with pytest.raises(DamagedVaultError):
        profile.open(PASSWORD)
    profile.release()


def test_only_the_owner_can_read_the_files(profile: Profile) -> None:
    assert profile.folder.stat().st_mode & 0o777 == 0o700
    for path in profile.folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0
    assert read_header(profile.folder / "vault.json").service == SERVICE


def test_a_second_app_is_kept_out(profile: Profile) -> None:
    vault = profile.open(PASSWORD)
    other = Profile(profile.folder.parent, "alice")
    with pytest.raises(ProfileInUseError):
        other.open(PASSWORD)
    vault.close()
    profile.release()
    other.open(PASSWORD).close()
    other.release()


def test_half_a_transaction_is_none(profile: Profile) -> None:
    vault = profile.open(PASSWORD)
    with pytest.raises(InterruptedError):
        write_half(vault)
    assert vault.get_setting("half") is None
    with vault.transaction():
        vault.set_setting("whole", b"written")
    vault.close()
    vault = profile.open(PASSWORD)
    assert vault.get_setting("whole") == b"written"
    vault.close()
    profile.release()


def write_half(vault: VaultFile) -> None:
    with vault.transaction():
        vault.set_setting("half", b"written")
        raise InterruptedError


@pytest.mark.requirement("APP-04")
async def test_the_files_hold_no_plaintext_while_in_use_and_after(world: World) -> None:
    alice, bob = await world.person("alice-unusual"), await world.person("bob-unusual")
    talk = await befriend(alice, bob, "a greeting in the clear")
    await alice.send(talk, "a very secret sentence")
    await until(lambda: has_text(bob, talk, "a very secret sentence"))
    home = alice._access.unlocked().home
    device = home.device
    secrets = [
        b"unusual",
        b"greeting in the clear",
        b"secret sentence",
        b"SQLite format",
        device.signing_seed,
        device.hpke_private,
        PASSWORD.encode(),
    ]
    for is_open in (True, False):
        if not is_open:
            await alice.lock()
        for path in (world.folder / "profiles" / "alice-unusual").iterdir():
            octets = path.read_bytes()
            for secret in secrets:
                assert secret not in octets, (path.name, secret)
    with pytest.raises(LockedError):
        await alice.conversations()


async def test_consumed_message_secrets_leave_the_vault(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    talk = await befriend(alice, bob, "")
    await alice.settle(10)
    await bob.settle(10)
    home = bob._access.unlocked().home
    before = {value for _, value in rows_of(home, talk)}
    await alice.send(talk, "moves the ratchet")
    await until(lambda: has_text(bob, talk, "moves the ratchet"))
    await bob.settle(10)
    after = {value for _, value in rows_of(home, talk)}
    gone = before - after
    assert gone
    home.vault.truncate_log()
    key = home.vault.value("PRAGMA secure_delete")
    assert key == 1
    log = world.folder / "profiles" / "bob" / "vault.db-wal"
    assert not log.exists() or log.stat().st_size == 0


def rows_of(home: Home, talk: str) -> list[Any]:
    return home.vault.rows("SELECT name, value FROM mls_row WHERE conversation = ?", talk)


def test_a_write_that_is_not_forced_leaves_the_next_one_forced(profile: Profile) -> None:
    vault = profile.open(PASSWORD)
    normal, full = 1, 2
    for _ in range(2):
        with vault.transaction(is_forced=False), vault.transaction():
            vault.set_setting("name", b"value")
            assert vault.value("PRAGMA synchronous") == normal
        with vault.transaction():
            assert vault.value("PRAGMA synchronous") == full
        with vault.transaction(is_forced=False):
            pass
        vault.set_setting("name", None)
        assert vault.value("PRAGMA synchronous") == full
    vault.close()
    profile.release()
