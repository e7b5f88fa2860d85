"""The vault's pages about people: names, contact states, device chains, opened cards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from enigm.app.errors import LyingServiceError
from enigm.wire.contact_card import ContactCard
from enigm.wire.device_chain import DeviceChain, UnverifiedChain

if TYPE_CHECKING:
    from enigm.app.vault.file import Row, VaultFile

PersonState = Literal["none", "requested", "accepted", "blocked"]

_COLUMNS = "account, name, name_checked, card_key, state, verified"


@dataclass(frozen=True, slots=True)
class Person:
    """Someone this profile has met. A name that is not checked is the claim of a third party."""

    account: str
    name: str
    is_name_checked: bool
    card_key: bytes | None
    state: PersonState
    is_verified: bool

    @property
    def shown_name(self) -> str:
        """The name for a screen: never an unchecked claim, which could be somebody else's."""
        return self.name if self.is_name_checked else f"Unknown {self.account[:8]}"


class People:
    """Reads and writes of those pages; every write belongs to the caller's transaction."""

    def __init__(self, vault: VaultFile) -> None:
        """Work on an open vault."""
        self._vault = vault

    def find(self, account: str) -> Person:
        """Return a person, or a blank one for somebody never met."""
        row = self._vault.row(f"SELECT {_COLUMNS} FROM person WHERE account = ?", account)  # noqa: S608
        return _person(row) if row else Person(account, "", False, None, "none", False)  # noqa: FBT003

    def contacts(self) -> list[Person]:
        """Return everyone whom this profile wrote to, accepted or blocked."""
        rows = self._vault.rows(
            f"SELECT {_COLUMNS} FROM person WHERE state != 'none' ORDER BY name, account"  # noqa: S608
        )
        return [_person(row) for row in rows]

    def set_state(self, account: str, state: PersonState) -> None:
        """Write the state of a contact."""
        self._touch(account)
        self._vault.run("UPDATE person SET state = ? WHERE account = ?", state, account)

    def set_verified(self, account: str, *, is_verified: bool) -> None:
        """Remember whether safety numbers were compared."""
        self._touch(account)
        self._vault.run(
            "UPDATE person SET verified = ? WHERE account = ?", int(is_verified), account
        )

    def claim_name(self, account: str, name: str) -> bool:
        """Note what somebody says a person is called; return whether it needs checking."""
        self._touch(account)
        if self.find(account).is_name_checked or not name:
            return False
        self._vault.run("UPDATE person SET name = ? WHERE account = ?", name, account)
        return True

    def confirm_name(self, account: str, name: str, card_key: bytes) -> None:
        """Note a name that the directory resolved to this account."""
        self._touch(account)
        self._vault.run(
            "UPDATE person SET name = ?, name_checked = 1, card_key = ? WHERE account = ?",
            name,
            card_key,
            account,
        )

    def chains(self) -> dict[str, DeviceChain]:
        """Return every chain; they were verified before they were written."""
        rows = self._vault.rows("SELECT account, root_public, entries FROM chain")
        return {
            account: UnverifiedChain(
                root, msgspec.msgpack.decode(entries, type=tuple[bytes, ...])
            ).verify()
            for account, root, entries in rows
        }

    def accept_chain(
        self, known: DeviceChain | None, fresh: DeviceChain, now_seconds: int
    ) -> DeviceChain:
        """Store a verified chain if it continues the known one; return the longer of the two.

        Raises LyingServiceError when the two contradict each other: somebody shows different
        people different devices.
        """
        if known is not None:
            shared = min(len(known.entries), len(fresh.entries))
            if known.entries[:shared] != fresh.entries[:shared]:
                raise LyingServiceError("An account's list of devices contradicts what it was.")
            if len(fresh.entries) <= len(known.entries):
                return known
        self._vault.run(
            "INSERT OR REPLACE INTO chain VALUES (?, ?, ?, ?)",
            fresh.fingerprint.hex(),
            fresh.root_public,
            msgspec.msgpack.encode(fresh.entries),
            now_seconds,
        )
        return fresh

    def card(self, device_public: bytes) -> ContactCard | None:
        """Return where to write to a device, if that is known."""
        row = self._vault.row(
            "SELECT inbox, hpke_public FROM card WHERE device_public = ?", device_public
        )
        return None if row is None else ContactCard(*row)

    def keep_card(self, account: str, device_public: bytes, card: ContactCard) -> None:
        """Remember where to write to a device."""
        self._vault.run(
            "INSERT OR REPLACE INTO card VALUES (?, ?, ?, ?)",
            device_public,
            account,
            card.inbox,
            card.hpke_public,
        )

    def device_name(self, device_public: bytes) -> str | None:
        """Return what the owner calls a device of this account."""
        return self._vault.value(
            "SELECT name FROM device_name WHERE device_public = ?", device_public
        )

    def name_device(self, device_public: bytes, name: str) -> None:
        """Remember what the owner calls a device of this account."""
        self._vault.run("INSERT OR REPLACE INTO device_name VALUES (?, ?)", device_public, name)

    def device_names(self) -> dict[str, str]:
        """Return every known name of this account's devices, by key in hexadecimal."""
        rows = self._vault.rows("SELECT device_public, name FROM device_name")
        return {device.hex(): name for device, name in rows}

    def _touch(self, account: str) -> None:
        self._vault.run("INSERT OR IGNORE INTO person (account) VALUES (?)", account)


def _person(row: Row) -> Person:
    account, name, is_checked, card_key, state, is_verified = row
    return Person(account, name, bool(is_checked), card_key, state, bool(is_verified))
