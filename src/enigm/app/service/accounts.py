"""The account path: registration, sign-in, recovery, the chain, tokens (protocol.md §3)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import msgspec

from enigm.app.errors import LyingServiceError
from enigm.app.service import opaque
from enigm.app.service.answers import (
    ChainAnswer,
    Evaluated,
    Guard,
    KeyAnswer,
    LoginAnswer,
    OpaqueAnswer,
    OwnChain,
    OwnSession,
    PendingDevice,
    RecoveryAnswer,
    Session,
    SessionsAnswer,
    SignIn,
    TokenAnswer,
)
from enigm.app.service.http import PlainHttp, read_answer
from enigm.app.service.problems import Challenge, challenge_of
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.errors import ConflictError, UnauthenticatedError
from enigm.wire import registration_proof
from enigm.wire.device_chain import UnverifiedChain, fingerprint_of
from enigm.wire.request_signature import NONCE_BYTES, SignedRequest, sign_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from enigm.app.identity.keys import DeviceKeys
    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy

Answer = TypeVar("Answer")

# A session that ends within a minute would end under a request on its way.
SESSION_MARGIN_SECONDS = 60
# What a device writes in the place of a session when it signs a request to open one.
VOUCHER_AUTHORIZATION = "Device"
GRANT_HEADER = "Enigm-Pin-Grant"


class AccountPath:
    """Everything that needs a session. Shares no connection with the channel path."""

    def __init__(self, service: str, clock: Clock, entropy: Entropy) -> None:
        """Aim at a service; nothing is sent yet."""
        self._http = PlainHttp(service)
        self._clock = clock
        self._entropy = entropy
        self._sign_in: SignIn | None = None
        self._device: DeviceKeys | None = None
        self._signing_in = asyncio.Lock()

    def use(self, sign_in: SignIn, device: DeviceKeys) -> None:
        """Speak for this account and device from now on."""
        self._sign_in = sign_in
        self._device = device

    def use_secret(self, secret: str) -> None:
        """Sign in with this secret from now on: another device changed the password."""
        sign_in = self._require_sign_in()
        sign_in.secret, sign_in.session = secret, None

    async def close(self) -> None:
        """Close every connection and forget the session."""
        self._sign_in = None
        self._device = None
        await self._http.close()

    async def proof_of_registration(self, invite: str | None) -> dict[str, str]:
        """Fulfil what guards registration: work, or an invite."""
        if invite is not None:
            return {"invite": invite}
        guard = await self._http.ask("GET", "/accounts/v1/registration", Guard)
        if guard.guard == "invite":
            raise ConflictError(
                "app.invite_needed", "This service wants an invite: ask whoever runs it."
            )
        return await _work(Challenge(guard.challenge, guard.difficulty_bits))

    async def opaque_record(self, lookup_id: bytes, secret: str, *, path: str) -> str:
        """Run the registration round of OPAQUE at this path; return the record to store."""
        asked = opaque.start_registration(secret)
        answer = await self._http.ask(
            "POST",
            path,
            OpaqueAnswer,
            {
                "lookup_id": base64url_encode(lookup_id),
                "opaque_request": base64url_encode(asked.request),
            },
        )
        response = base64url_decode(answer.opaque_response)
        record = await asyncio.to_thread(opaque.finish_registration, asked, response, secret)
        return base64url_encode(record)

    async def finish_registration(self, content: Mapping[str, Any]) -> Session:
        """Store the account; raises ConflictError ``accounts.name_taken``."""
        return await self._http.ask("POST", "/accounts/v1/registration/finish", Session, content)

    async def start_recovery(self, fingerprint: bytes) -> tuple[bytes, bytes]:
        """Return a challenge to sign with the root, and the backup."""
        answer = await self._http.ask(
            "POST",
            "/accounts/v1/recovery/start",
            RecoveryAnswer,
            {"fingerprint": base64url_encode(fingerprint)},
        )
        return base64url_decode(answer.challenge), base64url_decode(answer.backup)

    async def recovery_chain(
        self, root_public: bytes, challenge: bytes, signature: bytes
    ) -> tuple[bytes, ...]:
        """Return the chain as it stands, shown to the root key alone."""
        content = {
            "fingerprint": base64url_encode(fingerprint_of(root_public)),
            "challenge": base64url_encode(challenge),
            "signature": base64url_encode(signature),
            "root_public": base64url_encode(root_public),
        }
        answer = await self._http.ask("POST", "/accounts/v1/recovery/chain", ChainAnswer, content)
        return tuple(base64url_decode(entry) for entry in answer.chain)

    async def password_record(self, secret: str) -> bytes:
        """Return what would check a new password; nothing is changed yet."""
        lookup_id = self._require_sign_in().lookup_id
        path = "/accounts/v1/registration/start"
        return base64url_decode(await self.opaque_record(lookup_id, secret, path=path))

    async def change_password(self, secret: str, record: bytes, grant: str) -> None:
        """Set a new password; every session ends and this device holds the new one."""
        sign_in = self._require_sign_in()
        content = {"opaque_record": base64url_encode(record)}
        session = await self.protected(
            "PUT", "/accounts/v1/password", Session, content, grant=grant
        )
        sign_in.secret, sign_in.session = secret, session

    async def finish_recovery(self, content: Mapping[str, Any]) -> Session:
        """Store the new device and password."""
        return await self._http.ask("POST", "/accounts/v1/recovery/finish", Session, content)

    async def own_chain(self) -> OwnChain:
        """Fetch the account's chain and who waits."""
        answer = await self._with_session("GET", "/devices/v1/chain", ChainAnswer)
        entries = tuple(base64url_decode(entry) for entry in answer.chain)
        pending = tuple(
            PendingDevice(base64url_decode(item.device_public), item.requested_at)
            for item in answer.pending
        )
        return OwnChain(UnverifiedChain(base64url_decode(answer.root_public), entries), pending)

    async def sessions(self) -> list[OwnSession]:
        """Fetch the account's living sessions, oldest first."""
        answer = await self._with_session("GET", "/accounts/v1/sessions", SessionsAnswer)
        return answer.sessions

    async def end_session(self, session_id: str) -> None:
        """End a session; raises NotFoundError ``accounts.session_unknown``."""
        path = f"/accounts/v1/sessions/{quote(session_id, safe='')}"
        await self._with_session("DELETE", path, msgspec.Raw)

    async def enrol(self, device_public: bytes, card: bytes) -> None:
        """Ask to become one of the account's devices."""
        content = {
            "device_public": base64url_encode(device_public),
            "card": base64url_encode(card),
        }
        await self._with_session("POST", "/devices/v1/enrolments", msgspec.Raw, content)

    async def refuse_enrolment(self, device_id: bytes) -> None:
        """Turn a waiting device away."""
        path = f"/devices/v1/enrolments/{base64url_encode(device_id)}"
        await self.protected("DELETE", path, msgspec.Raw)

    async def append_entry(self, entry: bytes, grant: str | None = None) -> None:
        """Append to the chain; raises ConflictError ``devices.chain_moved``."""
        content = {"entry": base64url_encode(entry)}
        await self.protected("POST", "/devices/v1/chain", msgspec.Raw, content, grant=grant)

    async def replace_card(self, card: bytes) -> None:
        """Replace this device's contact card."""
        await self.protected(
            "PUT", "/devices/v1/card", msgspec.Raw, {"card": base64url_encode(card)}
        )

    async def publish_key_packages(self, packages: Sequence[bytes], last_resort: bytes) -> None:
        """Leave key packages by which others add this device while it is away."""
        content = {
            "key_packages": [base64url_encode(package) for package in packages],
            "last_resort": base64url_encode(last_resort),
        }
        await self.protected("POST", "/devices/v1/key-packages", msgspec.Raw, content)

    async def remaining_key_packages(self) -> int:
        """Tell how many are left."""
        answer = await self.protected("GET", "/devices/v1/key-packages", dict[str, int])
        return answer.get("remaining", 0)

    async def token_key(self) -> bytes:
        """Return the issuer's published key."""
        answer = await self._http.ask("GET", "/accounts/v1/tokens/key", KeyAnswer)
        return base64url_decode(answer.public_key)

    async def evaluate(self, blinded: Sequence[bytes]) -> Evaluated:
        """Have blinded inputs signed."""
        content = {"blinded": [base64url_encode(item) for item in blinded]}
        answer = await self.protected("POST", "/accounts/v1/tokens", TokenAnswer, content)
        return Evaluated(
            [base64url_decode(item) for item in answer.evaluated],
            base64url_decode(answer.proof),
            base64url_decode(answer.public_key),
        )

    async def delete_account(self, grant: str) -> None:
        """Erase the account and everything of it at the service."""
        await self.protected("DELETE", "/accounts/v1/account", msgspec.Raw, grant=grant)

    async def sign_in_again(self) -> None:
        """Begin a fresh session, which some deeds need."""
        self._require_sign_in().session = None
        await self.session()

    async def session(self) -> Session:
        """Return a session that lasts, signing in when there is none."""
        sign_in = self._require_sign_in()
        async with self._signing_in:
            now = self._clock.now_seconds()
            held = sign_in.session
            if held is None or held.expires_at - SESSION_MARGIN_SECONDS <= now:
                held = sign_in.session = await self._open_session(sign_in)
            return held

    async def _open_session(self, sign_in: SignIn) -> Session:
        asked = opaque.start_login(sign_in.secret)
        content: dict[str, Any] = {
            "lookup_id": base64url_encode(sign_in.lookup_id),
            "opaque_request": base64url_encode(asked.request),
        }
        status, body = await self._start_session(content)
        challenge = challenge_of(body) if status == 429 else None  # noqa: PLR2004 - RFC 6585
        if challenge is not None:
            content["proof"] = await _work(challenge)
            status, body = await self._start_session(content)
        answer = read_answer(LoginAnswer, status, body)
        finalization = await asyncio.to_thread(
            opaque.finish_login, asked, base64url_decode(answer.opaque_response), sign_in.secret
        )
        return await self._http.ask(
            "POST",
            "/accounts/v1/session/finish",
            Session,
            {"login": answer.login, "opaque_finalization": base64url_encode(finalization)},
        )

    async def _start_session(self, content: Mapping[str, Any]) -> tuple[int, bytes]:
        """Send the first message, signed: strangers' tries must not make this device work."""
        path, body = "/accounts/v1/session/start", msgspec.json.encode(content)
        headers = self._signed_headers("POST", path, body, VOUCHER_AUTHORIZATION)
        return await self._http.send("POST", path, body, headers)

    async def _with_session(
        self,
        method: str,
        path: str,
        kind: type[Answer],
        content: Mapping[str, Any] | None = None,
    ) -> Answer:
        return await self._signed(method, path, kind, content, None)

    async def protected(
        self,
        method: str,
        path: str,
        kind: type[Answer],
        content: Mapping[str, Any] | None = None,
        *,
        grant: str | None = None,
    ) -> Answer:
        """Send what this device signs, with a PIN's grant where the deed needs one."""
        shown = {} if grant is None else {GRANT_HEADER: grant}
        return await self._signed(method, path, kind, content, shown)

    async def _signed(
        self,
        method: str,
        path: str,
        kind: type[Answer],
        content: Mapping[str, Any] | None,
        shown: Mapping[str, str] | None,
    ) -> Answer:
        """Send under a session, once more under a fresh one when the held one had ended.

        ``shown`` are headers beside those that the device signs; None where it signs nothing.
        """
        body = b"" if content is None else msgspec.json.encode(content)
        for is_last in (False, True):
            session = await self.session()
            headers = self._headers(method, path, body, session, is_protected=shown is not None)
            headers |= shown or {}
            try:
                return read_answer(kind, *await self._http.send(method, path, body, headers))
            except UnauthenticatedError:
                self._require_sign_in().session = None
                if is_last:
                    raise
        raise LyingServiceError("The service ends every session at once.")

    def _headers(
        self, method: str, path: str, body: bytes, session: Session, *, is_protected: bool
    ) -> dict[str, str]:
        authorization = f"Bearer {session.session}"
        if is_protected:
            return self._signed_headers(method, path, body, authorization)
        headers = {"Content-Type": "application/json"} if body else {}
        return headers | {"Authorization": authorization}

    def _signed_headers(
        self, method: str, path: str, body: bytes, authorization: str
    ) -> dict[str, str]:
        device = self._device
        if device is None:
            raise RuntimeError("a signed request needs this device's keys")
        headers = {"Content-Type": "application/json"} if body else {}
        return headers | {
            "Authorization": authorization,
            **sign_request(
                SignedRequest(method, path, authorization, body),
                device.signing,
                device_id=device.device_id,
                created=self._clock.now_seconds(),
                nonce=self._entropy.random_bytes(NONCE_BYTES),
            ),
        }

    def _require_sign_in(self) -> SignIn:
        if self._sign_in is None:
            raise RuntimeError("the account path was not told whom to speak for")
        return self._sign_in


async def _work(challenge: Challenge) -> dict[str, str]:
    octets = base64url_decode(challenge.challenge)
    nonce = await asyncio.to_thread(registration_proof.solve, octets, challenge.difficulty_bits)
    return {"challenge": challenge.challenge, "nonce": base64url_encode(nonce)}
