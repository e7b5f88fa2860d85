"""HTTP message signatures (RFC 9421) by a device: one fixed set of covered components.

The set is closed on purpose: a verifier that lets the signer choose what is covered can be
talked out of covering the body or the session.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto import kdf
from enigm.crypto.signatures import ED25519_SIGNATURE_BYTES, Ed25519
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.errors import InvalidError, UnverifiableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from enigm.crypto.signatures import SigningKey

COVERED = ("@method", "@path", "content-digest", "authorization")
LABEL = "enigm"
NONCE_BYTES = 16
DEVICE_ID_BYTES = 16
WINDOW_SECONDS = 60  # how far ``created`` may be from the service's clock, either way

_COVERED_TEXT = "(" + " ".join(f'"{name}"' for name in COVERED) + ")"
_INPUT = re.compile(
    rf"{LABEL}=(?P<params>{re.escape(_COVERED_TEXT)};created=(?P<created>[1-9][0-9]{{0,11}})"
    r';nonce="(?P<nonce>[A-Za-z0-9_-]{22})";keyid="(?P<keyid>[A-Za-z0-9_-]{22})";alg="ed25519")',
    re.ASCII,
)
_SIGNATURE = re.compile(rf"{LABEL}=:(?P<signature>[A-Za-z0-9+/]{{86}}==):", re.ASCII)


class RequestSignatureError(UnverifiableError):
    """A request that no device signed as it stands."""

    def __init__(self, trace: str) -> None:
        """One answer for every cause; the trace is for the operator."""
        super().__init__(
            "wire.request_signature", "The request's signature does not verify.", trace=trace
        )


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature covers, as it came: the body too, through its digest."""

    method: str
    path: str
    authorization: str = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class UnverifiedSignature:
    """A signature's claims: who made it and when; nothing of it is checked yet."""

    device_id: bytes
    created: int
    nonce: bytes
    content_digest: str
    params: str
    signature: bytes = field(repr=False)


def sign_request(
    request: SignedRequest, device: SigningKey, *, device_id: bytes, created: int, nonce: bytes
) -> dict[str, str]:
    """Return the headers to add: Content-Digest, Signature-Input, Signature.

    ``request.path`` is the path alone, as sent; a protected request has no query.
    ``nonce`` is 16 fresh random bytes; ``created`` is now, in Unix seconds.
    """
    digest = content_digest(request.body)
    params = (
        f'{_COVERED_TEXT};created={created};nonce="{base64url_encode(nonce)}"'
        f';keyid="{base64url_encode(device_id)}";alg="ed25519"'
    )
    signature = Ed25519.sign(device.private, _base(request, digest, params))
    return {
        "Content-Digest": digest,
        "Signature-Input": f"{LABEL}={params}",
        "Signature": f"{LABEL}=:{base64.b64encode(signature).decode('ascii')}:",
    }


def read_signature(headers: Mapping[str, str]) -> UnverifiedSignature:
    """Parse the three headers (names in lower case); raises RequestSignatureError."""
    stated = _INPUT.fullmatch(headers.get("signature-input", ""))
    signed = _SIGNATURE.fullmatch(headers.get("signature", ""))
    digest = headers.get("content-digest", "")
    if stated is None or signed is None or not digest:
        raise RequestSignatureError("a header is missing or has another form")
    try:
        signature = base64.b64decode(signed["signature"], validate=True)
        nonce = base64url_decode(stated["nonce"])
        device_id = base64url_decode(stated["keyid"])
    except (binascii.Error, InvalidError) as error:
        raise RequestSignatureError("a header is not base64") from error
    if len(signature) != ED25519_SIGNATURE_BYTES:
        raise RequestSignatureError("the signature has another length")
    return UnverifiedSignature(
        device_id, int(stated["created"]), nonce, digest, stated["params"], signature
    )


def verify_request(
    request: SignedRequest, signature: UnverifiedSignature, device_public: bytes
) -> None:
    """Return if this device signed this request; raises RequestSignatureError.

    Age and reuse of the nonce are the caller's to judge: only the service has a memory.
    """
    if not kdf.equal(
        signature.content_digest.encode("latin-1"), content_digest(request.body).encode("ascii")
    ):
        raise RequestSignatureError("the body is not the one that was signed")
    base = _base(request, signature.content_digest, signature.params)
    try:
        Ed25519.verify(device_public, base, signature.signature)
    except UnverifiableError as error:
        raise RequestSignatureError("the device's key does not verify it") from error


def content_digest(body: bytes) -> str:
    """Return the Content-Digest of a body (RFC 9530), SHA-256 only."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode('ascii')}:"


def signature_base(components: Sequence[tuple[str, str]], params: str) -> bytes:
    """Return what is signed (RFC 9421 §2.5): a line per component, then the parameters."""
    lines = [f'"{name}": {value}' for name, value in components]
    lines.append(f'"@signature-params": {params}')
    return "\n".join(lines).encode("latin-1")


def _base(request: SignedRequest, digest: str, params: str) -> bytes:
    values = (request.method.upper(), request.path, digest, request.authorization)
    return signature_base(list(zip(COVERED, values, strict=True)), params)
