"""The verdict on a machine as a token: an EAT (RFC 9711) in a COSE_Sign1 (RFC 9052), Ed25519.

It holds no measured value and no number of the machine: a handle, the nonce, what was found,
and until when that counts. The form is fixed byte for byte, so there is one way to read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import cbor2

from enigm.crypto import kdf
from enigm.crypto.attestation.errors import AttestationRefusedError, Reason
from enigm.crypto.signatures import ED25519_SIGNATURE_BYTES, Ed25519
from enigm.foundation.encoding import base32_decode, base32_encode
from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    from enigm.crypto.signatures import SigningKey

# The longest a verdict may count: what runs can change at the next start of the machine.
VERDICT_SECONDS_MAX: Final = 24 * 3600
VERDICT_BYTES_MAX: Final = 1024
HANDLE_BYTES: Final = 20
PROFILE: Final = "tag:enigm.example,2026:verdict-1"

# RFC 8392 §3.1.1 and RFC 9711 §4: the registered numbers; libraries still ship draft ones.
_SUBJECT, _EXPIRES, _ISSUED = 2, 4, 6
_NONCE, _OEM_BOOT, _PROFILE, _MEASUREMENT_RESULTS = 10, 262, 265, 274
_COMPARED_AND_GOOD = 1  # RFC 9711 §4.2.17

_EDDSA = -8  # RFC 9053 §2.2
_KEY_ID_BYTES = 8
_TAGS = b"\xd8\x3d\xd2\x84"  # CWT (61) of COSE_Sign1 (18): an array of four
_NO_UNPROTECTED = b"\xa0"
_SIGNATURE_HEAD = b"\x58\x40"
_TAIL_BYTES = len(_SIGNATURE_HEAD) + ED25519_SIGNATURE_BYTES
# RFC 8949 §3: a byte string's head is one, two or three bytes, by what follows it.
_SHORT_BYTES = 1 + 23
_ONE_BYTE_LENGTH = 2 + 0xFF
_CLAIMS = {_SUBJECT, _EXPIRES, _ISSUED, _NONCE, _OEM_BOOT, _PROFILE, _MEASUREMENT_RESULTS}


@dataclass(frozen=True, slots=True)
class Verdict:
    """That the machine behind a handle was found in a good state, and until when it counts.

    ``system`` says how it was measured (``tpm``), ``state`` is the reference state's label.
    """

    handle: bytes
    nonce: bytes
    system: str
    state: str
    issued_at: int
    expires_at: int


def sign_verdict(verdict: Verdict, key: SigningKey) -> bytes:
    """Return the token; raises RuntimeError for a verdict that no verifier may give."""
    if len(verdict.handle) != HANDLE_BYTES:
        raise RuntimeError("a handle is 20 bytes")
    if not 0 < verdict.expires_at - verdict.issued_at <= VERDICT_SECONDS_MAX:
        raise RuntimeError("a verdict counts for at most a day")
    claims = {
        _SUBJECT: base32_encode(verdict.handle),
        _EXPIRES: verdict.expires_at,
        _ISSUED: verdict.issued_at,
        _NONCE: verdict.nonce,
        _OEM_BOOT: True,
        _PROFILE: PROFILE,
        _MEASUREMENT_RESULTS: [[verdict.system, [[verdict.state, _COMPARED_AND_GOOD]]]],
    }
    payload = cbor2.dumps(claims, canonical=True)
    protected = _protected(key.public)
    signature = Ed25519.sign(key.private, _to_be_signed(protected, payload))
    return _front(protected) + cbor2.dumps(payload) + _SIGNATURE_HEAD + signature


def read_verdict(
    token: bytes, public: bytes, *, now_seconds: int, nonce: bytes | None = None
) -> Verdict:
    """Verify a token by the verifier's pinned key; there is no leeway after its end.

    Args:
        token: at most VERDICT_BYTES_MAX bytes.
        public: the verifier's Ed25519 key.
        now_seconds: the time at which it has to count.
        nonce: the challenge it must answer, where the reader gave one.

    Raises:
        AttestationRefusedError: VERDICT, VERDICT_EXPIRED, VERDICT_NONCE.
    """
    verdict = verify_verdict(token, public)
    if not counts(verdict, now_seconds):
        raise AttestationRefusedError(Reason.VERDICT_EXPIRED)
    if nonce is not None and not kdf.equal(verdict.nonce, nonce):
        raise AttestationRefusedError(Reason.VERDICT_NONCE)
    return verdict


def verify_verdict(token: bytes, public: bytes) -> Verdict:
    """Return what a token says, by the verifier's pinned key; ``counts`` says whether it still is.

    Raises:
        AttestationRefusedError: VERDICT.
    """
    return _verdict(_verified_claims(token, public))


def counts(verdict: Verdict, now_seconds: int) -> bool:
    """Say whether a verdict counts now; there is no leeway."""
    return verdict.issued_at <= now_seconds < verdict.expires_at


def _verified_claims(token: bytes, public: bytes) -> dict[int, Any]:
    """Return the claims; CBOR is decoded only after the signature holds."""
    protected = _protected(public)
    front = _front(protected)
    body = token[len(front) : -_TAIL_BYTES]
    payload = body[_head_bytes(body) :]
    rebuilt = front + cbor2.dumps(payload) + _SIGNATURE_HEAD + token[-ED25519_SIGNATURE_BYTES:]
    if len(token) > VERDICT_BYTES_MAX or rebuilt != token:
        raise AttestationRefusedError(Reason.VERDICT, "not a token of this form and key")
    try:
        Ed25519.verify(public, _to_be_signed(protected, payload), token[-ED25519_SIGNATURE_BYTES:])
        claims: Any = cbor2.loads(payload)
    except (Refusal, cbor2.CBORDecodeError) as error:
        raise AttestationRefusedError(Reason.VERDICT) from error
    if not isinstance(claims, dict) or cast("dict[Any, Any]", claims).keys() != _CLAIMS:
        raise AttestationRefusedError(Reason.VERDICT, "other claims than a verdict's")
    return cast("dict[int, Any]", claims)


def _verdict(claims: dict[int, Any]) -> Verdict:
    match claims:
        case {
            2: str(subject),
            4: int(expires_at),
            6: int(issued_at),
            10: bytes(nonce),
            262: True,
            265: str(profile),
            274: [[str(system), [[str(state), 1]]]],
        } if profile == PROFILE and expires_at - issued_at <= VERDICT_SECONDS_MAX:
            return Verdict(_handle(subject), nonce, system, state, issued_at, expires_at)
        case _:
            raise AttestationRefusedError(Reason.VERDICT, "claims of other kinds")


def _handle(subject: str) -> bytes:
    try:
        handle = base32_decode(subject)
    except Refusal as error:
        raise AttestationRefusedError(Reason.VERDICT, "the subject is no handle") from error
    if len(handle) != HANDLE_BYTES:
        raise AttestationRefusedError(Reason.VERDICT, "the subject is no handle")
    return handle


def _protected(public: bytes) -> bytes:
    """Return the protected header: the algorithm, and which key (RFC 9052 §3.1)."""
    key_id = kdf.mac("sha256", b"enigm verdict key v1", public)[:_KEY_ID_BYTES]
    return cbor2.dumps({1: _EDDSA, 4: key_id}, canonical=True)


def _front(protected: bytes) -> bytes:
    return _TAGS + cbor2.dumps(protected) + _NO_UNPROTECTED


def _to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """RFC 9052 §4.4, without external data."""
    return cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)


def _head_bytes(body: bytes) -> int:
    """Return how long the head of a byte string is, by the length of the whole."""
    if len(body) <= _SHORT_BYTES:
        return 1
    return 2 if len(body) <= _ONE_BYTE_LENGTH else 3
