"""The sealed inbox: strangers' requests wait, friends' offers are taken, own devices are heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from enigm.app.content import TITLE_CHARACTERS_MAX, check_greeting
from enigm.app.conversations.offers import ReceivedOffer
from enigm.app.errors import MalformedContentError, UnknownThingError
from enigm.app.home import INBOX_CURSOR, SIGN_IN_SECRET
from enigm.app.identity.credentials import ChainNeededError, account_name
from enigm.app.letters import (
    DEVICE_NAME_CHARACTERS_MAX,
    Contacts,
    DeviceReady,
    Offer,
    SignedLetter,
    open_letter,
)
from enigm.wire.device_chain import Fingerprint, device_id_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.app.conversations.offers import Offers
    from enigm.app.conversations.siblings import Siblings
    from enigm.app.home import Home
    from enigm.app.vault.threads import Thread
    from enigm.wire.delivery import Record

# Beyond it the oldest is forgotten: strangers must not be able to fill a disk.
REQUESTS_MAX = 200


class Inbox:
    """Takes letters, each once, and answers requests."""

    def __init__(
        self,
        home: Home,
        offers: Offers,
        siblings: Siblings,
        use_secret: Callable[[str], None],
    ) -> None:
        """Work on an open profile; ``use_secret`` is told when the account's password changed."""
        self._home = home
        self._use_secret = use_secret
        self._looked_up: frozenset[str] = frozenset()
        self._offers = offers
        self._siblings = siblings

    @property
    def cursor(self) -> int:
        """The last letter that was taken."""
        stored = self._home.vault.get_setting(INBOX_CURSOR)
        return 0 if stored is None else int.from_bytes(stored, "big")

    def take(self, record: Record, looked_up: frozenset[str] = frozenset()) -> None:
        """Take one letter.

        Raises ChainNeededError, after which nothing has changed; any other Refusal means that
        the letter is worthless. ``looked_up`` names the accounts fetched for this letter.
        """
        with self._home.vault.transaction():
            if record.seq <= self.cursor:
                return
            self._looked_up = looked_up
            self._read(open_letter(record.body, self._home.device))
            self.skip(record)

    def skip(self, record: Record) -> None:
        """Note that a letter needs no more attention."""
        with self._home.vault.transaction():
            self._home.vault.set_setting(INBOX_CURSOR, record.seq.to_bytes(8, "big"))

    def accept(self, request_id: str, looked_up: frozenset[str], *, is_told: bool = True) -> Thread:
        """Join what a request offers; raises UnknownThingError, ChainNeededError, a Refusal."""
        home = self._home
        with home.vault.transaction():
            received = self.request(request_id)
            require_fresh(received, looked_up)
            thread = self._offers.take(received, say_hello=is_told)
            if thread.kind == "direct":
                home.people.set_state(thread.peer, "accepted")
                home.changes.contact(thread.peer)
            self._forget(request_id)
            if is_told:
                self._siblings.tell(Contacts(accepted=(thread.channel,)), people=[thread.peer])
        return thread

    def refuse(self, request_id: str, *, is_told: bool = True) -> None:
        """Forget a request; raises UnknownThingError."""
        with self._home.vault.transaction():
            received = self.request(request_id)
            self._forget(request_id)
            if is_told:
                self._siblings.tell(Contacts(refused=(received.offer.channel,)))

    def request(self, request_id: str) -> ReceivedOffer:
        """Return a waiting request; raises UnknownThingError."""
        row = self._home.vault.row(
            "SELECT account, device_public, offer FROM request WHERE id = ?", request_id
        )
        if row is None:
            raise UnknownThingError("request")
        offer = msgspec.msgpack.decode(row[2], type=Offer)
        return ReceivedOffer(Fingerprint(bytes.fromhex(row[0])), row[1], offer)

    def _read(self, signed: SignedLetter) -> None:
        chain = self._home.accept_chain(signed.chain)
        is_own = account_name(signed.fingerprint) == self._home.me
        # The letter's copy may be older than a revocation known here.
        if signed.device_public not in chain.trusted:
            raise MalformedContentError
        letter = signed.letter
        if isinstance(letter, Offer):
            received = ReceivedOffer(signed.fingerprint, signed.device_public, letter)
            self._take_offer(received, is_own=is_own)
        elif not is_own:
            raise MalformedContentError
        elif isinstance(letter, DeviceReady):
            self._take_device(signed.device_public, letter)
        else:
            self._take_contacts(letter)

    def _take_offer(self, received: ReceivedOffer, *, is_own: bool) -> None:
        home = self._home
        state = home.people.find(account_name(received.sender)).state
        if is_own:
            self._take_own_offer(received)
        elif state in {"accepted", "requested"}:
            require_fresh(received, self._looked_up)
            thread = self._offers.take(received, say_hello=True)
            # Both asked each other: that is two yeses.
            if thread.kind == "direct" and state == "requested":
                home.people.set_state(thread.peer, "accepted")
                home.changes.contact(thread.peer)
        elif state == "none":
            self._keep_request(received)

    def _take_own_offer(self, received: ReceivedOffer) -> None:
        """A sibling brings this device into a conversation."""
        home = self._home
        thread = self._offers.take(received, say_hello=False)
        self._forget(thread.id)
        if thread.kind != "direct":
            return
        if home.people.find(thread.peer).state == "none":
            home.people.set_state(thread.peer, "requested")
        if home.people.find(thread.peer).state == "requested":
            home.threads.set_state(thread.id, "requested")
        home.changes.contact(thread.peer)

    def _keep_request(self, received: ReceivedOffer) -> None:
        """Keep a stranger's offer unopened: no group is joined, nothing is fetched or sent."""
        home, offer = self._home, received.offer
        sender = account_name(received.sender)
        home.people.claim_name(sender, offer.names.get(sender, ""))
        home.vault.run(
            "INSERT OR REPLACE INTO request VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            received.thread_id,
            sender,
            received.device_public,
            check_greeting(offer.greeting),
            min(offer.at, home.now()),
            offer.shape,
            offer.title[:TITLE_CHARACTERS_MAX],
            msgspec.msgpack.encode(offer),
        )
        home.vault.run(
            "DELETE FROM request WHERE id NOT IN "
            "(SELECT id FROM request ORDER BY at DESC, id LIMIT ?)",
            REQUESTS_MAX,
        )
        home.changes.request(received.thread_id)

    def _take_device(self, device_public: bytes, letter: DeviceReady) -> None:
        home = self._home
        if not letter.key_packages or device_public == home.device.device_public:
            raise MalformedContentError
        home.people.name_device(device_public, letter.name[:DEVICE_NAME_CHARACTERS_MAX])
        self._siblings.welcome(device_public, letter.key_packages)
        home.changes.device(device_id_of(device_public).hex())

    def _take_contacts(self, letter: Contacts) -> None:
        home = self._home
        for copy in letter.contacts:
            self._siblings.take_contact(copy)
        for device, name in letter.devices.items():
            home.people.name_device(bytes.fromhex(device), name[:DEVICE_NAME_CHARACTERS_MAX])
        if letter.sign_in_secret:
            home.vault.set_setting(SIGN_IN_SECRET, letter.sign_in_secret.encode())
            self._use_secret(letter.sign_in_secret)
        for channel in letter.refused:
            self._forget(channel.hex())
        for channel in letter.accepted:
            if home.vault.value("SELECT 1 FROM request WHERE id = ?", channel.hex()):
                self.accept(channel.hex(), self._looked_up, is_told=False)

    def _forget(self, request_id: str) -> None:
        if self._home.vault.run("DELETE FROM request WHERE id = ?", request_id):
            self._home.changes.request_gone(request_id)


def require_fresh(received: ReceivedOffer, looked_up: frozenset[str]) -> None:
    """Ask for the sender's chain as it is today: a revoked device must not start anything.

    A letter carries the chain that its writer likes to show. Raises ChainNeededError.
    """
    account = account_name(received.sender)
    if account not in looked_up:
        raise ChainNeededError(account)
