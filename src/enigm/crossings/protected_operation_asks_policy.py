"""HTTP, Command → accounts, devices, handles, policy. States, each its own, joined by policy alone.

Carries:    a session, what a device signed or a browser showed, the operation's name.
Withholds:  from policy, whose they are: it is given facts and a handle of its own.
Dies:       with the answer; the facts of the decision stay a month, without the handle.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from enigm.domains.accounts.model import Audience, Permit
from enigm.domains.devices.model import DeviceId
from enigm.domains.policy.errors import PolicyDeniedError
from enigm.domains.policy.model import Evidence, Face, Fact, FactState, Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from enigm.crossings.decision_is_audited_by_handle import (
        DeviceDecisionsAudited,
        SubjectHandles,
    )
    from enigm.crossings.policy_asks_device_evidence import PolicyAsksDeviceEvidence
    from enigm.crossings.protected_request_asks_device_trust import (
        ProtectedRequestAsksDeviceTrust,
    )
    from enigm.domains.accounts.actions.pin_grants import PinGrants
    from enigm.domains.accounts.actions.sessions import Sessions
    from enigm.domains.accounts.model import Caller
    from enigm.domains.policy.actions.deciding import Decider, FactSource
    from enigm.wire.request_signature import SignedRequest

NO_DEVICE: Final = DeviceId(b"")
"""Stands where no device signs."""
_ELSEWHERE: Final = "Command has no device that could show it: try it in the App."


@dataclass(frozen=True, slots=True)
class PresentedRequest:
    """What a protected request shows; nothing of it is checked yet."""

    token: bytes = field(repr=False)
    signed: SignedRequest
    headers: Mapping[str, str] = field(repr=False)
    grant: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PresentedVisit:
    """What a form of Command shows; nothing of it is checked yet."""

    token: bytes = field(repr=False)
    grant: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class FactsFrom:
    """Who establishes each fact."""

    sessions: Sessions
    grants: PinGrants
    trust: ProtectedRequestAsksDeviceTrust
    handles: SubjectHandles
    evidence: PolicyAsksDeviceEvidence


class ProtectedOperationAsksPolicy:
    """The one way into every protected operation, whichever face it comes through."""

    def __init__(
        self, sources: FactsFrom, decider: Decider, denials: DeviceDecisionsAudited
    ) -> None:
        """Keep who establishes each fact, and who decides over them."""
        self._from = sources
        self._decider = decider
        self._denials = denials

    def check(
        self, operation: Operation, presented: PresentedRequest | PresentedVisit
    ) -> tuple[Caller, DeviceId]:
        """Return who asks, from which device, if the operation is allowed; else a Refusal.

        The device is NO_DEVICE in Command: there it, and what only it could show, is missing. A
        policy that asks for it denies, and the person is told where it can be shown.
        """
        facts: _Facts
        if isinstance(presented, PresentedVisit):
            face, facts = Face.COMMAND, _VisitFacts(self._from, presented)
        else:
            face, facts = Face.APP, _RequestFacts(self._from, presented)
        try:
            self._decider.decide(operation, facts.sources(), face)
        except PolicyDeniedError as error:
            if operation.is_critical or face is Face.COMMAND:
                owner = self._from.trust.owner_of(facts.caller)
                self._denials.record_denial(owner, error.code)
            is_in_app = face is Face.COMMAND and Face.APP in operation.faces
            if is_in_app and self._decider.asks_devices(facts.handles):
                raise PolicyDeniedError(f"{error.detail} {_ELSEWHERE}", error.trace) from error
            raise
        return facts.caller, facts.device_id

    def check_administrator(self, operation: Operation, session_age_seconds: int) -> None:
        """Return if policy allows an administrator's deed; else a Refusal, which is recorded there.

        Session and role were established by administration, of which nothing comes here.
        """
        age = {"session_age_seconds": session_age_seconds}
        sources: dict[Fact, FactSource] = {Fact.SESSION: lambda: Evidence(FactState.GOOD, age)}
        self._decider.decide(operation, sources, Face.ADMINISTRATION)

    def recognise(self, token: bytes) -> Caller:
        """Return whose session this is."""
        return self._from.sessions.recognise(token)


class _Facts:
    """Establishes one request's facts, each when it is asked for."""

    caller: Caller
    device_id: DeviceId = NO_DEVICE
    handles: tuple[bytes, ...] = ()

    def __init__(self, sources: FactsFrom, presented: PresentedRequest | PresentedVisit) -> None:
        self._from = sources
        self._shown = presented

    def sources(self) -> dict[Fact, FactSource]:
        return {Fact.SESSION: self._session, Fact.HANDLE: self._handle, Fact.PIN: self._pin}

    def recognised(self) -> Caller:
        return self._from.sessions.recognise(self._shown.token)

    def _session(self) -> Evidence:
        self.caller = self.recognised()
        age = self.caller.session_age_seconds
        return Evidence(FactState.GOOD, {"session_age_seconds": age})

    def _handle(self) -> Evidence:
        owner = self._from.trust.owner_of(self.caller)
        self.handles = self._from.handles.policy_handles(owner, self.device_id or None)
        return Evidence(FactState.GOOD, handles=self.handles)

    def _pin(self) -> Evidence:
        """Say whether leave was given to who asks; what for is seen where it is spent."""
        if self._shown.grant is None:
            return Evidence(FactState.MISSING)
        permit = Permit(self.caller, self.device_id, self._shown.grant)
        stands = self._from.grants.stands(permit)
        return Evidence(FactState.GOOD if stands else FactState.BAD)


class _VisitFacts(_Facts):
    """What a browser's session can show."""

    def recognised(self) -> Caller:
        return self._from.sessions.recognise(self._shown.token, Audience.COMMAND)


class _RequestFacts(_Facts):
    """What a device's signed request shows besides."""

    def __init__(self, sources: FactsFrom, presented: PresentedRequest) -> None:
        super().__init__(sources, presented)
        self._presented = presented

    def sources(self) -> dict[Fact, FactSource]:
        evidence = self._from.evidence
        return {
            **super().sources(),
            Fact.DEVICE: self._device,
            Fact.POSTURE: lambda: evidence.posture(self.device_id),
            Fact.ATTESTATION: lambda: evidence.attestation(self.device_id),
        }

    def _device(self) -> Evidence:
        request = self._presented
        self.device_id = self._from.trust.check(self.caller, request.signed, request.headers)
        return Evidence(FactState.GOOD)
