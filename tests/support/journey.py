"""People for tests: they register, sign in, link devices and make signed requests over HTTP.

A small client of docs/protocol.md §§1-4 that is written apart from the App, so that tests of the
service do not rest on it. Drives the application in this process; nothing opens a socket.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import opaque_snake

from enigm.crypto import tokens
from enigm.crypto.signatures import Ed25519, Hybrid, SigningKey
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.wire import registration_proof
from enigm.wire.account_recovery import BACKUP_BYTES, sign_recovery
from enigm.wire.contact_card import HPKE_PUBLIC_BYTES, ContactCard, seal_card
from enigm.wire.device_chain import (
    DeviceChain,
    Kind,
    UnverifiedChain,
    device_id_of,
    fingerprint_of,
)
from enigm.wire.request_signature import SignedRequest, sign_request
from enigm.wire.user_name import LOOKUP_ID_BYTES
from tests.support.pin_deeds import GRANT_HEADER, PinDeeds

if TYPE_CHECKING:
    from enigm.foundation.entropy import Entropy
    from tests.support.clock import FakeClock

b64 = base64url_encode
unb64 = base64url_decode


@dataclass(slots=True)
class Device:
    """One device's keys."""

    signing: SigningKey
    inbox: bytes
    hpke_public: bytes

    @property
    def device_id(self) -> bytes:
        return device_id_of(self.signing.public)


@dataclass(slots=True)
class Person:
    """Who registers: a name's keys, a password, a root, and the device that is being used."""

    lookup_id: bytes
    card_key: bytes
    password: str
    root: SigningKey
    backup: bytes
    device: Device
    session: str = ""
    others: list[Device] = field(default_factory=list)
    pin: str = ""

    @property
    def fingerprint(self) -> bytes:
        return fingerprint_of(self.root.public)


class Problem(Exception):  # noqa: N818 - an answer, raised to be matched
    """A refusal as it came over HTTP."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.status = answer.status_code
        self.body: dict[str, Any] = answer.json()
        super().__init__(f"{self.status} {self.body.get('code')}: {self.body.get('detail')}")

    @property
    def code(self) -> str:
        return self.body["code"]


class Journey(PinDeeds):
    """Talks to one service as several people."""

    def __init__(self, app: Any, clock: FakeClock, entropy: Entropy) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://service.test")
        self.clock = clock
        self.entropy = entropy
        self.opaque = opaque_snake.OpaqueClient()

    def new_device(self) -> Device:
        random = self.entropy.random_bytes
        return Device(Ed25519.generate(self.entropy), random(16), random(HPKE_PUBLIC_BYTES))

    def new_person(self, password: str = "correct horse") -> Person:
        random = self.entropy.random_bytes
        return Person(
            lookup_id=random(LOOKUP_ID_BYTES),
            card_key=random(32),
            password=password,
            root=Hybrid.generate(self.entropy),
            backup=random(BACKUP_BYTES),
            device=self.new_device(),
        )

    def card(self, person: Person, device: Device) -> bytes:
        return seal_card(
            ContactCard(device.inbox, device.hpke_public),
            card_key=person.card_key,
            fingerprint=person.fingerprint,
            device=device.signing,
            entropy=self.entropy,
        )

    # --- requests -------------------------------------------------------------------------

    async def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Any:
        """Send JSON, return the answer's JSON; raises Problem."""
        content = b"" if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} if content else {}
        answer = await self.http.request(
            method, path, content=content, headers=sent | (headers or {})
        )
        if answer.is_error:
            raise Problem(answer)
        return answer.json() if answer.content else None

    async def as_session(self, person: Person, method: str, path: str, body: Any = None) -> Any:
        """Ask with a session alone."""
        return await self.ask(method, path, body, {"Authorization": f"Bearer {person.session}"})

    async def as_device(
        self,
        person: Person,
        method: str,
        path: str,
        body: Any = None,
        device: Device | None = None,
        *,
        grant: str | None = None,
    ) -> Any:
        """Ask with a session and a device's signature, and a PIN's grant."""
        headers = self.signed_headers(person, method, path, body, device=device)
        if grant is not None:
            headers[GRANT_HEADER] = grant
        return await self.ask(method, path, body, headers)

    def signed_headers(
        self,
        person: Person,
        method: str,
        path: str,
        body: Any = None,
        *,
        device: Device | None = None,
        authorization: str | None = None,
        created: int | None = None,
        nonce: bytes | None = None,
    ) -> dict[str, str]:
        used = device or person.device
        content = b"" if body is None else json.dumps(body).encode()
        shown = f"Bearer {person.session}" if authorization is None else authorization
        signed = sign_request(
            SignedRequest(method, path, shown, content),
            used.signing,
            device_id=used.device_id,
            created=self.clock.now_seconds() if created is None else created,
            nonce=nonce or self.entropy.random_bytes(16),
        )
        return {"Authorization": shown} | signed

    # --- deeds ----------------------------------------------------------------------------

    async def opaque_record(
        self, person: Person, password: str, path: str = "/accounts/v1/registration/start"
    ) -> bytes:
        request, state = self.opaque.start_registration(password)
        body = {"lookup_id": b64(person.lookup_id), "opaque_request": b64(request.to_bytes())}
        answer = await self.ask("POST", path, body)
        response = opaque_snake.RegistrationResponse.from_bytes(unb64(answer["opaque_response"]))
        return self.opaque.finish_registration(response, state, password).upload.to_bytes()

    async def registration_proof(self) -> dict[str, str]:
        guard = await self.ask("GET", "/accounts/v1/registration")
        return self.work(guard)

    def work(self, demand: dict[str, Any]) -> dict[str, str]:
        challenge = unb64(demand["challenge"])
        nonce = registration_proof.solve(challenge, demand["difficulty_bits"])
        return {"challenge": demand["challenge"], "nonce": b64(nonce)}

    def first_entry(self, person: Person) -> bytes:
        empty = DeviceChain.empty(person.root.public)
        now = self.clock.now_seconds()
        return empty.by_root(Kind.CERTIFY, person.device.signing.public, person.root, now)

    async def registration_body(
        self, person: Person, proof: dict[str, str] | None = None
    ) -> dict[str, Any]:
        record = await self.opaque_record(person, person.password)
        return {
            "lookup_id": b64(person.lookup_id),
            "opaque_record": b64(record),
            "root_public": b64(person.root.public),
            "chain_entry": b64(self.first_entry(person)),
            "card": b64(self.card(person, person.device)),
            "backup": b64(person.backup),
            "proof": proof or await self.registration_proof(),
        }

    async def register(self, person: Person | None = None) -> Person:
        """Register and keep the session."""
        registered = person or self.new_person()
        body = await self.registration_body(registered)
        answer = await self.ask("POST", "/accounts/v1/registration/finish", body)
        registered.session = answer["session"]
        return registered

    async def sign_in(
        self,
        person: Person,
        password: str | None = None,
        *,
        proof: dict[str, str] | None = None,
        vouched: bool = False,
    ) -> str:
        """Run both messages of a sign-in; returns and keeps the session."""
        request, state = self.opaque.start_login(password or person.password)
        body: dict[str, Any] = {
            "lookup_id": b64(person.lookup_id),
            "opaque_request": b64(request.to_bytes()),
        }
        if proof is not None:
            body["proof"] = proof
        path = "/accounts/v1/session/start"
        headers = (
            self.signed_headers(person, "POST", path, body, authorization="Device")
            if vouched
            else None
        )
        answer = await self.ask("POST", path, body, headers)
        response = opaque_snake.CredentialResponse.from_bytes(unb64(answer["opaque_response"]))
        finished = self.opaque.finish_login(response, state, password or person.password)
        body = {
            "login": answer["login"],
            "opaque_finalization": b64(finished.finalization.to_bytes()),
        }
        person.session = (await self.ask("POST", "/accounts/v1/session/finish", body))["session"]
        return person.session

    async def chain(self, person: Person) -> DeviceChain:
        answer = await self.as_session(person, "GET", "/devices/v1/chain")
        entries = [unb64(entry) for entry in answer["chain"]]
        return UnverifiedChain(unb64(answer["root_public"]), entries).verify(person.fingerprint)

    async def enrol(self, person: Person, device: Device | None = None) -> Device:
        """Let a new device of this person wait."""
        waiting = device or self.new_device()
        body = {
            "device_public": b64(waiting.signing.public),
            "card": b64(self.card(person, waiting)),
        }
        await self.as_session(person, "POST", "/devices/v1/enrolments", body)
        return waiting

    async def certify(self, person: Person, waiting: Device) -> None:
        """Let the device in use certify one that waits."""
        await self._append(person, Kind.CERTIFY, waiting)
        person.others.append(waiting)

    async def revoke(self, person: Person, revoked: Device, *, pin: str = "") -> None:
        """Let the device in use revoke another, or itself."""
        grant = await self.grant(person, "devices.revoke", revoked.signing.public, pin=pin)
        await self._append(person, Kind.REVOKE, revoked, grant)

    async def link(self, person: Person) -> Device:
        """Bring a second device to trust: it waits, the first one certifies it."""
        waiting = await self.enrol(person)
        await self.certify(person, waiting)
        return waiting

    async def recover(self, person: Person, password: str) -> Device:
        """Come back on a fresh device with the root alone, and a new password."""
        fingerprint = b64(person.fingerprint)
        start = await self.ask("POST", "/accounts/v1/recovery/start", {"fingerprint": fingerprint})
        challenge = unb64(start["challenge"])
        read = {
            "fingerprint": fingerprint,
            "challenge": start["challenge"],
            "signature": b64(sign_recovery(person.root, challenge, b"")),
            "root_public": b64(person.root.public),
        }
        shown = await self.ask("POST", "/accounts/v1/recovery/chain", read)
        chain = DeviceChain.empty(person.root.public)
        if shown["chain"]:
            entries = [unb64(entry) for entry in shown["chain"]]
            chain = UnverifiedChain(person.root.public, entries).verify(person.fingerprint)
        device, now = self.new_device(), self.clock.now_seconds()
        entry = chain.by_root(Kind.CERTIFY, device.signing.public, person.root, now)
        record = await self.opaque_record(person, password, "/accounts/v1/recovery/opaque")
        body = {
            "fingerprint": fingerprint,
            "challenge": start["challenge"],
            "signature": b64(sign_recovery(person.root, challenge, entry)),
            "lookup_id": b64(person.lookup_id),
            "root_public": b64(person.root.public),
            "chain_entry": b64(entry),
            "card": b64(self.card(person, device)),
            "opaque_record": b64(record),
        }
        answer = await self.ask("POST", "/accounts/v1/recovery/finish", body)
        person.session, person.device, person.password = answer["session"], device, password
        return device

    async def tokens(self, person: Person, count: int = 1) -> list[bytes]:
        """Have tokens signed and unblind them."""
        state, blinded = tokens.blind(count, self.entropy)
        body = {"blinded": [b64(item) for item in blinded]}
        answer = await self.as_device(person, "POST", "/accounts/v1/tokens", body)
        return list(
            tokens.finalize(
                state,
                [unb64(item) for item in answer["evaluated"]],
                unb64(answer["proof"]),
                unb64(answer["public_key"]),
            )
        )

    async def look_up(self, token: bytes, *, key_packages: bool = False, **whom: bytes) -> Any:
        """Ask the directory for ``lookup_id=`` or ``fingerprint=``."""
        body = {name: b64(value) for name, value in whom.items()}
        return await self.ask(
            "POST",
            "/directory/v1/lookup",
            body | {"token": b64(token), "key_packages": key_packages},
        )

    async def _append(
        self, person: Person, kind: Kind, device: Device, grant: str | None = None
    ) -> None:
        chain = await self.chain(person)
        now = self.clock.now_seconds()
        entry = chain.by_device(kind, device.signing.public, person.device.signing, now)
        body = {"entry": b64(entry)}
        await self.as_device(person, "POST", "/devices/v1/chain", body, grant=grant)
