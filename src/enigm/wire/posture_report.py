"""A device's posture report: what its agent sends and the service verifies, and nothing more.

``version u8 = 1 || handle 20 || nonce 16 || taken_at u64 || count u8 || (signal u8 || state u8)*
|| signature 64``, signals ascending, each once. The device's Ed25519 key signs everything before
the signature under the context ``enigm posture report v1``.

Only states travel: no fact, no version, no name of the machine. Who gives the handle decides
which key signs under it; a key of its own for each handle keeps two handles apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, NoReturn

from enigm.crypto import kdf
from enigm.crypto.signatures import ED25519_SIGNATURE_BYTES, Ed25519
from enigm.foundation.errors import UnverifiableError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from enigm.crypto.signatures import SigningKey

HANDLE_BYTES = 20
NONCE_BYTES = 16
# A posture is read in under a second; older than this, somebody kept it back.
AGE_SECONDS_MAX = 300
# Clocks of two machines differ; a report from further ahead is refused.
AHEAD_SECONDS_MAX = 60

_VERSION = b"\x01"
_CONTEXT = b"enigm posture report v1"
_HEAD_BYTES = 1 + HANDLE_BYTES + NONCE_BYTES + 8 + 1


class Signal(IntEnum):
    """What is read from a machine. Numbers are on the wire and never change their meaning.

    Every signal is named so that its state answers one question: is this well?
    ``updates_pending`` is true when none is pending, ``listening_services`` when none listens.
    """

    DISK_ENCRYPTION = 1
    SECURE_BOOT = 2
    KERNEL_LOCKDOWN = 3
    KERNEL_CURRENT = 4
    UPDATES_PENDING = 5
    FIREWALL = 6
    SCREEN_LOCK = 7
    LISTENING_SERVICES = 8
    AGENT_INTEGRITY = 9
    UPDATE_STATE = 10
    NETWORK_POLICY = 11
    PRIVACY_MODE = 12

    @property
    def word(self) -> str:
        """Return the name that policies and people write: ``disk_encryption``."""
        return self.name.lower()


class State(IntEnum):
    """Is it well? What cannot be told is not."""

    UNKNOWN = 0
    FALSE = 1
    TRUE = 2

    @property
    def word(self) -> str:
        """Return ``true``, ``false`` or ``unknown``."""
        return self.name.lower()


class ReportReason(Enum):
    """Every way that a report is refused."""

    FORMAT = ("posture.format", "The report is not one whole posture report.")
    SIGNATURE = ("posture.signature", "The report is not signed by this device.")
    HANDLE = ("posture.handle", "The report belongs to another handle.")
    NONCE = ("posture.nonce", "The report answers another challenge.")
    STALE = ("posture.stale", "The report is too old: read the posture again.")
    AHEAD = ("posture.ahead", "The report is from the future: set the device's clock.")


class ReportRefusedError(UnverifiableError):
    """A report that does not hold; ``reason`` says why."""

    def __init__(self, reason: ReportReason) -> None:
        """Name the check that failed."""
        super().__init__(*reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PostureReport:
    """States of the signals that a policy names, under a handle, for one challenge."""

    handle: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    taken_at: int
    states: Mapping[Signal, State]


@dataclass(frozen=True, slots=True)
class VerifiedPosture:
    """What a device said of itself just now. It is its own word: attestation proves more."""

    taken_at: int
    states: Mapping[Signal, State]

    def state_of(self, signal: Signal) -> State:
        """Return a signal's state; one that was not sent is unknown."""
        return self.states.get(signal, State.UNKNOWN)

    def lacks(self, wanted: Collection[Signal]) -> tuple[Signal, ...]:
        """Return which of the wanted signals are not well: false, unknown and unsent alike."""
        return tuple(s for s in sorted(wanted) if self.state_of(s) is not State.TRUE)


def sign_report(report: PostureReport, device: SigningKey) -> bytes:
    """Return the signed report; raises RuntimeError for a handle or nonce of another size."""
    if len(report.handle) != HANDLE_BYTES or len(report.nonce) != NONCE_BYTES:
        raise RuntimeError("a handle is 20 bytes, a nonce 16")
    pairs = sorted(report.states.items())
    body = (
        _VERSION
        + report.handle
        + report.nonce
        + report.taken_at.to_bytes(8, "big")
        + bytes([len(pairs)])
        + b"".join(bytes([signal, state]) for signal, state in pairs)
    )
    return body + Ed25519.sign(device.private, _CONTEXT + body)


def verify_report(
    octets: bytes, device_public: bytes, *, handle: bytes, nonce: bytes, now_seconds: int
) -> VerifiedPosture:
    """Check a report against the device, handle and challenge it must belong to.

    Raises:
        ReportRefusedError: FORMAT, SIGNATURE, HANDLE, NONCE, STALE, AHEAD, in this order.
    """
    report = _read(octets)
    body, signature = octets[:-ED25519_SIGNATURE_BYTES], octets[-ED25519_SIGNATURE_BYTES:]
    try:
        Ed25519.verify(device_public, _CONTEXT + body, signature)
    except UnverifiableError as error:
        raise ReportRefusedError(ReportReason.SIGNATURE) from error
    if not kdf.equal(report.handle, handle):
        raise ReportRefusedError(ReportReason.HANDLE)
    if not kdf.equal(report.nonce, nonce):
        raise ReportRefusedError(ReportReason.NONCE)
    if now_seconds - report.taken_at > AGE_SECONDS_MAX:
        raise ReportRefusedError(ReportReason.STALE)
    if report.taken_at - now_seconds > AHEAD_SECONDS_MAX:
        raise ReportRefusedError(ReportReason.AHEAD)
    return VerifiedPosture(report.taken_at, report.states)


def signal_named(word: str) -> Signal | None:
    """Return the signal of that name, if there is one."""
    return next((signal for signal in Signal if signal.word == word), None)


def _read(octets: bytes) -> PostureReport:
    if len(octets) < _HEAD_BYTES + ED25519_SIGNATURE_BYTES or octets[:1] != _VERSION:
        _refuse()
    head, rest = octets[:_HEAD_BYTES], octets[_HEAD_BYTES:-ED25519_SIGNATURE_BYTES]
    if len(rest) != 2 * head[-1]:
        _refuse()
    return PostureReport(
        handle=head[1 : 1 + HANDLE_BYTES],
        nonce=head[1 + HANDLE_BYTES : 1 + HANDLE_BYTES + NONCE_BYTES],
        taken_at=int.from_bytes(head[-9:-1], "big"),
        states=_states(rest),
    )


def _states(pairs: bytes) -> dict[Signal, State]:
    numbers = list(pairs[::2])
    if sorted(set(numbers)) != numbers:
        _refuse()
    try:
        return {Signal(n): State(s) for n, s in zip(numbers, pairs[1::2], strict=True)}
    except ValueError:
        _refuse()


def _refuse() -> NoReturn:
    raise ReportRefusedError(ReportReason.FORMAT)
