"""What people of a journey do with their PIN; a client written apart from the App's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import opaque_snake

from enigm.crypto import kdf
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.wire.account_recovery import sign_recovery
from enigm.wire.critical_action import parameters_digest, reset_statement

if TYPE_CHECKING:
    from tests.support.journey import Device, Person

PIN = "271828"
DURESS_PIN = "314159"
GRANT_HEADER = "Enigm-Pin-Grant"
PATH = "/accounts/v1/pin"

b64 = base64url_encode
unb64 = base64url_decode


class _Asking(Protocol):
    opaque: opaque_snake.OpaqueClient

    async def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Any: ...

    async def as_device(
        self,
        person: Person,
        method: str,
        path: str,
        body: Any = None,
        device: Device | None = None,
        *,
        grant: str | None = None,
    ) -> Any: ...

    async def sign_in(self, person: Person) -> str: ...

    async def opaque_record(self, person: Person, password: str) -> bytes: ...


def pin_secret(person: Person, pin: str) -> str:
    """Return what OPAQUE takes for a PIN."""
    prk = kdf.extract("sha256", b"enigm pin v1", person.card_key + pin.encode())
    return b64(kdf.expand("sha256", prk, b"opaque password", 32))


class PinDeeds:
    """The PIN's half of a journey."""

    async def pin_record(self: _Asking, person: Person, pin: str) -> bytes:
        """Run a registration's round; return the record to store."""
        secret = pin_secret(person, pin)
        request, state = self.opaque.start_registration(secret)
        body = {"opaque_request": b64(request.to_bytes())}
        answer = await self.as_device(person, "POST", f"{PATH}/register", body)
        response = opaque_snake.RegistrationResponse.from_bytes(unb64(answer["opaque_response"]))
        return bytes(self.opaque.finish_registration(response, state, secret).upload.to_bytes())

    async def set_pin(self: Any, person: Person, pin: str = PIN, duress: str = DURESS_PIN) -> None:
        """Sign in again and set both PINs."""
        await self.sign_in(person)
        body = {
            "opaque_record": b64(await self.pin_record(person, pin)),
            "duress_record": b64(await self.pin_record(person, duress)),
        }
        await self.as_device(person, "PUT", PATH, body)
        person.pin = pin

    async def start_pin(
        self: Any, person: Person, action: str, *parameters: bytes, pin: str = ""
    ) -> tuple[Any, list[Any]]:
        """Send the first message; return the answer and what finishes each place."""
        secret = pin_secret(person, pin or person.pin)
        begun = [self.opaque.start_login(secret) for _ in range(2)]
        body = {
            "action": action,
            "parameters": b64(parameters_digest(*parameters)),
            "opaque_requests": [b64(request.to_bytes()) for request, _ in begun],
        }
        answer = await self.as_device(person, "POST", f"{PATH}/start", body)
        opened: list[Any] = []
        for (_, state), response in zip(begun, answer["opaque_responses"], strict=True):
            sealed = opaque_snake.CredentialResponse.from_bytes(unb64(response))
            try:
                finished = self.opaque.finish_login(sealed, state, secret)
                opened.append(bytes(finished.finalization.to_bytes()))
            except opaque_snake.OpaqueError:
                opened.append(None)
        return answer, opened

    async def grant(
        self: Any, person: Person, action: str, *parameters: bytes, pin: str = ""
    ) -> str:
        """Enter a PIN for a deed and return the grant; a wrong PIN sends noise."""
        if not person.pin:
            await self.set_pin(person)
        answer, opened = await self.start_pin(person, action, *parameters, pin=pin)
        place = next((at for at, found in enumerate(opened) if found is not None), 0)
        body = {
            "attempt": answer["attempt"],
            "place": place,
            "opaque_finalization": b64(opened[place] or bytes(64)),
        }
        return (await self.as_device(person, "POST", f"{PATH}/finish", body))["grant"]

    async def erase(self: Any, person: Person, *, pin: str = "") -> None:
        """Delete the account."""
        grant = await self.grant(person, "accounts.delete", pin=pin)
        await self.as_device(person, "DELETE", "/accounts/v1/account", grant=grant)

    async def change_password(self: Any, person: Person, password: str, *, pin: str = "") -> None:
        """Set a new password and keep the session that comes with it."""
        record = await self.opaque_record(person, password)
        grant = await self.grant(person, "accounts.password.change", record, pin=pin)
        body = {"opaque_record": b64(record)}
        answer = await self.as_device(person, "PUT", "/accounts/v1/password", body, grant=grant)
        person.session, person.password = answer["session"], password

    async def reset_pin(self: Any, person: Person, pin: str) -> None:
        """Set a new PIN with the root key."""
        fingerprint = b64(person.fingerprint)
        start = await self.ask("POST", "/accounts/v1/recovery/start", {"fingerprint": fingerprint})
        record = await self.pin_record(person, pin)
        stated = reset_statement(record)
        body = {
            "fingerprint": fingerprint,
            "challenge": start["challenge"],
            "signature": b64(sign_recovery(person.root, unb64(start["challenge"]), stated)),
            "root_public": b64(person.root.public),
            "opaque_record": b64(record),
        }
        await self.as_device(person, "POST", f"{PATH}/reset", body)
        person.pin = pin
