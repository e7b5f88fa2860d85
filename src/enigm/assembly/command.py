"""Builds Command: its own application over domains' actions, in a process of its own.

It is handed the stores that it works with. Nothing here, nor anything that it imports, can reach
the messaging store or what opens content; an import contract keeps it so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from enigm.assembly.accounts import Provided, build_accounts
from enigm.assembly.administering import Within, build_administering
from enigm.assembly.commerce import build_shop
from enigm.assembly.esim import build_esim, one_after_another
from enigm.assembly.evidence import build_evidence, take_evidence
from enigm.assembly.invoicing import build_invoicing
from enigm.assembly.lifespan import live
from enigm.assembly.payment_methods import build_card_call
from enigm.assembly.trust import build_trust
from enigm.assembly.upkeep import Upkeep
from enigm.crossings.account_has_owner_name import OwnerNames
from enigm.crossings.account_receives_tokens import AccountReceivesTokens
from enigm.crossings.decision_is_audited_by_handle import (
    AccountDecisionsAudited,
    DeviceDecisionsAudited,
)
from enigm.crossings.deleted_account_leaves_devices import DeletedAccountLeavesDevices
from enigm.crossings.paid_order_becomes_esim import PaidOrderBecomesEsim
from enigm.crossings.protected_operation_asks_policy import (
    FactsFrom,
    ProtectedOperationAsksPolicy,
)
from enigm.crossings.protected_request_asks_device_trust import ProtectedRequestAsksDeviceTrust
from enigm.crossings.registered_account_begins_device_chain import AccountBeginsDeviceChain
from enigm.crypto.tokens import TokenIssuer
from enigm.domains.accounts import store as accounts_store
from enigm.domains.devices import store as devices_store
from enigm.domains.devices.actions.chains import Chains
from enigm.domains.devices.actions.trust import TrustCheck
from enigm.faces.command.application import Console, Frame, command_application
from enigm.faces.command.files import StaticFiles
from enigm.faces.command.gate import Gate
from enigm.faces.command.origin import origin_of
from enigm.faces.command.parts import EsimDeeds, InvoiceDeeds, Parts, ShopParts
from enigm.faces.command.refusals import Refusals
from enigm.faces.command.rendering import Pages
from enigm.faces.command.sessions import Visits
from enigm.foundation.outbox import Courier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from enigm.assembly.commerce import Shop
    from enigm.assembly.esim import EsimParts
    from enigm.assembly.surroundings import Surroundings
    from enigm.assembly.trust import TrustParts
    from enigm.domains.accounts.actions import Accounts
    from enigm.domains.audit.actions.recording import AuditLog
    from enigm.faces.command.guards import Receive, Scope, Send
    from enigm.foundation.database import Database
    from enigm.foundation.outbox import Fact
    from enigm.foundation.retention import RetentionJob

# What Command opens. Messaging is not among it: there is nothing of it to show.
STORES: Final = (
    "accounts",
    "administration",
    "attestation",
    "audit",
    "commerce",
    "devices",
    "entitlements",
    "esim",
    "handles",
    "invoices",
    "policy",
    "posture",
)
ERASED_FROM: Final = (
    "accounts",
    "attestation",
    "commerce",
    "devices",
    "entitlements",
    "esim",
    "handles",
    "posture",
)


@dataclass(frozen=True, slots=True)
class AccountParts:
    """Accounts and their devices, as Command's pages need them."""

    accounts: Accounts
    chains: Chains
    names: OwnerNames
    courier: Courier
    protected: ProtectedOperationAsksPolicy


@dataclass(slots=True)
class CommandService:
    """Command, built. Call it as an ASGI application; its lifespan starts and stops it."""

    databases: Mapping[str, Database]
    console: Console
    frame: Frame
    parts: Parts
    shop: Shop
    esim: EsimParts
    upkeep: Upkeep
    around: Surroundings = field(repr=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or follow the server's start and stop."""
        if scope["type"] == "lifespan":
            await live(self, receive, send)
        else:
            await self.console.guarded(scope, receive, send)

    async def start(self) -> None:
        """Begin to look after what is kept."""
        await self.upkeep.start()
        self.around.log.event("service.ready")

    async def stop(self) -> None:
        """Stop with everything written."""
        self.around.log.event("service.stopping")
        await self.upkeep.stop()
        self.close()
        self.around.log.event("service.stopped")

    def close(self) -> None:
        """Close what was opened: connections to providers, and stores."""
        self.esim.close()
        for database in self.databases.values():
            database.close()


ShopMaker = Callable[["Surroundings", "Mapping[str, Database]", "AuditLog", str], "Shop"]
"""Makes the shop over its stores, recording its decisions, for where Command stands."""


def build_command(
    around: Surroundings,
    databases: Mapping[str, Database],
    retention: RetentionJob,
    make_shop: ShopMaker = build_shop,
) -> CommandService:
    """Put Command together over its opened stores; nothing runs until ``start``.

    Raises:
        SetupError: ``command_origin`` is no origin, or a way to be paid cannot be used.
    """
    origin = origin_of(around.settings)
    trusting = build_trust(around, dict(databases))
    shop = make_shop(around, databases, trusting.audit, origin.address)
    upkeep = Upkeep([], retention, around.log)
    erased = [databases[name] for name in ERASED_FROM]
    tokens = PaidOrderBecomesEsim(shop.commerce.hand_over)
    esim = build_esim(around, databases["esim"], trusting, tokens, lambda: upkeep.scrub(erased))
    left_behind = (shop.leaving, esim.leaving)
    account = _build_account_parts(around, dict(databases), trusting, upkeep, left_behind)
    upkeep.couriers += [account.courier, *shop.couriers]
    upkeep.jobs += [shop.commerce.polling, esim.esims.ending]
    visits = Visits(
        account.accounts.sessions, account.names, origin, around.keys, around.clock, around.entropy
    )
    invoicing = build_invoicing(around, databases["invoices"], shop.commerce)
    static = StaticFiles()
    pages = Pages(static, visits)
    parts = Parts(
        accounts=account.accounts,
        chains=account.chains,
        shop=_shop_parts(around, shop),
        esim=EsimDeeds(esim.esims, esim.holders),
        invoicing=InvoiceDeeds(invoicing.tickets, invoicing.invoices),
        visits=visits,
        clock=around.clock,
    )
    refusals = Refusals(pages, around.log, around.entropy)
    within = Within(origin, account.protected)
    administering = build_administering(around, databases, trusting, shop.commerce, within)
    gate = Gate(visits, account.protected, administering.admissions)
    frame = Frame(origin, pages, static, gate, refusals)
    console = command_application(frame, parts, [administering.router])
    return CommandService(databases, console, frame, parts, shop, esim, upkeep, around)


def _shop_parts(around: Surroundings, shop: Shop) -> ShopParts:
    commerce = shop.commerce
    return ShopParts(
        ordering=commerce.ordering,
        holding=commerce.holding,
        reviewing=commerce.reviewing,
        refunds=commerce.refunds,
        activation=shop.activation,
        names=shop.names,
        codes=commerce.codes,
        mint=commerce.mint,
        card_call=build_card_call(around, commerce.methods),
    )


def _build_account_parts(
    around: Surroundings,
    databases: dict[str, Database],
    trusting: TrustParts,
    upkeep: Upkeep,
    left_behind: Sequence[Callable[[Fact], None]],
) -> AccountParts:
    number = trusting.policies.number
    names = OwnerNames(around.keys)
    devices = devices_store.DeviceStore(databases["devices"])
    device_decisions = DeviceDecisionsAudited(trusting.audit, trusting.handles, number)
    chains = Chains(devices, around.keys, around.clock, device_decisions)
    trust = TrustCheck(devices, around.clock)
    evidence = build_evidence(around, databases, trusting)
    by_handle = take_evidence(evidence, trust, trusting).by_handle
    leaving = DeletedAccountLeavesDevices(chains, names, trusting.handles, by_handle)
    courier = Courier(
        databases["accounts"],
        accounts_store.outbox,
        {leaving.KIND: one_after_another(leaving, *left_behind)},
        clock=around.clock,
        log=around.log,
    )
    erased = [databases[name] for name in ERASED_FROM]

    def hand_over() -> None:
        courier.deliver_due()
        upkeep.scrub(erased)

    issuer = TokenIssuer.from_seed(around.keys.derive("tokens", "issuer"))
    asked = ProtectedRequestAsksDeviceTrust(trust, names)
    provided = Provided(
        AccountBeginsDeviceChain(chains, names),
        asked,
        AccountReceivesTokens(issuer),
        AccountDecisionsAudited(trusting.audit, trusting.handles, names, number),
        hand_over,
    )
    accounts = build_accounts(around, databases["accounts"], provided)
    sources = FactsFrom(
        accounts.sessions, accounts.pins.grants, asked, trusting.handles, evidence.for_policy
    )
    protected = ProtectedOperationAsksPolicy(sources, trusting.decider, device_decisions)
    return AccountParts(accounts, chains, names, courier, protected)
