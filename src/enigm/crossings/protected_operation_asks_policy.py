"""HTTP → accounts, devices, handles, policy. States, each its own, joined by policy alone.

Carries:    a session's token, a signed request, the operation's name.
Withholds:  from policy, whose they are: it is given facts and a handle of its own.
Dies:       with the answer; the facts of the decision stay a month, without the handle.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.domains.policy.errors import PolicyDeniedError
from enigm.domains.policy.model import Evidence, Fact, FactState, Operation

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
    from enigm.domains.accounts.actions.sessions import Sessions
    from enigm.domains.accounts.model import Caller
    from enigm.domains.devices.model import DeviceId
    from enigm.domains.policy.actions.deciding import Decider
    from enigm.wire.request_signature import SignedRequest


@dataclass(frozen=True, slots=True)
class PresentedRequest:
    """What a protected request shows; nothing of it is checked yet."""

    token: bytes = field(repr=False)
    signed: SignedRequest
    headers: Mapping[str, str] = field(repr=False)


class ProtectedOperationAsksPolicy:
    """The one way into every protected operation, whichever face it comes through."""

    def __init__(
        self,
        sessions: Sessions,
        trust: ProtectedRequestAsksDeviceTrust,
        handles: SubjectHandles,
        decider: Decider,
        denials: DeviceDecisionsAudited,
        evidence: PolicyAsksDeviceEvidence,
    ) -> None:
        """Keep who establishes each fact, and who decides over them."""
        self._sessions = sessions
        self._trust = trust
        self._handles = handles
        self._decider = decider
        self._denials = denials
        self._evidence = evidence

    def check(self, operation: Operation, presented: PresentedRequest) -> tuple[Caller, DeviceId]:
        """Return who asks, from which device, if the operation is allowed; else a Refusal."""
        facts = _Facts(self, presented)
        try:
            self._decider.decide(
                operation,
                {
                    Fact.SESSION: facts.session,
                    Fact.DEVICE: facts.device,
                    Fact.HANDLE: facts.handle,
                    Fact.POSTURE: lambda: self._evidence.posture(facts.device_id),
                    Fact.ATTESTATION: lambda: self._evidence.attestation(facts.device_id),
                },
            )
        except PolicyDeniedError as error:
            if operation.is_critical:
                self._denials.record_denial(self._trust.owner_of(facts.caller), error.code)
            raise
        return facts.caller, facts.device_id

    def recognise(self, token: bytes) -> Caller:
        """Return whose session this is."""
        return self._sessions.recognise(token)

    def trusted_device(self, caller: Caller, presented: PresentedRequest) -> DeviceId:
        """Return which trusted device signed."""
        return self._trust.check(caller, presented.signed, presented.headers)

    def policy_handles(self, caller: Caller, device_id: DeviceId) -> tuple[bytes, ...]:
        """Return the handles under which policies may be assigned to an account or a device."""
        return self._handles.policy_handles(self._trust.owner_of(caller), device_id)


class _Facts:
    """Establishes one request's facts, each when it is asked for."""

    caller: Caller
    device_id: DeviceId

    def __init__(self, asked: ProtectedOperationAsksPolicy, presented: PresentedRequest) -> None:
        self._asked = asked
        self._presented = presented

    def session(self) -> Evidence:
        self.caller = self._asked.recognise(self._presented.token)
        age = self.caller.session_age_seconds
        return Evidence(FactState.GOOD, {"session_age_seconds": age})

    def device(self) -> Evidence:
        self.device_id = self._asked.trusted_device(self.caller, self._presented)
        return Evidence(FactState.GOOD)

    def handle(self) -> Evidence:
        handles = self._asked.policy_handles(self.caller, self.device_id)
        return Evidence(FactState.GOOD, handles=handles)
