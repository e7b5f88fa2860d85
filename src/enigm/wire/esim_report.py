"""What an eSIM reseller reports of one profile, by JSON: two statuses, each with its time.

The shape is that of the published reseller interfaces (OAuth or key, JSON, webhooks signed with
HMAC-SHA256). Whatever else stands in a report is left out and counted.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

from enigm.foundation.errors import InvalidError, UnverifiableError
from enigm.wire.es2plus import plain_iccid

REPORT_PATH: Final = "/esim/v1/reports"
SIGNATURE_HEADER: Final = "X-Signature"
_TAKEN: Final = frozenset(
    {
        "iccid",
        "smdpAddress",
        "matchingId",
        "profileStatus",
        "profileStatusAt",
        "planStatus",
        "planStatusAt",
    }
)


class ReportMalformedError(InvalidError):
    """A report cannot be read."""

    def __init__(self) -> None:
        """Say no more: its content is a third party's."""
        super().__init__("wire.esim_report", "This is not a report on an eSIM.")


class ReportUnsignedError(UnverifiableError):
    """A report is not signed with the shared secret."""

    def __init__(self) -> None:
        """Say it plainly."""
        super().__init__("wire.esim_report_unsigned", "The report's signature does not verify.")


@dataclass(frozen=True, slots=True)
class Report:
    """What is taken of a report. A status without a time of the provider's own has None.

    Args:
        dropped: how many fields beyond the allow-list it had.
    """

    iccid: str = field(repr=False)
    smdp_address: str = field(repr=False)
    matching_id: str = field(repr=False)
    profile_status: str
    profile_at: int | None
    plan_status: str
    plan_at: int | None
    dropped: int


def read_report(content: bytes) -> Report:
    """Read a report, as it is pushed or answered.

    Raises:
        ReportMalformedError: it is none.
    """
    try:
        raw = msgspec.json.decode(content, type=dict[str, Any])
        return report_of(raw)
    except (msgspec.MsgspecError, KeyError, ValueError, InvalidError) as error:
        raise ReportMalformedError from error


def report_of(raw: dict[str, Any]) -> Report:
    """Take what is taken; raises KeyError, ValueError or InvalidError where it cannot be read."""
    return Report(
        iccid=plain_iccid(str(raw["iccid"])),
        smdp_address=str(raw.get("smdpAddress", "")),
        matching_id=str(raw.get("matchingId", "")),
        profile_status=str(raw.get("profileStatus", "")),
        profile_at=_seconds(raw.get("profileStatusAt")),
        plan_status=str(raw.get("planStatus", "")),
        plan_at=_seconds(raw.get("planStatusAt")),
        dropped=len(raw.keys() - _TAKEN),
    )


def signature_of(secret: bytes, content: bytes) -> str:
    """Return what stands in the signature header."""
    return hmac.new(secret, content, hashlib.sha256).hexdigest()


def require_signature(secret: bytes, content: bytes, signature: str) -> None:
    """Return if a report is signed; raises ReportUnsignedError."""
    expected = signature_of(secret, content).encode()
    if not hmac.compare_digest(expected, signature.strip().lower().encode()):
        raise ReportUnsignedError


def _seconds(value: object) -> int | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("a time without its zone is no time")
    return int(moment.timestamp())
