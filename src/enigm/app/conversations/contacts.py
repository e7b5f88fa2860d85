"""What people do about people: find, ask, block, compare safety numbers, invite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.app.content import check_greeting
from enigm.app.conversations.lookups import require_same
from enigm.app.errors import ContactStateError, InvalidInviteError, UnknownThingError
from enigm.app.identity.invite_link import invitation_of, read_link, write_link
from enigm.app.identity.safety import qr_svg
from enigm.app.letters import Contacts as ContactsLetter
from enigm.app.views import Invite

if TYPE_CHECKING:
    from enigm.app.conversations.engine import Engine
    from enigm.app.conversations.talk import Talk
    from enigm.app.vault.people import Person


class Contacts:
    """The deeds of a user about other people."""

    def __init__(self, engine: Engine, talk: Talk) -> None:
        """Act for an engine."""
        self._engine = engine
        self._home = engine.home
        self._talk = talk

    async def ask(self, username: str | None, invite: str | None, greeting: str) -> Person:
        """Ask somebody to talk, found by name or invite link.

        Raises InvalidInviteError, InvalidUserNameError, UnknownThingError, ContactStateError,
        LyingServiceError when the directory leads to another account than the invite.
        """
        cleaned = check_greeting(greeting)
        if (username is None) == (invite is None):
            raise InvalidInviteError
        if invite is not None:
            invitation = read_link(invite)
            name, found = await self._engine.lookups.by_name(invitation.username)
            require_same(found, invitation.fingerprint)
        else:
            name, found = await self._engine.lookups.by_name(username or "")
        del name
        return self._begin(found.account, cleaned)

    def block(self, account: str) -> Person:
        """Show nothing more from this account."""
        self._known(account)
        home = self._home
        with home.vault.transaction():
            home.people.set_state(account, "blocked")
            for row in home.vault.rows("SELECT id FROM request WHERE account = ?", account):
                home.vault.run("DELETE FROM request WHERE id = ?", row[0])
                home.changes.request_gone(row[0])
            self._tell(account)
        return self._changed(account)

    def unblock(self, account: str) -> Person:
        """Undo ``block``: the person counts as accepted if there is a conversation with them."""
        home = self._home
        if self._known(account).state != "blocked":
            raise ContactStateError("This person is not blocked.")
        thread = home.threads.direct_with(account)
        is_open = thread is not None and thread.state == "active"
        with home.vault.transaction():
            home.people.set_state(account, "accepted" if is_open else "none")
            self._tell(account)
        return self._changed(account)

    def set_verified(self, account: str, *, is_verified: bool) -> Person:
        """Remember that the safety numbers were compared, or take it back."""
        self._known(account)
        with self._home.vault.transaction():
            self._home.people.set_verified(account, is_verified=is_verified)
            self._tell(account)
        return self._changed(account)

    def require_known(self, account: str) -> None:
        """Return if this profile has met the account; raises UnknownThingError."""
        self._known(account)

    def invite(self) -> Invite:
        """Return this account's invite link."""
        own = self._home.account
        link = write_link(invitation_of(own.username, own.fingerprint, own.card_key))
        return Invite(link, qr_svg(link))

    def _begin(self, account: str, greeting: str) -> Person:
        home = self._home
        if account == home.me:
            raise ContactStateError("That is you.")
        person = home.people.find(account)
        if person.state == "blocked":
            raise ContactStateError("You blocked this person: unblock them first.")
        thread = home.threads.direct_with(account)
        if thread is not None and thread.is_followed and thread.state != "leaving":
            return person
        waiting = home.vault.value("SELECT id FROM request WHERE account = ?", account)
        if waiting is not None:
            raise ContactStateError("This person asked you already: accept the request.")
        with home.vault.transaction():
            if person.state != "accepted":
                home.people.set_state(account, "requested")
            thread = self._talk.begin_direct(account, greeting)
            if person.state == "accepted":
                home.threads.set_state(thread.id, "active")
            self._tell(account)
        self._engine.wake(thread.id)
        return self._changed(account)

    def _known(self, account: str) -> Person:
        home = self._home
        is_met = home.vault.value("SELECT 1 FROM person WHERE account = ?", account) is not None
        if not is_met or account == home.me:
            raise UnknownThingError("contact")
        return home.people.find(account)

    def _tell(self, account: str) -> None:
        self._engine.siblings.tell(ContactsLetter(), people=[account])
        self._engine.post.wake()

    def _changed(self, account: str) -> Person:
        home = self._home
        home.changes.contact(account)
        for thread_id in home.threads.with_account(account):
            home.changes.conversation(thread_id)
        return home.people.find(account)
