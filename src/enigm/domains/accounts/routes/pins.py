"""The PIN: entered for one deed, set, changed, reset, removed. A trusted device signs each."""

from __future__ import annotations

from litestar import delete, get, post, put
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT

from enigm.domains.accounts.actions.recover import PinReset
from enigm.domains.accounts.model import CriticalAction, CriticalDeed
from enigm.domains.accounts.routes import bodies
from enigm.domains.accounts.routes.reading import Deeds, PinPermit, RecognisedCaller
from enigm.foundation.access import protected
from enigm.foundation.encoding import base64url_decode, base64url_encode

USE = protected("accounts.pin.use")


@get("/pin", opt=USE, sync_to_thread=True)
def read_pin(accounts: Deeds, permit: PinPermit) -> bodies.PinAnswer:
    """Tell whether a PIN is set and how many tries are left."""
    state = accounts.pins.grants.state(permit)
    return bodies.PinAnswer(
        is_set=state.is_set,
        tries_left=state.tries_left,
        retry_after_seconds=state.retry_after_seconds,
    )


@post("/pin/start", opt=USE, status_code=HTTP_200_OK, sync_to_thread=True)
def start_pin(accounts: Deeds, permit: PinPermit, data: bodies.PinStart) -> bodies.PinStartAnswer:
    """Count a try and answer OPAQUE's first message for both places."""
    deed = CriticalDeed(data.action, base64url_decode(data.parameters))
    first, second = (base64url_decode(request) for request in data.opaque_requests)
    started = accounts.pins.grants.start(permit, deed, (first, second))
    return bodies.PinStartAnswer(
        attempt=base64url_encode(started.attempt_id),
        opaque_responses=[base64url_encode(response) for response in started.responses],
        tries_left=started.tries_left,
        retry_after_seconds=started.retry_after_seconds,
    )


@post("/pin/finish", opt=USE, status_code=HTTP_200_OK, sync_to_thread=True)
def finish_pin(
    accounts: Deeds, permit: PinPermit, data: bodies.PinFinish
) -> bodies.PinFinishAnswer:
    """Hand out leave for one deed within a minute."""
    attempt_id, finalization = (
        base64url_decode(data.attempt),
        base64url_decode(data.opaque_finalization),
    )
    granted = accounts.pins.grants.finish(permit, attempt_id, data.place, finalization)
    return bodies.PinFinishAnswer(
        grant=base64url_encode(granted.grant), expires_at=granted.expires_at
    )


@post("/pin/register", opt=USE, status_code=HTTP_200_OK, sync_to_thread=True)
def register_pin(
    accounts: Deeds, caller: RecognisedCaller, data: bodies.PinRegistration
) -> bodies.OpaqueAnswer:
    """Answer a registration's first message."""
    response = accounts.pins.answer_opaque(caller, base64url_decode(data.opaque_request))
    return bodies.OpaqueAnswer(opaque_response=base64url_encode(response))


@put(
    "/pin",
    opt=protected("accounts.pin.set"),
    status_code=HTTP_204_NO_CONTENT,
    sync_to_thread=True,
)
def set_pin(accounts: Deeds, caller: RecognisedCaller, data: bodies.PinSetting) -> None:
    """Set a first PIN, under a session that has just begun."""
    record, duress_record = (
        base64url_decode(data.opaque_record),
        base64url_decode(data.duress_record),
    )
    accounts.pins.set_pin(caller, record, duress_record)


@post(
    "/pin/change",
    opt=protected("accounts.pin.change", pin=CriticalAction.PIN_CHANGE.value),
    status_code=HTTP_204_NO_CONTENT,
    sync_to_thread=True,
)
def change_pin(accounts: Deeds, permit: PinPermit, data: bodies.PinRecord) -> None:
    """Replace the PIN."""
    accounts.pins.change_pin(permit, base64url_decode(data.opaque_record))


@post(
    "/pin/duress",
    opt=protected("accounts.pin.duress", pin=CriticalAction.DURESS_PIN_CHANGE.value),
    status_code=HTTP_204_NO_CONTENT,
    sync_to_thread=True,
)
def change_duress_pin(accounts: Deeds, permit: PinPermit, data: bodies.PinRecord) -> None:
    """Replace the duress PIN, or take it away: the service cannot tell."""
    accounts.pins.change_duress_pin(permit, base64url_decode(data.opaque_record))


@delete(
    "/pin",
    opt=protected("accounts.pin.remove", pin=CriticalAction.PIN_REMOVE.value),
    sync_to_thread=True,
)
def remove_pin(accounts: Deeds, permit: PinPermit) -> None:
    """Remove both PINs."""
    accounts.pins.remove_pin(permit)


@post(
    "/pin/reset",
    opt=protected("accounts.pin.reset"),
    status_code=HTTP_204_NO_CONTENT,
    sync_to_thread=True,
)
def reset_pin(accounts: Deeds, caller: RecognisedCaller, data: bodies.PinResetRequest) -> None:
    """Set a new PIN by the recovery phrase."""
    reset = PinReset(
        fingerprint=base64url_decode(data.fingerprint),
        challenge=base64url_decode(data.challenge),
        signature=base64url_decode(data.signature),
        root_public=base64url_decode(data.root_public),
        opaque_record=base64url_decode(data.opaque_record),
    )
    accounts.pins.reset_pin(caller, reset)


HANDLERS = (
    read_pin,
    start_pin,
    finish_pin,
    register_pin,
    set_pin,
    change_pin,
    change_duress_pin,
    remove_pin,
    reset_pin,
)
