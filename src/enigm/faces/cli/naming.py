"""What people type for a person or a conversation: a name, a title, or an id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.foundation.errors import ConflictError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from enigm.app.app import App

ACCOUNT_CHARACTERS = 64
CONVERSATION_CHARACTERS = 32


async def account_of(app: App, name: str) -> str:
    """Return the account of a contact; raises NotFoundError."""
    if _is_hexadecimal(name, ACCOUNT_CHARACTERS):
        return name
    wanted = name.casefold()
    found = [item.account for item in await app.contacts() if item.name == wanted]
    return _only(found, "contact")


async def conversation_of(app: App, name: str) -> str:
    """Return a conversation by id, by the other's name, or by a group's title."""
    if _is_hexadecimal(name, CONVERSATION_CHARACTERS):
        return name
    rows = await app.conversations()
    folded = name.casefold()
    direct = [item.id for item in rows if item.kind == "direct" and item.title == folded]
    titled = [item.id for item in rows if item.kind == "group" and item.title == name]
    return _only(direct[:1] + titled, "conversation")


async def device_of(app: App, name: str) -> str:
    """Return a device by id, the beginning of its id, or its name."""
    rows = await app.devices()
    found = [item.id for item in rows if item.id.startswith(name) or item.name == name]
    return _only(found, "device")


async def request_of(app: App, name: str) -> str:
    """Return a request by id, or by the name of who asks."""
    found = [item.id for item in await app.requests() if name in {item.id, item.name}]
    return _only(found, "request")


def _only(found: Iterable[str], what: str) -> str:
    names = list(dict.fromkeys(found))
    if not names:
        raise NotFoundError(f"chat.no_{what}", f"There is no such {what}: see `list`.")
    if len(names) > 1:
        raise ConflictError(f"chat.several_{what}s", f"Several {what}s fit: use the id.")
    return names[0]


def _is_hexadecimal(text: str, length: int) -> bool:
    return len(text) == length and set(text) <= set("0123456789abcdef")
