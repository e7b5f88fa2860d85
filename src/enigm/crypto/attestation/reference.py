"""Reference values: which register values are known good, in a manifest signed by who says so.

File: hybrid signature (3,373 bytes) || JSON. The signature covers the JSON's own bytes under the
context ``enigm reference values v1``; nothing is read from it before the signature holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from enigm.crypto import kdf
from enigm.crypto.attestation.errors import AttestationRefusedError, Reason
from enigm.crypto.signatures import HYBRID_SIGNATURE_BYTES, Hybrid
from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from enigm.crypto.signatures import SigningKey

# A release adds one state of about 600 bytes; a manifest names the releases still in use.
MANIFEST_BYTES_MAX: Final = 1 << 20

# A verdict carries the label, and its token has an end, too.
LABEL_BYTES_MAX: Final = 128

_CONTEXT: Final = b"enigm reference values v1"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class GoodState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One good state of a machine: register values that belong together, as hexadecimal."""

    label: str
    pcrs: dict[int, str]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is signed: a version that only grows, the time it is good for, the good states."""

    version: int
    issued_at: int
    expires_at: int
    states: list[GoodState]


@dataclass(frozen=True, slots=True)
class ReferenceValues:
    """Good states that the right key signed and that are good now."""

    version: int
    states: tuple[GoodState, ...]

    def label_of(self, pcr_values: Mapping[int, bytes]) -> str:
        """Return the label of the state that these registers are in.

        Raises:
            AttestationRefusedError: MEASUREMENT.
        """
        for state in self.states:
            if all(_holds(pcr_values.get(index), value) for index, value in state.pcrs.items()):
                return state.label
        raise AttestationRefusedError(Reason.MEASUREMENT)


def sign_manifest(manifest: Manifest, key: SigningKey) -> bytes:
    """Return the signed file."""
    _check(manifest)
    octets = msgspec.json.encode(manifest)
    return Hybrid.sign(key.private, octets, _CONTEXT) + octets


def open_manifest(
    signed: bytes, public: bytes, *, now_seconds: int | None, version_min: int = 0
) -> ReferenceValues:
    """Verify and read a manifest.

    Args:
        signed: the file's bytes.
        public: the hybrid public key of who may set reference values, pinned.
        now_seconds: the time at which it has to be good; None asks only who signed it.
        version_min: the highest version the caller has ever seen.

    Raises:
        AttestationRefusedError: REFERENCE, REFERENCE_EXPIRED, REFERENCE_ROLLBACK.
    """
    signature, octets = signed[:HYBRID_SIGNATURE_BYTES], signed[HYBRID_SIGNATURE_BYTES:]
    if len(octets) > MANIFEST_BYTES_MAX:
        raise AttestationRefusedError(Reason.REFERENCE, "the manifest is too long")
    try:
        Hybrid.verify(public, octets, signature, _CONTEXT)
        manifest = msgspec.json.decode(octets, type=Manifest)
    except (Refusal, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise AttestationRefusedError(Reason.REFERENCE) from error
    if not _is_sound(manifest):
        raise AttestationRefusedError(Reason.REFERENCE, "signed, but not a manifest")
    if manifest.version < version_min:
        raise AttestationRefusedError(Reason.REFERENCE_ROLLBACK)
    if now_seconds is not None and not manifest.issued_at <= now_seconds < manifest.expires_at:
        raise AttestationRefusedError(Reason.REFERENCE_EXPIRED)
    return ReferenceValues(manifest.version, tuple(manifest.states))


def _check(manifest: Manifest) -> None:
    if not _is_sound(manifest):
        raise RuntimeError("a manifest names states, and each names registers by SHA-256 values")


def _is_sound(manifest: Manifest) -> bool:
    # A state that names no register would be the state of every machine.
    return all(
        len(state.label.encode()) <= LABEL_BYTES_MAX
        and state.pcrs
        and all(_DIGEST.fullmatch(value) for value in state.pcrs.values())
        for state in manifest.states
    )


def _holds(value: bytes | None, expected: str) -> bool:
    return value is not None and kdf.equal(value, bytes.fromhex(expected))
