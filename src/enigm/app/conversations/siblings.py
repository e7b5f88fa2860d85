"""One account on several devices: what they tell each other, and the groups they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.app.content import MESSAGE_ID_BYTES
from enigm.app.letters import (
    CONTACTS_PER_LETTER,
    ContactCopy,
    Contacts,
    Letter,
    copy_of,
    write_letter,
)
from enigm.app.vault.queues import LetterOut

if TYPE_CHECKING:
    from collections.abc import Iterable

    from enigm.app.home import Home

# One sibling acts at once; each other one waits a little longer, and finds it done.
TURN_SECONDS = 10


class Siblings:
    """Writes to and hears from the account's other devices; callers hold the transaction."""

    def __init__(self, home: Home) -> None:
        """Work on an open profile."""
        self._home = home

    def others(self) -> list[bytes]:
        """Return the account's other trusted devices."""
        own = self._home.device.device_public
        return sorted(device for device in self._home.own_chain.trusted if device != own)

    def tell(self, letter: Contacts, people: Iterable[str] = ()) -> None:
        """Send news to every sibling, with how these people stand."""
        contacts = tuple(
            copy for account in people if account and (copy := self._copy(account)) is not None
        )
        news = Contacts(
            contacts=letter.contacts + contacts,
            accepted=letter.accepted,
            refused=letter.refused,
            devices=letter.devices,
            sign_in_secret=letter.sign_in_secret,
        )
        for device_public in self.others():
            self.write(device_public, news)

    def write(self, device_public: bytes, letter: Letter) -> None:
        """Queue a letter for one device of this account."""
        home = self._home
        body = write_letter(
            letter, device=home.device, chain=home.own_chain, reader_public=device_public
        )
        letter_id = home.entropy.random_bytes(MESSAGE_ID_BYTES)
        home.queues.put_letter(
            LetterOut(letter_id, home.me, device_public, body, None, None, home.now())
        )

    def welcome(self, device_public: bytes, key_packages: tuple[bytes, ...]) -> None:
        """Bring a newly trusted device up to date, and into every conversation."""
        home = self._home
        turn_seconds = self._turn(device_public) * TURN_SECONDS
        if turn_seconds == 0:
            self._send_contacts(device_public)
        for index, thread in enumerate(home.threads.followed()):
            if thread.state != "leaving":
                # The last one is the device's last resort and may be used again.
                package = key_packages[min(index, len(key_packages) - 1)]
                home.queues.put_intent(
                    thread.id, "add_device", device_public, package, home.now() + turn_seconds
                )

    def expel(self, device_public: bytes) -> None:
        """See that a revoked device leaves every conversation."""
        for thread in self._home.threads.followed():
            self._home.queues.put_intent(thread.id, "remove_device", device_public)

    def take_contact(self, copy: ContactCopy) -> None:
        """Take over how a sibling keeps a contact."""
        home = self._home
        chain = home.accept_chain(copy.chain.unverified().verify())
        account = chain.fingerprint.hex()
        if account != copy.account or account == home.me:
            return
        if copy.name:
            home.people.confirm_name(account, copy.name, copy.card_key)
        home.people.set_verified(account, is_verified=copy.is_verified)
        if copy.state in {"requested", "accepted", "blocked"}:
            home.people.set_state(account, copy.state)  # pyright: ignore[reportArgumentType]
        home.changes.contact(account)

    def _turn(self, newcomer: bytes) -> int:
        """Return how many older devices act before this one."""
        older = sorted(device for device in self._home.own_chain.trusted if device != newcomer)
        return older.index(self._home.device.device_public)

    def _send_contacts(self, device_public: bytes) -> None:
        home = self._home
        copies = [
            copy
            for person in home.people.contacts()
            if (copy := self._copy(person.account)) is not None
        ]
        names = home.people.device_names()
        for start in range(0, max(1, len(copies)), CONTACTS_PER_LETTER):
            part = tuple(copies[start : start + CONTACTS_PER_LETTER])
            self.write(device_public, Contacts(contacts=part, devices=names))

    def _copy(self, account: str) -> ContactCopy | None:
        person = self._home.people.find(account)
        chain = self._home.chains.chains.get(account)
        if chain is None or not person.is_name_checked or person.card_key is None:
            return None
        return ContactCopy(
            account,
            person.name,
            person.card_key,
            person.state,
            person.is_verified,
            copy_of(chain),
        )
