"""An App that follows a script in memory: the interface's fixture, with no service and no keys."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import segno

from enigm.app import views
from enigm.app.errors import OfflineError, UnknownThingError, WrongPinError
from enigm.foundation.errors import (
    ConflictError,
    NotFoundError,
    UnavailableError,
)
from tests.support import scripted_scene as scene
from tests.support.scripted_security import NOT_SENDING, scripted_security, sent_by
from tests.support.scripted_state import LINK_CODE, PASSWORD, ScriptedState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from enigm.app.security.views import SecurityView

ASK = (3, 9, 14, 22)
PIN = "271828"
PIN_TRIES = 5

__all__ = ["LINK_CODE", "PASSWORD", "ScriptedApp"]


class ScriptedApp(ScriptedState):
    """The App's door with a scene behind it."""

    sending = NOT_SENDING
    pin_set = True
    pin_tries = PIN_TRIES

    async def start(self) -> views.State:
        return self.state()

    async def close(self) -> None:
        self._callbacks.clear()

    def subscribe(self, callback: Callable[[views.Event], None]) -> Callable[[], None]:
        self._callbacks.append(callback)

        def unsubscribe() -> None:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

        return unsubscribe

    async def events(self) -> AsyncIterator[views.Event]:  # type: ignore[override]
        waiting: asyncio.Queue[views.Event] = asyncio.Queue()
        self.subscribe(waiting.put_nowait)
        while True:
            yield await waiting.get()

    def state(self) -> views.State:
        known = self._stage == "ready"
        return views.State(
            profile="default",
            stage=self._stage,
            username=self._me if known else "",
            fingerprint=scene.account_of(self._me) if known else "",
            service="http://127.0.0.1:8460",
            connection=self._connection,
            version="0.1.0",
        )

    async def register(
        self, username: str, password: str, invite: str | None = None
    ) -> views.PhraseToConfirm:
        if username == "taken":
            raise ConflictError("accounts.name_taken", "This name is taken. Choose another.")
        self._me = username
        self.set_stage("confirm_phrase")
        return await self.phrase_to_confirm()

    async def phrase_to_confirm(self) -> views.PhraseToConfirm:
        return views.PhraseToConfirm(scene.PHRASE, ASK)

    async def confirm_phrase(self, words: Mapping[int, str]) -> views.State:
        wrong = [at for at in ASK if words.get(at, "").strip().lower() != scene.PHRASE[at - 1]]
        if wrong:
            raise ConflictError("accounts.phrase_differs", "That is not the word you were shown.")
        self.set_stage("ready")
        return self.state()

    async def recover(self, phrase: Sequence[str], password: str) -> views.State:
        if tuple(phrase) != scene.PHRASE:
            raise ConflictError("accounts.phrase_unknown", "This phrase opens no account.")
        self.set_stage("ready")
        return self.state()

    async def link(self, username: str, password: str) -> views.LinkCode:
        self._check(password)
        self.set_stage("awaiting_approval")
        return views.LinkCode(LINK_CODE)

    async def link_code(self) -> views.LinkCode:
        return views.LinkCode(LINK_CODE)

    async def unlock(self, password: str) -> views.State:
        self._check(password)
        self.set_stage("ready")
        return self.state()

    async def lock(self) -> views.State:
        self.set_stage("locked")
        return self.state()

    async def change_password(self, password: str, new_password: str, pin: str) -> None:
        self._check(password)
        self._check_pin(pin)

    async def delete_account(self, password: str, pin: str) -> None:
        self._check(password)
        self._check_pin(pin)
        self.set_stage("welcome")

    async def pin(self) -> views.Pin:
        return views.Pin(self.pin_set, self.pin_tries, 0)

    async def set_pin(self, password: str, pin: str) -> None:
        self._check(password)
        self.pin_set = True

    async def change_pin(self, pin: str, new_pin: str) -> None:
        self._check_pin(pin)

    async def set_duress_pin(self, pin: str, duress_pin: str | None) -> None:
        self._check_pin(pin)

    async def remove_pin(self, pin: str) -> None:
        self._check_pin(pin)
        self.pin_set = False

    async def reset_pin(self, phrase: Sequence[str], new_pin: str) -> None:
        self.pin_tries = PIN_TRIES

    def _check_pin(self, pin: str) -> None:
        if pin != PIN:
            self.pin_tries -= 1
            raise WrongPinError(self.pin_tries, 0)
        self.pin_tries = PIN_TRIES

    async def conversations(self) -> list[views.Conversation]:
        rows = [self._row(identifier) for identifier in self._conversations]
        return sorted(rows, key=lambda row: row.last.at if row.last else 0, reverse=True)

    async def conversation(self, conversation: str) -> views.ConversationDetail:
        if conversation not in self._conversations:
            raise NotFoundError("conversations.unknown", "There is no such conversation.")
        return self._conversations[conversation]

    async def messages(
        self, conversation: str, before: str | None = None, limit: int = 50
    ) -> list[views.Message]:
        lines = self._messages[(await self.conversation(conversation)).id]
        end = len(lines)
        if before is not None:
            end = next(i for i, line in enumerate(lines) if line.id == before)
        return lines[max(0, end - limit) : end]

    async def send(self, conversation: str, text: str) -> views.Message:
        state: views.MessageState = "failed" if self.fails_to_send else "sent"
        message = self._append(conversation, self._me, text, scene.NOW_SECONDS, state)
        self._bump(conversation)
        self._announce("message", message)
        self._announce("conversation", self._row(conversation))
        return message

    async def retry(self, conversation: str, message: str) -> views.Message:
        if self.fails_to_send:
            raise UnavailableError("service.unreachable", "The service cannot be reached.")
        return self._replace_message(conversation, message, "sent")

    async def mark_read(self, conversation: str, up_to: str) -> None:
        self.read_marks.append((conversation, up_to))
        kept = self._conversations[conversation]
        if kept.unread:
            self._conversations[conversation] = msgspec.structs.replace(kept, unread=0)
            self._announce("conversation", self._row(conversation))

    async def create_group(self, title: str, members: Sequence[str]) -> views.ConversationDetail:
        names = [self._contacts[account].name for account in members]
        identifier = self._next("group")
        self._add_conversation(
            identifier,
            "group",
            title,
            names,
            [("", f"You made the group “{title}”.", scene.NOW_SECONDS, "read")],
        )
        self._announce("conversation", self._row(identifier))
        return self._conversations[identifier]

    async def rename(self, conversation: str, title: str) -> views.ConversationDetail:
        return self._change(conversation, f"You named the group “{title}”.", title=title)

    async def add_member(self, conversation: str, account: str) -> views.ConversationDetail:
        members = self._conversations[conversation].members
        name = self._contacts[account].name
        joined = (*members, self._member(name))
        return self._change(conversation, f"You added {name}.", members=joined)

    async def remove_member(self, conversation: str, account: str) -> views.ConversationDetail:
        members = self._conversations[conversation].members
        name = next(member.name for member in members if member.account == account)
        left = tuple(member for member in members if member.account != account)
        return self._change(conversation, f"You removed {name}.", members=left)

    async def leave(self, conversation: str) -> None:
        self._change(conversation, "You left the group.", state="left")

    async def contacts(self) -> list[views.Contact]:
        return sorted(self._contacts.values(), key=lambda contact: contact.name)

    async def add_contact(
        self, *, username: str | None = None, invite: str | None = None, greeting: str = ""
    ) -> views.Contact:
        name = username or "ines"
        if name == "nobody":
            raise UnknownThingError("user", "Nobody here has this user name: check the spelling.")
        identifier = f"chat-{name}"
        lines: list[scene.Line] = [(self._me, greeting, scene.NOW_SECONDS, "sent")]
        self._add_conversation(
            identifier, "direct", name, [name], lines if greeting else [], state="requested"
        )
        contact = views.Contact(scene.account_of(name), name, False, "requested", identifier)
        self._keep_contact(contact)
        self._announce("conversation", self._row(identifier))
        return contact

    async def block(self, account: str) -> views.Contact:
        return self._set_contact_state(account, "blocked")

    async def unblock(self, account: str) -> views.Contact:
        return self._set_contact_state(account, "accepted")

    async def requests(self) -> list[views.Request]:
        return sorted(self._requests.values(), key=lambda request: -request.at)

    async def accept_request(self, request: str) -> views.ConversationDetail:
        accepted = self._requests.pop(request)
        identifier = f"chat-{accepted.name}"
        line: scene.Line = (accepted.name, accepted.greeting, accepted.at, "read")
        kind: views.ConversationKind = "group" if accepted.kind == "group" else "direct"
        title = accepted.title if isinstance(accepted.title, str) else accepted.name
        self._add_conversation(identifier, kind, title, [accepted.name], [line])
        self._keep_contact(
            views.Contact(accepted.account, accepted.name, False, "accepted", identifier)
        )
        self._announce("request_gone", views.Gone(request))
        self._announce("conversation", self._row(identifier))
        return self._conversations[identifier]

    async def refuse_request(self, request: str) -> None:
        del self._requests[request]
        self.refused_requests.append(request)
        self._announce("request_gone", views.Gone(request))

    async def invite(self) -> views.Invite:
        link = "enigm:invite#AQ7kX2v9Qm4tLr8sWc1yHn5bZp3dGf6jUe0iOa-RtYqPlKmNxBvCzAsDf"
        return views.Invite(link, _qr(link))

    async def devices(self) -> list[views.Device]:
        if self._connection == "offline":
            # Only the service knows them.
            raise OfflineError
        return list(self._devices.values())

    async def sessions(self) -> list[views.Session]:
        return list(self._sessions.values())

    async def end_session(self, session: str) -> None:
        del self._sessions[session]

    async def approve_device(self, device: str) -> views.Device:
        return self._set_device(device, "trusted")

    async def refuse_device(self, device: str) -> None:
        refused = self._devices.pop(device)
        self._announce("device", msgspec.structs.replace(refused, state="revoked"))

    async def revoke_device(self, device: str, pin: str) -> views.Device:
        self._check_pin(pin)
        return self._set_device(device, "revoked")

    async def safety(self, account: str) -> views.Safety:
        number = int.from_bytes(hashlib.sha512(account.encode()).digest(), "big")
        digits = tuple(f"{(number >> (17 * i)) % 100_000:05d}" for i in range(12))
        return views.Safety(digits, _qr("".join(digits)), account in self._verified)

    async def set_verified(self, account: str, *, verified: bool) -> views.Safety:
        (self._verified.add if verified else self._verified.discard)(account)
        self._keep_contact(msgspec.structs.replace(self._contacts[account], verified=verified))
        return await self.safety(account)

    async def security(self) -> SecurityView:
        return scripted_security(self.sending)

    async def set_sending(self, *, on: bool) -> SecurityView:
        self.sending = sent_by(self.sending) if on else NOT_SENDING
        return scripted_security(self.sending)

    async def search(self, words: str) -> list[views.SearchHit]:
        needle = words.strip().lower()
        return [
            _hit(line, self._conversations[identifier].title, needle)
            for identifier, lines in self._messages.items()
            for line in lines
            if needle and line.kind == "text" and needle in line.text.lower()
        ]


def _qr(text: str) -> str:
    return segno.make(text, error="m").svg_inline(border=2, light="#ffffff", dark="#14201c")


def _hit(line: views.Message, title: str, needle: str) -> views.SearchHit:
    start = line.text.lower().index(needle)
    end = start + len(needle)
    parts = ((line.text[:start], False), (line.text[start:end], True), (line.text[end:], False))
    fields = {name: getattr(line, name) for name in line.__struct_fields__}
    return views.SearchHit(
        **fields, conversation_title=title, snippet=tuple(part for part in parts if part[0])
    )
