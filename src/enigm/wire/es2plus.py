"""The ES2+ messages between an operator's side and an SM-DP+ (GSMA SGP.22 §§5.3, 6.5).

Only what is needed is read. A progress report may carry a device's EID, result data and whatever
a provider adds: of these nothing is taken, and what was left behind is counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, Final, cast

import msgspec

from enigm.foundation.errors import InvalidError

FUNCTIONS_PATH: Final = "/gsma/rsp2/es2plus/"
PROGRESS_PATH: Final = FUNCTIONS_PATH + "handleDownloadProgressInfo"
MEDIA_TYPE: Final = "application/json"
PROTOCOL_HEADER: Final = "X-Admin-Protocol"
PROTOCOL: Final = "gsma/rsp/v2.5.0"
PROTOCOL_FAMILY: Final = "gsma/rsp/v2."
SUCCESS: Final = frozenset({"Executed-Success", "Executed-WithWarning"})

_ICCID: Final = re.compile(r"[0-9]{18,20}|[0-9]{19}[Ff]")
_POINT: Final = re.compile(r"[0-9]{1,4}")
# What a progress report may be read for; every other field is left at the door.
_TAKEN: Final = frozenset(
    {
        "header",
        "iccid",
        "profileType",
        "timestamp",
        "notificationPointId",
        "notificationPointStatus",
    }
)
_TAKEN_OF_HEADER: Final = frozenset({"functionRequesterIdentifier", "functionCallIdentifier"})
_TAKEN_OF_STATUS: Final = frozenset({"status", "statusCodeData"})


class ProgressMalformedError(InvalidError):
    """A progress report lacks a mandatory field, or holds one that cannot be read."""

    def __init__(self) -> None:
        """Say no more: its content is a third party's."""
        super().__init__("wire.es2plus_progress", "This is not an ES2+ progress report.")


class Point(IntEnum):
    """What a progress report is about (SGP.22 v2 §5.3.5)."""

    ELIGIBILITY = 1
    CONFIRMATION = 2
    DOWNLOAD = 3
    INSTALLATION = 4


@dataclass(frozen=True, slots=True)
class Progress:
    """What is taken of one progress report.

    Args:
        iccid: digits only, without padding.
        point: what it is about; None where no point of the standard is meant.
        has_succeeded: how it went.
        at: when, by the SM-DP+'s clock, in Unix seconds.
        dropped: how many fields beyond the allow-list it had.
    """

    iccid: str = field(repr=False)
    point: Point | None
    has_succeeded: bool
    at: int
    dropped: int


class StatusCode(msgspec.Struct, frozen=True, rename="camel"):
    """Why a function failed: whose fault, and which."""

    subject_code: str = ""
    reason_code: str = ""


class FunctionStatus(msgspec.Struct, frozen=True, rename="camel"):
    """How a function went."""

    status: str
    status_code_data: StatusCode = StatusCode()


class ResponseHeader(msgspec.Struct, frozen=True, rename="camel"):
    """The header of every answer."""

    function_execution_status: FunctionStatus


class Response(msgspec.Struct, frozen=True, rename="camel"):
    """The fields that are taken of an answer, whichever function it answers."""

    header: ResponseHeader
    iccid: str = ""
    matching_id: str = ""
    smdp_address: str = ""


RESPONSE_FIELDS: Final = frozenset({"header", "iccid", "matchingId", "smdpAddress"})


def plain_iccid(text: str) -> str:
    """Return an ICCID's digits, without the padding that some add.

    Raises:
        InvalidError: it is none.
    """
    if not _ICCID.fullmatch(text):
        raise InvalidError("wire.iccid", "An ICCID has 18 to 20 digits.")
    return text.rstrip("Ff")


def read_progress(content: bytes) -> Progress:
    """Read a progress report; the notification point may be a number or a text of one.

    Raises:
        ProgressMalformedError: a mandatory field is absent or not readable.
    """
    try:
        raw = msgspec.json.decode(content, type=dict[str, Any])
        status = cast("dict[str, Any]", msgspec.convert(raw["notificationPointStatus"], dict))
        point, at = str(raw["notificationPointId"]), _seconds(raw["timestamp"])
        header = cast("dict[str, Any]", msgspec.convert(raw.get("header", {}), dict))
        iccid, outcome = plain_iccid(str(raw["iccid"])), str(status["status"])
    except (msgspec.MsgspecError, KeyError, ValueError, InvalidError) as error:
        raise ProgressMalformedError from error
    if not _POINT.fullmatch(point):
        raise ProgressMalformedError
    dropped = (raw.keys() - _TAKEN) | (header.keys() - _TAKEN_OF_HEADER)
    extra = len(dropped) + len(status.keys() - _TAKEN_OF_STATUS)
    known = Point(int(point)) if int(point) in set(Point) else None
    return Progress(iccid, known, outcome in SUCCESS, at, extra)


def _seconds(value: object) -> int:
    """Return the Unix second of ``YYYY-MM-DDThh:mm:ssTZD``."""
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("a time without its zone is no time")
    return int(moment.timestamp())
