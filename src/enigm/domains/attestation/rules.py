"""What kept evidence amounts to, what new reference values change, and the fixed sizes of rows."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from enigm.crypto.attestation.errors import AttestationRefusedError, Reason
from enigm.crypto.attestation.verdict import counts, verify_verdict
from enigm.domains.attestation.model import KeptDevice, Standing

if TYPE_CHECKING:
    from enigm.crypto.attestation.reference import ReferenceValues
    from enigm.crypto.attestation.verdict import Verdict

# A day at most: what runs can change at the next start of the machine.
VERDICT_SECONDS = 24 * 3600
# Two round trips and a slow TPM.
CHALLENGE_SECONDS = 120
# Ends that stand in the clear are rounded up to this, so that they tell no moment.
CHALLENGE_END_SECONDS = 600
# A public area of at most 300 bytes, a verdict of at most 1,024, and their names: every row's
# body has this size, so that none is known by its length.
KEPT_BYTES = 2048
# An activation's secret and a public area, or a nonce.
PENDING_BYTES = 512
# An ECC key's area without a policy is 90 bytes, with one 150: the row has room for no more.
PUBLIC_AREA_BYTES_MAX = 400
# More would be a fleet's certificates one by one; roots are a dozen in all the world.
ANCHORS_MAX = 64
_LENGTH_BYTES = 2
_ANCHOR_ID_CHARACTERS = 16


def verdict_in(kept: KeptDevice | None, verifier_public: bytes) -> Verdict | None:
    """Return a device's verdict, if there is one; raises where it is forged."""
    if kept is None or kept.is_bad or not kept.verdict:
        return None
    return verify_verdict(kept.verdict, verifier_public)


def standing_of(
    kept: KeptDevice | None, verdict: Verdict | None, now_seconds: int
) -> tuple[Standing, str]:
    """Return how a device with this verdict stands, and the good state's label."""
    if kept is not None and kept.is_bad:
        return Standing.BAD, ""
    if verdict is None:
        return Standing.MISSING, ""
    return (Standing.GOOD, verdict.state) if counts(verdict, now_seconds) else (Standing.STALE, "")


def require_forward(kept: KeptDevice, resets: int, restarts: int) -> None:
    """Return if the TPM's counters did not go back; raises AttestationRefusedError ROLLBACK."""
    if (resets, restarts) < (kept.resets, kept.restarts):
        raise AttestationRefusedError(Reason.ROLLBACK)


def says_bad(refused: AttestationRefusedError) -> bool:
    """Say whether a refusal means that the machine itself showed something that is not known."""
    return refused.reason in (Reason.MEASUREMENT, Reason.EVENT_LOG, Reason.ROLLBACK)


def labels_of(reference: ReferenceValues | None) -> frozenset[str]:
    """Return the labels of the good states."""
    return frozenset(state.label for state in reference.states) if reference else frozenset()


def challenge_end(now_seconds: int) -> int:
    """Return when a challenge's row goes, rounded."""
    end = now_seconds + CHALLENGE_SECONDS
    return end + -end % CHALLENGE_END_SECONDS


def anchor_id(content: bytes) -> str:
    """Return how people name an anchor: the beginning of its SHA-256."""
    return hashlib.sha256(content).hexdigest()[:_ANCHOR_ID_CHARACTERS]


def packed(kept: KeptDevice) -> bytes:
    """Return a device's row in its one size."""
    return padded(msgspec.msgpack.encode(kept), KEPT_BYTES)


def unpacked(octets: bytes) -> KeptDevice:
    """Read what ``packed`` made."""
    return msgspec.msgpack.decode(unpadded(octets), type=KeptDevice)


def padded(octets: bytes, size: int) -> bytes:
    """Return length, bytes and zeros up to a size; raises RuntimeError where they do not fit."""
    framed = len(octets).to_bytes(_LENGTH_BYTES, "big") + octets
    if len(framed) > size:
        raise RuntimeError("what is kept of a device does not fit its row")
    return framed.ljust(size, b"\0")


def unpadded(octets: bytes) -> bytes:
    """Undo ``padded``."""
    length = int.from_bytes(octets[:_LENGTH_BYTES], "big")
    return octets[_LENGTH_BYTES : _LENGTH_BYTES + length]
