"""A security key in software: makes passkeys and signs with them, and lies where it is told to."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from enigm.foundation.encoding import base64url_encode

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


@dataclass
class SecurityKey:
    """One passkey (WebAuthn level 3, ES256, no attestation)."""

    origin: str
    host: str
    credential_id: bytes = b"passkey of the tests"
    count: int = 0
    is_verified: bool = True
    _private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer ``navigator.credentials.create``."""
        point = self._private.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}
        attested = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id
        attested += cbor2.dumps(cose)
        told = {"fmt": "none", "attStmt": {}, "authData": self._data(_ATTESTED) + attested}
        client = self._client("webauthn.create", options["challenge"])
        return self._credential(
            {
                "clientDataJSON": base64url_encode(client),
                "attestationObject": base64url_encode(cbor2.dumps(told)),
            }
        )

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer ``navigator.credentials.get``."""
        self.count += 1
        data = self._data(0)
        client = self._client("webauthn.get", options["challenge"])
        told = data + hashlib.sha256(client).digest()
        signature = self._private.sign(told, ec.ECDSA(hashes.SHA256()))
        return self._credential(
            {
                "clientDataJSON": base64url_encode(client),
                "authenticatorData": base64url_encode(data),
                "signature": base64url_encode(signature),
            }
        )

    def _data(self, more: int) -> bytes:
        flags = _PRESENT | (_VERIFIED if self.is_verified else 0) | more
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _client(self, kind: str, challenge: str) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(told).encode()

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        name = base64url_encode(self.credential_id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}
