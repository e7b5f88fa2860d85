"""What a signed-in owner does: sessions, tokens, a new password, the end of the account."""

from __future__ import annotations

from typing import Annotated

from litestar import delete, get, post, put
from litestar.params import Parameter
from litestar.status_codes import HTTP_200_OK

from enigm.domains.accounts.model import CriticalAction, SessionId
from enigm.domains.accounts.routes import bodies
from enigm.domains.accounts.routes.reading import Deeds, PinPermit, RecognisedCaller, shown
from enigm.foundation.access import Access, opened_to, protected
from enigm.foundation.encoding import base64url_decode, base64url_encode

PUBLIC, SESSION = opened_to(Access.PUBLIC), opened_to(Access.SESSION)

SessionName = Annotated[str, Parameter(pattern="^[A-Za-z0-9_-]{22}$")]


@get("/sessions", opt=SESSION, sync_to_thread=True)
def list_sessions(accounts: Deeds, caller: RecognisedCaller) -> bodies.SessionsAnswer:
    """List one's own sessions."""
    entries = [
        bodies.SessionEntry(
            id=base64url_encode(own.session.session_id),
            created_at=own.session.created_at,
            expires_at=own.session.expires_at,
            current=own.session.session_id == caller.session_id,
            kind=own.session.audience.word,
            device=None if own.device_id is None else base64url_encode(own.device_id),
        )
        for own in accounts.sessions.list_sessions(caller)
    ]
    return bodies.SessionsAnswer(sessions=entries)


@delete("/sessions/{session_id:str}", opt=SESSION, sync_to_thread=True)
def end_session(accounts: Deeds, caller: RecognisedCaller, session_id: SessionName) -> None:
    """End one of one's own sessions, this one included."""
    accounts.sessions.end_session(caller, SessionId(base64url_decode(session_id)))


@put(
    "/password",
    opt=protected("accounts.password.change", pin=CriticalAction.PASSWORD_CHANGE.value),
    sync_to_thread=True,
)
def change_password(
    accounts: Deeds, permit: PinPermit, data: bodies.PasswordChange
) -> bodies.SessionAnswer:
    """Set a new password; every session ends and a new one begins."""
    record = base64url_decode(data.opaque_record)
    return shown(accounts.own.change_password(permit, record))


@delete(
    "/account",
    opt=protected("accounts.delete", pin=CriticalAction.ACCOUNT_DELETE.value),
    sync_to_thread=True,
)
def erase_account(accounts: Deeds, permit: PinPermit) -> None:
    """Erase everything of the account now."""
    accounts.own.erase_account(permit)


@post(
    "/tokens", opt=protected("accounts.tokens.issue"), status_code=HTTP_200_OK, sync_to_thread=True
)
def sign_tokens(
    accounts: Deeds, caller: RecognisedCaller, data: bodies.TokensRequest
) -> bodies.TokensAnswer:
    """Sign blinded tokens within the day's quota."""
    blinded = [base64url_decode(item) for item in data.blinded]
    signed = accounts.own.sign_tokens(caller, blinded)
    return bodies.TokensAnswer(
        evaluated=[base64url_encode(item) for item in signed.evaluated],
        proof=base64url_encode(signed.proof),
        public_key=base64url_encode(signed.public_key),
    )


@get("/tokens/key", opt=PUBLIC, sync_to_thread=False)
def read_token_key(accounts: Deeds) -> bodies.TokenKeyAnswer:
    """Show the key that tokens are checked against."""
    return bodies.TokenKeyAnswer(public_key=base64url_encode(accounts.own.token_key()))


HANDLERS = (
    list_sessions,
    end_session,
    change_password,
    erase_account,
    sign_tokens,
    read_token_key,
)
