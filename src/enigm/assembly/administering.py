"""Builds what administrators work with under /admin, and who lets them in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from enigm.assembly.evidence import build_evidence
from enigm.crossings.administrator_acts_under_handle import (
    AdministrationAudited,
    AdministratorHandles,
)
from enigm.crossings.administrator_revokes_device_handle import AdministratorRevokesDeviceHandle
from enigm.domains.administration.actions.appointing import Appointments
from enigm.domains.administration.actions.passkeys import Passkeys
from enigm.domains.administration.actions.sessions import AdministratorSessions
from enigm.domains.administration.model import RelyingParty
from enigm.domains.audit.actions.proving import RecordProofs
from enigm.domains.commerce.actions.opening import can_anybody_buy
from enigm.faces.command.administration import (
    AdministratorAdmission,
    AdministratorCookies,
    Desk,
    Entrance,
)
from enigm.faces.command.pages.admin import administrators_router
from enigm.foundation.access import Access

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litestar import Router

    from enigm.assembly.commerce import Commerce
    from enigm.assembly.surroundings import Surroundings
    from enigm.assembly.trust import TrustParts
    from enigm.crossings.protected_operation_asks_policy import ProtectedOperationAsksPolicy
    from enigm.faces.command.gate import Admission
    from enigm.faces.command.origin import Origin
    from enigm.foundation.database import Database

# Passkeys are bound to a name and never to an IP address (WebAuthn §5.1.2): on this machine alone
# administrators come by this one.
_THIS_MACHINE = "localhost"


@dataclass(frozen=True, slots=True)
class Within:
    """Where the pages stand, and the one way into what is protected there."""

    origin: Origin
    protected: ProtectedOperationAsksPolicy


@dataclass(frozen=True, slots=True)
class Administering:
    """The administrators' pages, and what lets in to them."""

    desk: Desk
    router: Router
    admissions: Mapping[Access, Admission]


def relying_party(origin: Origin) -> RelyingParty:
    """Return where passkeys hold: Command's own name, and no parent of it."""
    by_host = {urlsplit(each).hostname or "": each for each in sorted(origin.origins)}
    host = _THIS_MACHINE if _THIS_MACHINE in by_host else next(iter(by_host))
    return RelyingParty(host, (by_host[host],))


def build_appointments(
    around: Surroundings, databases: Mapping[str, Database], trusting: TrustParts
) -> Appointments:
    """Return what an operator's command appoints administrators with."""
    records = AdministrationAudited(trusting.audit, AdministratorHandles(around.keys))
    return Appointments(databases["administration"], around.clock, around.entropy, records)


def build_administering(
    around: Surroundings,
    databases: Mapping[str, Database],
    trusting: TrustParts,
    commerce: Commerce,
    within: Within,
) -> Administering:
    """Return the parts over their stores."""
    keys, clock, entropy = around.keys, around.clock, around.entropy
    database = databases["administration"]
    handles = AdministratorHandles(keys)
    records = AdministrationAudited(trusting.audit, handles)
    entrance = Entrance(
        passkeys=Passkeys(database, keys, clock, entropy, relying_party(within.origin), records),
        sessions=AdministratorSessions(database, clock, records),
        appointments=Appointments(database, clock, entropy, records),
        handles=handles,
        cookies=AdministratorCookies(within.origin, keys, clock),
    )
    evidence = build_evidence(around, dict(databases), trusting)
    desk = Desk(
        entrance=entrance,
        policies=trusting.policies,
        handles=trusting.handles,
        postures=evidence.posture_review,
        attestations=evidence.attestation_review,
        devices=AdministratorRevokesDeviceHandle(trusting.authority, trusting.audit),
        audit=trusting.audit,
        proofs=RecordProofs(trusting.publishing.folder, trusting.log_key),
        reviewing=commerce.reviewing,
        documents=commerce.documents,
        is_shop_open=lambda: can_anybody_buy(commerce.ordering, commerce.mint),
        clock=clock,
    )
    admission = AdministratorAdmission(entrance, within.protected)
    return Administering(desk, administrators_router(desk), {Access.ADMINISTRATOR: admission})
