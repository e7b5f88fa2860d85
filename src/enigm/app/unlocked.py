"""A ready profile: its deeds, answered with views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.app import views
from enigm.app.conversations.contacts import Contacts
from enigm.app.conversations.talk import Talk
from enigm.app.devices import Devices
from enigm.app.errors import LyingServiceError, UnknownThingError
from enigm.app.identity.credentials import ChainNeededError
from enigm.app.pins import Pins
from enigm.app.security.center import SecurityCenter
from enigm.app.service.pins import PinPath
from enigm.app.sessions import Sessions
from enigm.app.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from enigm.app.changes import Change
    from enigm.app.conversations.engine import Engine
    from enigm.app.security.needs import LocalAgent

# A group's letter carries its members' chains; a few may have to be looked up all the same.
CHAINS_LOOKED_UP_MAX = 64


class Unlocked:
    """The deeds of docs/app-api.md on an open and trusted profile."""

    def __init__(self, engine: Engine, agent: LocalAgent | None) -> None:
        """Act for an engine; ``agent`` looks at the machine."""
        self.engine = engine
        self.home = engine.home
        self.shown = Shown(engine.home)
        self.talk = Talk(engine)
        self.contacts = Contacts(engine, self.talk)
        self.pins = Pins(engine.home, engine.accounts, PinPath(engine.accounts))
        self.devices = Devices(engine, self.pins)
        self.sessions = Sessions(engine.accounts, self.devices)
        self.security = SecurityCenter(engine.home, engine.accounts, agent)

    def detail(self, thread_id: str) -> views.ConversationDetail:
        """Show a conversation."""
        return self.shown.detail(self.home.threads.get(thread_id))

    def messages(self, thread_id: str, before: str | None, limit: int) -> list[views.Message]:
        """Show a page of lines."""
        self.home.threads.get(thread_id)
        lines = self.home.messages.page(thread_id, before, limit)
        return [self.shown.message(line) for line in lines]

    def send(self, thread_id: str, text: str) -> views.Message:
        """Queue a text."""
        return self.shown.message(self.talk.send(thread_id, text))

    def retry(self, thread_id: str, message_id: str) -> views.Message:
        """Queue a failed text again."""
        return self.shown.message(self.talk.retry(thread_id, message_id))

    async def create_group(self, title: str, members: Sequence[str]) -> views.ConversationDetail:
        """Make a group."""
        return self.shown.detail(await self.talk.create_group(title, members))

    async def rename(self, thread_id: str, title: str) -> views.ConversationDetail:
        """Give a group another title."""
        return self.shown.detail(await self.talk.rename(thread_id, title))

    async def add_member(self, thread_id: str, account: str) -> views.ConversationDetail:
        """Add a contact to a group."""
        return self.shown.detail(await self.talk.add_member(thread_id, account))

    async def remove_member(self, thread_id: str, account: str) -> views.ConversationDetail:
        """Remove an account from a group."""
        return self.shown.detail(await self.talk.remove_member(thread_id, account))

    def contacts_shown(self) -> list[views.Contact]:
        """List the contacts."""
        return [self.shown.contact(person) for person in self.home.people.contacts()]

    async def add_contact(
        self, username: str | None, invite: str | None, greeting: str
    ) -> views.Contact:
        """Ask somebody to talk."""
        return self.shown.contact(await self.contacts.ask(username, invite, greeting))

    def block(self, account: str) -> views.Contact:
        """Show nothing more from an account."""
        return self.shown.contact(self.contacts.block(account))

    def unblock(self, account: str) -> views.Contact:
        """Undo ``block``."""
        return self.shown.contact(self.contacts.unblock(account))

    async def accept_request(self, request_id: str) -> views.ConversationDetail:
        """Join what a request offers, looking up whom it takes to judge it."""
        looked_up: frozenset[str] = frozenset()
        while len(looked_up) < CHAINS_LOOKED_UP_MAX:
            try:
                thread = self.engine.inbox.accept(request_id, looked_up)
            except ChainNeededError as error:
                if error.account in looked_up:
                    break
                await self.engine.lookups.by_account(error.account)
                looked_up |= {error.account}
            else:
                self.engine.wake_all()
                self.engine.upkeep.wake()
                return self.shown.detail(self.home.threads.get(thread.id))
        raise LyingServiceError("The members' devices cannot be established.")

    def refuse_request(self, request_id: str) -> None:
        """Forget a request."""
        self.engine.inbox.refuse(request_id)
        self.engine.post.wake()

    async def devices_shown(self) -> list[views.Device]:
        """List the devices, fresh from the service where it can be reached."""
        await self.devices.refresh()
        return self.devices.all()

    def safety(self, account: str) -> views.Safety:
        """Show the numbers to compare."""
        self.contacts.require_known(account)
        return self.shown.safety(account)

    def set_verified(self, account: str, *, is_verified: bool) -> views.Safety:
        """Remember that they were compared."""
        self.contacts.set_verified(account, is_verified=is_verified)
        return self.shown.safety(account)

    def search(self, words: str) -> list[views.SearchHit]:
        """Find messages."""
        return [self.shown.hit(line, text) for line, text in self.home.messages.search(words)]

    def event(self, change: Change) -> views.Event | None:
        """Show what changed, in the shape of the listing that it changes."""
        kind, subject = change
        if kind in {"conversation_gone", "request_gone"}:
            return views.Event(kind, views.Gone(subject))
        look: dict[str, Callable[[str], views.EventValue | None]] = {
            "message": self._message,
            "conversation": self._conversation,
            "contact": lambda account: self.shown.contact(self.home.people.find(account)),
            "request": self.shown.request,
            "device": self._device,
        }
        value = look[kind](subject)
        return None if value is None else views.Event(kind, value)

    def _message(self, message_id: str) -> views.Message | None:
        line = self.home.messages.find(message_id)
        return None if line is None else self.shown.message(line)

    def _conversation(self, thread_id: str) -> views.Conversation | None:
        thread = self.home.threads.find(thread_id)
        if thread is None or not self.shown.lists(thread):
            return None
        return self.shown.conversation(thread)

    def _device(self, device_id: str) -> views.Device | None:
        try:
            return self.devices.find(device_id)
        except UnknownThingError:
            return None
