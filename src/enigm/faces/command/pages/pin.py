"""The PIN: entered on other pages for one deed, set, changed and reset on its own."""

from __future__ import annotations

from typing import Final

from litestar import Response, get, post
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT

from enigm.domains.accounts.actions.recover import PinReset
from enigm.domains.accounts.model import CriticalAction, CriticalDeed
from enigm.domains.accounts.routes import bodies
from enigm.faces.command.critical import asker, permit_of
from enigm.faces.command.parts import Asked, Given, Shown
from enigm.foundation.access import Access, opened_to, protected
from enigm.foundation.encoding import base64url_decode, base64url_encode

SESSION: Final = opened_to(Access.SESSION)
USE: Final = protected("accounts.pin.use")
SET: Final = protected("accounts.pin.set")
CHANGE: Final = protected("accounts.pin.change", pin=CriticalAction.PIN_CHANGE.value)
DURESS: Final = protected("accounts.pin.duress", pin=CriticalAction.DURESS_PIN_CHANGE.value)
REMOVE: Final = protected("accounts.pin.remove", pin=CriticalAction.PIN_REMOVE.value)
RESET: Final = protected("accounts.pin.reset")


class PinChange(bodies.Body):
    """A new PIN, and the grant that the old one gave for exactly this."""

    opaque_record: bodies.OpaqueRecord
    grant: bodies.Octets32


class PinRemoval(bodies.Body):
    """The grant that the PIN gave for its own end."""

    grant: bodies.Octets32


@get("/pin", opt=SESSION, sync_to_thread=True)
def pin_page(request: Asked, parts: Given, pages: Shown) -> Response[str]:
    """Show whether there is a PIN, and how to set, change or reset it."""
    state = parts.accounts.pins.grants.state(asker(request))
    return pages.show(request, "pin.html", state=state)


@post("/pin/start", opt=USE, status_code=HTTP_200_OK, sync_to_thread=True)
def start_pin(request: Asked, parts: Given, data: bodies.PinStart) -> bodies.PinStartAnswer:
    """Count a try and answer OPAQUE's first message for both places."""
    deed = CriticalDeed(data.action, base64url_decode(data.parameters))
    first, second = (base64url_decode(asked) for asked in data.opaque_requests)
    started = parts.accounts.pins.grants.start(asker(request), deed, (first, second))
    return bodies.PinStartAnswer(
        attempt=base64url_encode(started.attempt_id),
        opaque_responses=[base64url_encode(response) for response in started.responses],
        tries_left=started.tries_left,
        retry_after_seconds=started.retry_after_seconds,
    )


@post("/pin/finish", opt=USE, status_code=HTTP_200_OK, sync_to_thread=True)
def finish_pin(request: Asked, parts: Given, data: bodies.PinFinish) -> bodies.PinFinishAnswer:
    """Hand out leave for one deed within a minute."""
    attempt_id, last = base64url_decode(data.attempt), base64url_decode(data.opaque_finalization)
    granted = parts.accounts.pins.grants.finish(asker(request), attempt_id, data.place, last)
    return bodies.PinFinishAnswer(
        grant=base64url_encode(granted.grant), expires_at=granted.expires_at
    )


@post("/pin/register", opt=USE, status_code=HTTP_200_OK, sync_to_thread=True)
def register_pin(request: Asked, parts: Given, data: bodies.PinRegistration) -> bodies.OpaqueAnswer:
    """Answer a registration's first message."""
    asked = base64url_decode(data.opaque_request)
    response = parts.accounts.pins.answer_opaque(asker(request).caller, asked)
    return bodies.OpaqueAnswer(opaque_response=base64url_encode(response))


@post("/pin/set", opt=SET, status_code=HTTP_204_NO_CONTENT, sync_to_thread=True)
def set_pin(request: Asked, parts: Given, data: bodies.PinSetting) -> None:
    """Set a first PIN, under a session that has just begun."""
    record, duress = base64url_decode(data.opaque_record), base64url_decode(data.duress_record)
    parts.accounts.pins.set_pin(asker(request).caller, record, duress)


@post("/pin/change", opt=CHANGE, status_code=HTTP_204_NO_CONTENT, sync_to_thread=True)
def change_pin(request: Asked, parts: Given, data: PinChange) -> None:
    """Replace the PIN."""
    parts.accounts.pins.change_pin(permit_of(request), base64url_decode(data.opaque_record))


@post("/pin/duress", opt=DURESS, status_code=HTTP_204_NO_CONTENT, sync_to_thread=True)
def change_duress_pin(request: Asked, parts: Given, data: PinChange) -> None:
    """Replace the duress PIN, or take it away: the service cannot tell."""
    record = base64url_decode(data.opaque_record)
    parts.accounts.pins.change_duress_pin(permit_of(request), record)


@post("/pin/remove", opt=REMOVE, status_code=HTTP_204_NO_CONTENT, sync_to_thread=True)
def remove_pin(request: Asked, parts: Given, data: PinRemoval) -> None:
    """Remove both PINs."""
    _ = data  # read at the gate, and spent with who showed it
    parts.accounts.pins.remove_pin(permit_of(request))


@post("/pin/challenge", opt=SESSION, status_code=HTTP_200_OK, sync_to_thread=True)
def read_challenge(parts: Given, data: bodies.RecoveryStart) -> bodies.RecoveryStartAnswer:
    """Hand out what the recovery phrase signs to reset the PIN."""
    demand, _ = parts.accounts.recovery.start(base64url_decode(data.fingerprint))
    return bodies.RecoveryStartAnswer(challenge=base64url_encode(demand.challenge), backup="")


@post("/pin/reset", opt=RESET, status_code=HTTP_204_NO_CONTENT, sync_to_thread=True)
def reset_pin(request: Asked, parts: Given, data: bodies.PinResetRequest) -> None:
    """Set a new PIN by the recovery phrase."""
    reset = PinReset(
        fingerprint=base64url_decode(data.fingerprint),
        challenge=base64url_decode(data.challenge),
        signature=base64url_decode(data.signature),
        root_public=base64url_decode(data.root_public),
        opaque_record=base64url_decode(data.opaque_record),
    )
    parts.accounts.pins.reset_pin(asker(request).caller, reset)


HANDLERS = (
    pin_page,
    start_pin,
    finish_pin,
    register_pin,
    set_pin,
    change_pin,
    change_duress_pin,
    remove_pin,
    read_challenge,
    reset_pin,
)
