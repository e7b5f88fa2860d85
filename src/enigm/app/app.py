"""The App's door: one profile, each deed of docs/app-api.md as a method, and a feed of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.app.access import Access

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from enigm.app import views
    from enigm.app.options import Options
    from enigm.app.security.center import SecurityCenter
    from enigm.app.security.views import SecurityView
    from enigm.app.unlocked import Unlocked

MESSAGES_PAGE_DEFAULT = 50


class App:
    """One profile on this machine. Not safe across event loops: one loop owns one App.

    Every method that cannot do what was asked raises a ``foundation.errors.Refusal`` with a
    stable category and code. Accounts, conversations, messages, requests and devices are named by
    the ``id`` and ``account`` strings that the listings hold.
    """

    def __init__(self, options: Options) -> None:
        """Remember the options; nothing is opened before ``start``."""
        self._access = Access(options)

    @property
    def _open(self) -> Unlocked:
        """The profile while it is ready; raises LockedError, WrongStageError."""
        return self._access.unlocked()

    async def start(self) -> views.State:
        """Look at the profile's folder; stage is then ``welcome`` or ``locked``."""
        return await self._access.start()

    async def close(self) -> None:
        """Lock the vault and end every connection."""
        await self._access.close()

    def subscribe(self, callback: Callable[[views.Event], None]) -> Callable[[], None]:
        """Call back with every event, on the loop, in order; return what ends it."""
        return self._access.feed.subscribe(callback)

    def events(self) -> AsyncIterator[views.Event]:
        """Yield every event from now on; the subscription begins with the call itself."""
        return self._access.feed.events()

    def state(self) -> views.State:
        """Return the profile's stage and connection."""
        return self._access.state()

    async def register(
        self, username: str, password: str, invite: str | None = None
    ) -> views.PhraseToConfirm:
        """Make an account and its keys here; the stage is then ``confirm_phrase``."""
        return await self._access.register(username, password, invite)

    async def phrase_to_confirm(self) -> views.PhraseToConfirm:
        """Show the words again in stage ``confirm_phrase`` (after a reload or restart)."""
        return self._access.phrase_to_confirm()

    async def confirm_phrase(self, words: Mapping[int, str]) -> views.State:
        """Compare the asked words, from position 1; after that the App forgets the phrase."""
        return await self._access.confirm_phrase(words)

    async def recover(self, phrase: Sequence[str], password: str) -> views.State:
        """Bring an account back by its 24 words alone; ``password`` becomes its new password."""
        return await self._access.recover(phrase, password)

    async def link(self, username: str, password: str) -> views.LinkCode:
        """Sign in on a new device; the stage is then ``awaiting_approval``."""
        return await self._access.link(username, password)

    async def link_code(self) -> views.LinkCode:
        """Show the code again in stage ``awaiting_approval`` (after a reload or restart)."""
        return await self._access.link_code()

    async def unlock(self, password: str) -> views.State:
        """Open the vault and go online."""
        return await self._access.unlock(password)

    async def lock(self) -> views.State:
        """Drop every key and every plaintext from memory."""
        return await self._access.lock()

    async def change_password(self, password: str, new_password: str, pin: str) -> None:
        """Change the account's password and wrap the vault's key anew."""
        await self._access.change_password(password, new_password, pin)

    async def delete_account(self, password: str, pin: str) -> None:
        """Erase the account at the service and the profile on this machine."""
        await self._access.delete_account(password, pin)

    async def pin(self) -> views.Pin:
        """Tell whether a PIN is set, and how many tries are left."""
        return await self._open.pins.state()

    async def set_pin(self, password: str, pin: str) -> None:
        """Set a first PIN; critical deeds ask for it from then on."""
        await self._access.set_pin(password, pin)

    async def change_pin(self, pin: str, new_pin: str) -> None:
        """Replace the PIN."""
        await self._open.pins.change(pin, new_pin)

    async def set_duress_pin(self, pin: str, duress_pin: str | None) -> None:
        """Choose a second PIN that only seems to do what it is entered for; None takes it away."""
        await self._open.pins.change_duress(pin, duress_pin)

    async def remove_pin(self, pin: str) -> None:
        """Remove both PINs."""
        await self._open.pins.remove(pin)

    async def reset_pin(self, phrase: Sequence[str], new_pin: str) -> None:
        """Set a new PIN by the 24 words, and lift what a duress PIN held."""
        await self._open.pins.reset(phrase, new_pin)

    async def conversations(self) -> list[views.Conversation]:
        """List the conversations, newest first."""
        return self._open.shown.conversations()

    async def conversation(self, conversation: str) -> views.ConversationDetail:
        """Return one conversation with its members."""
        return self._open.detail(conversation)

    async def messages(
        self, conversation: str, before: str | None = None, limit: int = MESSAGES_PAGE_DEFAULT
    ) -> list[views.Message]:
        """Return a page of messages, oldest first, ending before the message ``before``."""
        return self._open.messages(conversation, before, limit)

    async def send(self, conversation: str, text: str) -> views.Message:
        """Queue a message; it is in the vault when this returns and goes out when it can."""
        return self._open.send(conversation, text)

    async def retry(self, conversation: str, message: str) -> views.Message:
        """Queue a failed message again."""
        return self._open.retry(conversation, message)

    async def mark_read(self, conversation: str, up_to: str) -> None:
        """Everything up to this message was seen."""
        self._open.talk.mark_read(conversation, up_to)

    async def create_group(self, title: str, members: Sequence[str]) -> views.ConversationDetail:
        """Make a group with these accounts, each an accepted contact."""
        return await self._open.create_group(title, members)

    async def rename(self, conversation: str, title: str) -> views.ConversationDetail:
        """Give a group another title, authenticated to all members."""
        return await self._open.rename(conversation, title)

    async def add_member(self, conversation: str, account: str) -> views.ConversationDetail:
        """Add every trusted device of a contact to a group."""
        return await self._open.add_member(conversation, account)

    async def remove_member(self, conversation: str, account: str) -> views.ConversationDetail:
        """Remove every device of an account from a group."""
        return await self._open.remove_member(conversation, account)

    async def leave(self, conversation: str) -> None:
        """Leave a conversation; what was received stays readable here."""
        self._open.talk.leave(conversation)

    async def contacts(self) -> list[views.Contact]:
        """List the contacts by name."""
        return self._open.contacts_shown()

    async def add_contact(
        self, *, username: str | None = None, invite: str | None = None, greeting: str = ""
    ) -> views.Contact:
        """Ask someone to talk, found by user name or by an invite link."""
        return await self._open.add_contact(username, invite, greeting)

    async def block(self, account: str) -> views.Contact:
        """Show nothing more from this account."""
        return self._open.block(account)

    async def unblock(self, account: str) -> views.Contact:
        """Undo ``block``."""
        return self._open.unblock(account)

    async def requests(self) -> list[views.Request]:
        """List what waits for an answer, newest first."""
        return self._open.shown.requests()

    async def accept_request(self, request: str) -> views.ConversationDetail:
        """Join the conversation that was offered."""
        return await self._open.accept_request(request)

    async def refuse_request(self, request: str) -> None:
        """Forget the request; the asker learns nothing."""
        self._open.refuse_request(request)

    async def invite(self) -> views.Invite:
        """Return this account's invite link."""
        return self._open.contacts.invite()

    async def devices(self) -> list[views.Device]:
        """List this account's devices: trusted, waiting, revoked."""
        return await self._open.devices_shown()

    async def approve_device(self, device: str) -> views.Device:
        """Certify a waiting device, whose code the user compared."""
        return await self._open.devices.approve(device)

    async def refuse_device(self, device: str) -> None:
        """Turn a waiting device away."""
        await self._open.devices.refuse(device)

    async def revoke_device(self, device: str, pin: str) -> views.Device:
        """End the trust in a device and remove it from every conversation."""
        return await self._open.devices.revoke(device, pin)

    async def sessions(self) -> list[views.Session]:
        """List where the account is signed in, the newest first."""
        return await self._open.sessions.all()

    async def end_session(self, session: str) -> None:
        """End one of the account's sessions."""
        await self._open.sessions.end(session)

    async def safety(self, account: str) -> views.Safety:
        """Return the numbers to compare with this contact."""
        return self._open.safety(account)

    async def set_verified(self, account: str, *, verified: bool) -> views.Safety:
        """Remember that the numbers were compared, or take it back."""
        return self._open.set_verified(account, is_verified=verified)

    async def security(self) -> SecurityView:
        """Look at this machine now: what is well, what is not, and what of it leaves."""
        return await self._open.security.view()

    async def set_sending(self, *, on: bool) -> SecurityView:
        """Report what the service asks for, or nothing any more."""
        center = self._open.security
        return await (center.turn_on() if on else center.turn_off())

    def evidence(self) -> SecurityCenter:
        """Return what speaks to the service about this machine, for the command line."""
        return self._open.security

    async def settle(self, seconds_max: float, *, sent: bool = True) -> bool:
        """Wait until everything was fetched, and what waits was sent; for scripts and tests."""
        return await self._access.settle(seconds_max, sent=sent)

    async def search(self, words: str) -> list[views.SearchHit]:
        """Find messages that hold all these words, best first."""
        return self._open.search(words)
