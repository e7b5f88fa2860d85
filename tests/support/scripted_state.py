"""What a scripted App knows, and how tests move it: people, chats, messages, devices."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from enigm.app import views
from enigm.app.app import App
from enigm.app.errors import WrongPasswordError
from tests.support import scripted_scene as scene

PASSWORD = "correct horse battery staple"
LINK_CODE = "482 913"


class ScriptedState(App):
    """The scene behind the door; tests move it with the public methods."""

    def __init__(self, stage: views.Stage = "ready", *, empty: bool = False) -> None:
        self._callbacks: list[Callable[[views.Event], None]] = []
        self._stage: views.Stage = stage
        self._connection: views.Connection = "online"
        self._conversations: dict[str, views.ConversationDetail] = {}
        self._messages: dict[str, list[views.Message]] = {}
        self._contacts: dict[str, views.Contact] = {}
        self._requests: dict[str, views.Request] = {}
        self._devices: dict[str, views.Device] = {}
        began = scene.ago(minutes=20)
        self._sessions: dict[str, views.Session] = {
            each.id: each
            for each in (
                views.Session("one", "app", "laptop", True, began, began + 6 * 3600),
                views.Session("two", "command", "", False, began + 300, began + 300 + 6 * 3600),
            )
        }
        self._verified: set[str] = set()
        self._count = 0
        self.fails_to_send = False
        self.refused_requests: list[str] = []
        self.read_marks: list[tuple[str, str]] = []
        self._me = scene.ME
        self._set_own_device()
        if not empty:
            self._set_scene()

    # The scene, moved by tests.

    def receive(self, conversation: str, name: str, text: str) -> views.Message:
        """Someone writes."""
        message = self._append(conversation, name, text, scene.NOW_SECONDS, "read")
        self._bump(conversation, unread=1)
        self._announce("message", message)
        self._announce("conversation", self._row(conversation))
        return message

    def set_message_state(self, conversation: str, message: str, state: views.MessageState) -> None:
        """The delivery of one of our own messages goes on."""
        self._replace_message(conversation, message, state)

    def set_connection(self, connection: views.Connection) -> None:
        """The network comes or goes."""
        self._connection = connection
        self._announce("state", self.state())

    def set_stage(self, stage: views.Stage) -> None:
        """Another device approved this one, or the vault locked itself."""
        self._stage = stage
        self._announce("state", self.state())

    def offer_device(self) -> None:
        """A new device asks to be approved."""
        device = views.Device("tablet", "tablet", False, "pending", scene.ago(), LINK_CODE)
        self._devices[device.id] = device
        self._announce("device", device)

    def subscribers(self) -> int:
        """How many pages listen."""
        return len(self._callbacks)

    def fill(self, conversation: str, count: int) -> None:
        """Put a long past before everything that was said."""
        lines = self._messages[conversation]
        past = [
            self._message(
                conversation, "mira.aalto", f"Old line {i}", scene.ago(days=40, minutes=-i)
            )
            for i in range(count)
        ]
        self._messages[conversation] = past + lines

    # What stands behind the door.

    def _set_own_device(self) -> None:
        self._devices["laptop"] = views.Device(
            "laptop", "laptop", True, "trusted", scene.ago(days=60)
        )

    def _set_scene(self) -> None:
        for name in scene.PEOPLE[:-2]:
            contact = views.Contact(scene.account_of(name), name, False, "accepted", f"chat-{name}")
            self._contacts[contact.account] = contact
        self._verified.add(scene.account_of("mira.aalto"))
        for account in self._verified:
            kept = self._contacts[account]
            self._contacts[account] = msgspec.structs.replace(kept, verified=True)
        self._add_conversation(
            "chat-mira.aalto", "direct", "mira.aalto", ["mira.aalto"], scene.MIRA
        )
        self._add_conversation(
            "night-desk", "group", "Night desk", ["farid", "ada.osei", "samir"], scene.NIGHT_DESK
        )
        self._bump("night-desk", unread=3)
        self._add_conversation(
            "register", "group", "Register check", ["mira.aalto", "june.field"], scene.REGISTER
        )
        self._add_conversation("chat-tomas.k", "direct", "tomas.k", ["tomas.k"], scene.TOMAS)
        self._add_conversation("chat-elif", "direct", "elif", ["elif"], scene.ELIF)
        self._bump("chat-elif", unread=1)
        self._add_conversation(
            "chat-wren", "direct", "wren", ["wren"], scene.WREN, state="requested"
        )
        self._add_conversation("choir", "group", "Choir", ["samir"], scene.CHOIR, state="left")
        for request in _requests_of_the_scene():
            self._requests[request.id] = request
        for device in _devices_of_the_scene():
            self._devices[device.id] = device

    def _add_conversation(
        self,
        identifier: str,
        kind: views.ConversationKind,
        title: str,
        names: Sequence[str],
        lines: Sequence[scene.Line],
        state: views.ConversationState = "active",
    ) -> None:
        self._conversations[identifier] = views.ConversationDetail(
            id=identifier,
            kind=kind,
            title=title,
            members=(self._member(self._me, me=True), *(self._member(name) for name in names)),
            unread=0,
            last=None,
            state=state,
            peer=scene.account_of(names[0]) if kind == "direct" else msgspec.UNSET,
        )
        self._messages[identifier] = []
        for name, text, at, message_state in lines:
            self._append(identifier, name, text, at, message_state)

    def _member(self, name: str, *, me: bool = False) -> views.Member:
        account = scene.account_of(name)
        admin = me or name == "farid"
        return views.Member(account, name, me, admin, account in self._verified, 2 if me else 1)

    def _message(
        self, conversation: str, name: str, text: str, at: int, state: views.MessageState = "read"
    ) -> views.Message:
        return views.Message(
            id=self._next("message"),
            conversation=conversation,
            sender=scene.account_of(name) if name else "",
            sender_name=name,
            mine=name == self._me,
            text=text,
            at=at,
            state=state,
            kind="text" if name else "notice",
        )

    def _append(
        self, conversation: str, name: str, text: str, at: int, state: views.MessageState
    ) -> views.Message:
        message = self._message(conversation, name, text, at, state)
        self._messages[conversation].append(message)
        last = views.LastMessage(text, at, message.mine, name, state)
        kept = self._conversations[conversation]
        self._conversations[conversation] = msgspec.structs.replace(kept, last=last)
        return message

    def _bump(self, conversation: str, unread: int = 0) -> None:
        kept = self._conversations[conversation]
        self._conversations[conversation] = msgspec.structs.replace(
            kept, unread=kept.unread + unread
        )

    def _replace_message(
        self, conversation: str, message: str, state: views.MessageState
    ) -> views.Message:
        lines = self._messages[conversation]
        index = next(i for i, line in enumerate(lines) if line.id == message)
        lines[index] = msgspec.structs.replace(lines[index], state=state)
        self._announce("message", lines[index])
        return lines[index]

    def _change(
        self, conversation: str, notice: str, **changes: object
    ) -> views.ConversationDetail:
        kept = self._conversations[conversation]
        self._conversations[conversation] = msgspec.structs.replace(kept, **changes)
        line = self._append(conversation, "", notice, scene.NOW_SECONDS, "read")
        self._announce("message", line)
        self._announce("conversation", self._row(conversation))
        return self._conversations[conversation]

    def _row(self, conversation: str) -> views.Conversation:
        kept = self._conversations[conversation]
        return views.Conversation(
            id=kept.id,
            kind=kept.kind,
            title=kept.title,
            members=len(kept.members),
            unread=kept.unread,
            last=kept.last,
            state=kept.state,
            peer=kept.peer,
        )

    def _keep_contact(self, contact: views.Contact) -> views.Contact:
        self._contacts[contact.account] = contact
        self._announce("contact", contact)
        return contact

    def _set_contact_state(self, account: str, state: views.ContactState) -> views.Contact:
        asking = next((r for r in self._requests.values() if r.account == account), None)
        if asking is not None:
            self._contacts[account] = views.Contact(account, asking.name, False, state, "")
            del self._requests[asking.id]
            self._announce("request_gone", views.Gone(asking.id))
        return self._keep_contact(msgspec.structs.replace(self._contacts[account], state=state))

    def _set_device(self, device: str, state: views.DeviceState) -> views.Device:
        changed = msgspec.structs.replace(self._devices[device], state=state, code=msgspec.UNSET)
        self._devices[device] = changed
        self._announce("device", changed)
        return changed

    def _announce(self, kind: views.EventKind, value: views.EventValue) -> None:
        for callback in tuple(self._callbacks):
            callback(views.Event(kind, value))

    def _check(self, password: str) -> None:
        if password != PASSWORD:
            raise WrongPasswordError

    def _next(self, kind: str) -> str:
        self._count += 1
        return f"{kind}-{self._count}"


def _requests_of_the_scene() -> list[views.Request]:
    greeting = "Hello, I worked at the port authority until spring. I think we should talk."
    return [
        views.Request(
            "request-1",
            scene.account_of("ines"),
            "ines",
            greeting,
            scene.ago(minutes=48),
            "contact",
        ),
        views.Request(
            "request-2",
            scene.account_of("tomas.k"),
            "tomas.k",
            "",
            scene.ago(hours=20),
            "group",
            "Archive readers",
        ),
    ]


def _devices_of_the_scene() -> list[views.Device]:
    return [
        views.Device("desk", "newsroom-desk", False, "trusted", scene.ago(days=21)),
        views.Device("old", "old-laptop", False, "revoked", scene.ago(days=90)),
    ]
