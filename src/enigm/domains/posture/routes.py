"""How a device reports its posture: ``/posture/v1``, for trusted devices only."""

from __future__ import annotations

from typing import Annotated

from litestar import Request, Router, delete, get, post
from litestar.datastructures import State
from litestar.di import Provide
from litestar.params import Dependency
from litestar.status_codes import HTTP_200_OK
from msgspec import UNSET, Meta, Struct, UnsetType

from enigm.domains.posture.actions.intake import PostureIntake
from enigm.foundation.access import protected
from enigm.foundation.encoding import base64url_decode, base64url_encode

REPORT = protected("posture.report")
# A report of every signal there can be is 174 bytes: 232 characters, and the JSON around them.
BODY_BYTES_MAX = 512

SignedReport = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]+$", min_length=147, max_length=232)]
Intake = Annotated[PostureIntake, Dependency(skip_validation=True)]
Owner = Annotated[bytes, Dependency(skip_validation=True)]
Signer = Annotated[bytes, Dependency(skip_validation=True)]


class Body(Struct, forbid_unknown_fields=True):
    """Strict: a field that nobody knows is refused, not ignored."""


class SignalsAnswer(Body):
    """What the policy of this device looks at; nothing: it need not report."""

    signals: list[str]


class ChallengeAnswer(Body):
    """What the next report has to answer: its handle, a nonce, and the signals asked for."""

    signals: list[str]
    handle: str | UnsetType = UNSET
    nonce: str | UnsetType = UNSET


class ReportBody(Body):
    """A signed report (``enigm.wire.posture_report``)."""

    report: SignedReport


class StandingAnswer(Body):
    """How the device stands now: ``good``, ``bad`` or ``unknown``."""

    standing: str


def owner_of(request: Request[None, None, State]) -> bytes:
    """Return whom the guard at the door has recognised."""
    return request.state.owner


def device_of(request: Request[None, None, State]) -> bytes:
    """Return which trusted device signed, as the guard at the door found."""
    return request.state.device_id


@get("/signals", opt=REPORT, sync_to_thread=True)
def read_signals(intake: Intake, owner: Owner, device_id: Signer) -> SignalsAnswer:
    """Tell what a report would have to say, before anybody sends one."""
    return SignalsAnswer(signals=[signal.word for signal in intake.asked(owner, device_id)])


@post("/challenges", opt=REPORT, status_code=HTTP_200_OK, sync_to_thread=True)
def ask_for_challenge(intake: Intake, owner: Owner, device_id: Signer) -> ChallengeAnswer:
    """Begin a report."""
    challenge = intake.challenge(owner, device_id)
    if challenge is None:
        return ChallengeAnswer(signals=[])
    return ChallengeAnswer(
        signals=[signal.word for signal in sorted(challenge.asked)],
        handle=base64url_encode(challenge.handle),
        nonce=base64url_encode(challenge.nonce),
    )


@post("/reports", opt=REPORT, status_code=HTTP_200_OK, sync_to_thread=True)
def send_report(
    intake: Intake, owner: Owner, device_id: Signer, data: ReportBody
) -> StandingAnswer:
    """Take a report in."""
    standing = intake.take(owner, device_id, base64url_decode(data.report))
    return StandingAnswer(standing=standing.value)


@delete("/report", opt=REPORT, sync_to_thread=True)
def forget_report(intake: Intake, owner: Owner, device_id: Signer) -> None:
    """Forget what this device reported."""
    intake.forget(owner, device_id)


def posture_router(intake: PostureIntake) -> Router:
    """Return the routes over this intake."""

    def provided() -> PostureIntake:
        return intake

    return Router(
        path="/posture/v1",
        route_handlers=[read_signals, ask_for_challenge, send_report, forget_report],
        dependencies={
            "intake": Provide(provided, sync_to_thread=False),
            "owner": Provide(owner_of, sync_to_thread=False),
            "device_id": Provide(device_of, sync_to_thread=False),
        },
        request_max_body_size=BODY_BYTES_MAX,
        tags=["posture"],
    )
