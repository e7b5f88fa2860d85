"""The table of docs/app-api.md: which request is which deed of the App."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from enigm.app.loopback import bodies
from enigm.foundation.errors import InvalidError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from enigm.app import views
    from enigm.app.app import App
    from enigm.app.security.views import SecurityView

MESSAGES_PAGE_DEFAULT = 50
# A page asks for what fits a few screens; more only makes the first paint late.
MESSAGES_PAGE_MAX = 200
SEARCH_CHARACTERS_MAX = 256
# More digits than any sensible page size has.
_NUMBER_DIGITS_MAX = 9


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way to the App: the names in its path, its query, its body."""

    app: App
    names: tuple[str, ...]
    query: Mapping[str, str]
    body: Any

    @property
    def name(self) -> str:
        """The first name in the path."""
        return self.names[0]


Deed = Callable[[Call], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path, where ``*`` stands for one name."""

    method: str
    segments: tuple[str, ...]
    body: type[bodies.Body] | None
    deed: Deed

    def names_in(self, segments: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the names that stand where this route has stars, or None when it differs."""
        if len(segments) != len(self.segments):
            return None
        pairs = list(zip(self.segments, segments, strict=True))
        if any(mine not in ("*", theirs) for mine, theirs in pairs):
            return None
        return tuple(theirs for mine, theirs in pairs if mine == "*")


_Handler = TypeVar("_Handler", bound=Deed)
ROUTES: list[Route] = []


def _get(path: str) -> Callable[[_Handler], _Handler]:
    return _route("GET", path, None)


def _post(path: str, body: type[bodies.Body] = bodies.Nothing) -> Callable[[_Handler], _Handler]:
    return _route("POST", path, body)


def _route(
    method: str, path: str, body: type[bodies.Body] | None
) -> Callable[[_Handler], _Handler]:
    def keep(deed: _Handler) -> _Handler:
        ROUTES.append(Route(method, tuple(path.split("/")), body, deed))
        return deed

    return keep


@_get("/api/state")
async def _state(call: Call) -> views.State:
    return call.app.state()


@_post("/api/register", bodies.Registration)
async def _register(call: Call) -> views.PhraseToConfirm:
    return await call.app.register(call.body.username, call.body.password, call.body.invite)


@_get("/api/register")
async def _phrase_to_confirm(call: Call) -> views.PhraseToConfirm:
    return await call.app.phrase_to_confirm()


@_post("/api/register/confirm", bodies.PhraseWords)
async def _confirm_phrase(call: Call) -> views.State:
    return await call.app.confirm_phrase(call.body.words)


@_post("/api/recover", bodies.Recovery)
async def _recover(call: Call) -> views.State:
    return await call.app.recover(call.body.phrase.split(), call.body.password)


@_post("/api/link", bodies.SignIn)
async def _link(call: Call) -> views.LinkCode:
    return await call.app.link(call.body.username, call.body.password)


@_get("/api/link")
async def _link_code(call: Call) -> views.LinkCode:
    return await call.app.link_code()


@_post("/api/unlock", bodies.PasswordOnly)
async def _unlock(call: Call) -> views.State:
    return await call.app.unlock(call.body.password)


@_post("/api/lock")
async def _lock(call: Call) -> views.State:
    return await call.app.lock()


@_get("/api/conversations")
async def _conversations(call: Call) -> list[views.Conversation]:
    return await call.app.conversations()


@_get("/api/conversations/*")
async def _conversation(call: Call) -> views.ConversationDetail:
    return await call.app.conversation(call.name)


@_get("/api/conversations/*/messages")
async def _messages(call: Call) -> list[views.Message]:
    limit = _whole_number(call.query.get("limit", str(MESSAGES_PAGE_DEFAULT)))
    return await call.app.messages(
        call.name, call.query.get("before"), min(limit, MESSAGES_PAGE_MAX)
    )


@_post("/api/conversations/*/messages", bodies.NewMessage)
async def _send(call: Call) -> views.Message:
    return await call.app.send(call.name, call.body.text)


@_post("/api/conversations/*/messages/*/retry")
async def _retry(call: Call) -> views.Message:
    return await call.app.retry(*call.names)


@_post("/api/conversations/*/read", bodies.ReadMark)
async def _mark_read(call: Call) -> None:
    await call.app.mark_read(call.name, call.body.up_to)


@_post("/api/groups", bodies.NewGroup)
async def _create_group(call: Call) -> views.ConversationDetail:
    return await call.app.create_group(call.body.title, call.body.members)


@_post("/api/conversations/*/title", bodies.Title)
async def _rename(call: Call) -> views.ConversationDetail:
    return await call.app.rename(call.name, call.body.title)


@_post("/api/conversations/*/members", bodies.MemberAccount)
async def _add_member(call: Call) -> views.ConversationDetail:
    return await call.app.add_member(call.name, call.body.account)


@_post("/api/conversations/*/members/remove", bodies.MemberAccount)
async def _remove_member(call: Call) -> views.ConversationDetail:
    return await call.app.remove_member(call.name, call.body.account)


@_post("/api/conversations/*/leave")
async def _leave(call: Call) -> None:
    await call.app.leave(call.name)


@_get("/api/contacts")
async def _contacts(call: Call) -> list[views.Contact]:
    return await call.app.contacts()


@_post("/api/contacts", bodies.NewContact)
async def _add_contact(call: Call) -> views.Contact:
    wanted: bodies.NewContact = call.body
    if (wanted.username is None) == (wanted.invite is None):
        raise InvalidError("contacts.which", "Give a user name or an invite link, one of them.")
    return await call.app.add_contact(
        username=wanted.username, invite=wanted.invite, greeting=wanted.greeting
    )


@_post("/api/contacts/*/block")
async def _block(call: Call) -> views.Contact:
    return await call.app.block(call.name)


@_post("/api/contacts/*/unblock")
async def _unblock(call: Call) -> views.Contact:
    return await call.app.unblock(call.name)


@_get("/api/requests")
async def _requests(call: Call) -> list[views.Request]:
    return await call.app.requests()


@_post("/api/requests/*/accept")
async def _accept_request(call: Call) -> views.ConversationDetail:
    return await call.app.accept_request(call.name)


@_post("/api/requests/*/refuse")
async def _refuse_request(call: Call) -> None:
    await call.app.refuse_request(call.name)


@_get("/api/invite")
async def _invite(call: Call) -> views.Invite:
    return await call.app.invite()


@_get("/api/devices")
async def _devices(call: Call) -> dict[str, list[views.Device]]:
    return {"devices": await call.app.devices()}


@_post("/api/devices/*/approve")
async def _approve_device(call: Call) -> views.Device:
    return await call.app.approve_device(call.name)


@_post("/api/devices/*/refuse")
async def _refuse_device(call: Call) -> None:
    await call.app.refuse_device(call.name)


@_post("/api/devices/*/revoke", bodies.PinOnly)
async def _revoke_device(call: Call) -> views.Device:
    return await call.app.revoke_device(call.name, call.body.pin)


@_get("/api/sessions")
async def _sessions(call: Call) -> dict[str, list[views.Session]]:
    return {"sessions": await call.app.sessions()}


@_post("/api/sessions/*/end")
async def _end_session(call: Call) -> None:
    await call.app.end_session(call.name)


@_get("/api/pin")
async def _pin(call: Call) -> views.Pin:
    return await call.app.pin()


@_post("/api/pin/set", bodies.PinSetting)
async def _set_pin(call: Call) -> None:
    await call.app.set_pin(call.body.password, call.body.pin)


@_post("/api/pin/change", bodies.PinChange)
async def _change_pin(call: Call) -> None:
    await call.app.change_pin(call.body.pin, call.body.new_pin)


@_post("/api/pin/duress", bodies.DuressPin)
async def _set_duress_pin(call: Call) -> None:
    await call.app.set_duress_pin(call.body.pin, call.body.duress_pin)


@_post("/api/pin/remove", bodies.PinOnly)
async def _remove_pin(call: Call) -> None:
    await call.app.remove_pin(call.body.pin)


@_post("/api/pin/reset", bodies.PinReset)
async def _reset_pin(call: Call) -> None:
    await call.app.reset_pin(call.body.phrase.split(), call.body.new_pin)


@_get("/api/safety/*")
async def _safety(call: Call) -> views.Safety:
    return await call.app.safety(call.name)


@_post("/api/safety/*", bodies.Verified)
async def _set_verified(call: Call) -> views.Safety:
    return await call.app.set_verified(call.name, verified=call.body.verified)


@_get("/api/security")
async def _security(call: Call) -> SecurityView:
    return await call.app.security()


@_post("/api/security/sending", bodies.Sending)
async def _set_sending(call: Call) -> SecurityView:
    return await call.app.set_sending(on=call.body.on)


@_get("/api/search")
async def _search(call: Call) -> list[views.SearchHit]:
    return await call.app.search(call.query.get("q", "")[:SEARCH_CHARACTERS_MAX])


@_post("/api/account/delete", bodies.AccountDeletion)
async def _delete_account(call: Call) -> None:
    await call.app.delete_account(call.body.password, call.body.pin)


@_post("/api/account/password", bodies.PasswordChange)
async def _change_password(call: Call) -> None:
    body = call.body
    await call.app.change_password(body.password, body.new_password, body.pin)


def _whole_number(digits: str) -> int:
    plain = digits.isascii() and digits.isdecimal() and len(digits) <= _NUMBER_DIGITS_MAX
    if not plain or int(digits) == 0:
        raise InvalidError("loopback.limit", "The page size is a whole number from 1.")
    return int(digits)
