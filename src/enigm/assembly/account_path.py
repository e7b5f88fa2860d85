"""Builds the account path and the directory: accounts, devices, and the crossings between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.assembly.accounts import Provided, build_accounts
from enigm.assembly.commerce import build_leaving
from enigm.assembly.esim import NoTokens, build_esim, one_after_another
from enigm.assembly.evidence import build_evidence, take_evidence
from enigm.crossings.account_has_owner_name import OwnerNames
from enigm.crossings.account_receives_tokens import AccountReceivesTokens
from enigm.crossings.decision_is_audited_by_handle import (
    AccountDecisionsAudited,
    DeviceDecisionsAudited,
)
from enigm.crossings.deleted_account_leaves_devices import DeletedAccountLeavesDevices
from enigm.crossings.directory_lookup_spends_token import DirectoryLookupSpendsToken
from enigm.crossings.protected_operation_asks_policy import (
    FactsFrom,
    ProtectedOperationAsksPolicy,
)
from enigm.crossings.protected_request_asks_device_trust import ProtectedRequestAsksDeviceTrust
from enigm.crossings.registered_account_begins_device_chain import AccountBeginsDeviceChain
from enigm.domains.accounts import store as accounts_store
from enigm.domains.accounts.actions import Accounts
from enigm.domains.accounts.routes import accounts_router
from enigm.domains.devices import store as devices_store
from enigm.domains.devices.actions import Devices
from enigm.domains.devices.actions.chains import Chains
from enigm.domains.devices.actions.directory import Directory
from enigm.domains.devices.actions.enrolments import Enrolments
from enigm.domains.devices.actions.trust import TrustCheck
from enigm.domains.devices.routes import devices_routers
from enigm.faces.http.application import http_application
from enigm.faces.http.door import Door
from enigm.faces.http.problem import Problems
from enigm.foundation.outbox import Courier

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar import Litestar

    from enigm.assembly.surroundings import Surroundings
    from enigm.assembly.trust import TrustParts
    from enigm.crypto.tokens import TokenIssuer
    from enigm.domains.messaging.actions.service import Delivery
    from enigm.foundation.database import Database


@dataclass(frozen=True, slots=True)
class AccountPath:
    """The parts, for the routes, for upkeep, and for tests that look inside."""

    accounts: Accounts
    devices: Devices
    courier: Courier
    application: Litestar


def build_devices(
    around: Surroundings, database: Database, delivery: Delivery, decisions: DeviceDecisionsAudited
) -> Devices:
    """Return the deeds of devices over their store."""
    store = devices_store.DeviceStore(database)
    chains = Chains(store, around.keys, around.clock, decisions)
    return Devices(
        chains=chains,
        enrolments=Enrolments(store, around.clock, decisions),
        trust=TrustCheck(store, around.clock),
        directory=Directory(store, chains, DirectoryLookupSpendsToken(delivery, around.entropy)),
    )


def build_account_path(
    around: Surroundings,
    databases: dict[str, Database],
    delivery: Delivery,
    issuer: TokenIssuer,
    after_erasure: Callable[[], None],
    trusting: TrustParts,
) -> AccountPath:
    """Return the account path; ``after_erasure`` runs when an account's rows are gone."""
    decisions = DeviceDecisionsAudited(trusting.audit, trusting.handles, trusting.policies.number)
    devices = build_devices(around, databases["devices"], delivery, decisions)
    owner_names = OwnerNames(around.keys)
    evidence = build_evidence(around, databases, trusting)
    reported = take_evidence(evidence, devices.trust, trusting)
    leaving = DeletedAccountLeavesDevices(
        devices.chains, owner_names, trusting.handles, reported.by_handle
    )
    esim = build_esim(
        around, databases["esim"], trusting, NoTokens(), after_erasure, speaks_to_providers=False
    )
    # Opened to erase what an account bought; nothing of it is read here.
    purchases = build_leaving(around, databases["commerce"], databases["entitlements"])
    courier = Courier(
        databases["accounts"],
        accounts_store.outbox,
        {leaving.KIND: one_after_another(leaving, esim.leaving, purchases)},
        clock=around.clock,
        log=around.log,
    )

    def hand_over() -> None:
        courier.deliver_due()
        after_erasure()

    trust = ProtectedRequestAsksDeviceTrust(devices.trust, owner_names)
    provided = Provided(
        AccountBeginsDeviceChain(devices.chains, owner_names),
        trust,
        AccountReceivesTokens(issuer),
        AccountDecisionsAudited(
            trusting.audit, trusting.handles, owner_names, trusting.policies.number
        ),
        hand_over,
    )
    accounts = build_accounts(around, databases["accounts"], provided)
    sources = FactsFrom(
        accounts.sessions, accounts.pins.grants, trust, trusting.handles, evidence.for_policy
    )
    protected = ProtectedOperationAsksPolicy(sources, trusting.decider, decisions)
    application = http_application(
        [accounts_router(accounts), *devices_routers(devices), *reported.routers],
        Door(protected, owner_names, accounts.pins.grants),
        Problems(around.log, around.entropy),
    )
    return AccountPath(accounts, devices, courier, application)
