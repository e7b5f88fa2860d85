"""Builds eSIMs: the actions over their store, the providers, and what listens to providers.

Nothing here, nor in the domain, can reach a message, a key or a device: an import contract keeps
it so. With no provider set up nothing is offered, and what is there can still be seen and ended.
"""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from enigm.crossings.account_acts_as_esim_holder import EsimHolders
from enigm.crossings.account_has_owner_name import OwnerNames
from enigm.crossings.deleted_account_leaves_esims import DeletedAccountLeavesEsims
from enigm.crossings.esim_decision_is_audited_by_handle import EsimDecisionsAudited
from enigm.crossings.managed_policy_limits_esim import ManagedPolicyLimitsEsim
from enigm.domains.esim.actions import Desk, Esims, Provided, esims_of
from enigm.domains.esim.actions.counting import Door
from enigm.domains.esim.errors import ProductUnknownError
from enigm.domains.esim.model import Plan
from enigm.domains.esim.store import EsimStore
from enigm.foundation.errors import SetupError
from enigm.foundation.metrics import Counters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from enigm.assembly.surroundings import Surroundings
    from enigm.assembly.trust import TrustParts
    from enigm.domains.esim.needs import PaidTokens, Provider
    from enigm.foundation.database import Database
    from enigm.foundation.esim_settings import Es2PlusSettings, EsimSettings, ResellerSettings
    from enigm.foundation.outbox import Fact


@dataclass(frozen=True, slots=True)
class EsimParts:
    """The deeds of eSIMs, for Command, for upkeep and for an operator's commands.

    ``holders`` names a signed-in account; ``leaving`` takes an erased account's eSIMs along;
    ``esims.ending`` is also an upkeep job: it tells providers what they are still to be told.
    """

    esims: Esims
    holders: EsimHolders
    leaving: DeletedAccountLeavesEsims
    door: Door
    counters: Counters
    providers: Mapping[str, Provider]

    def close(self) -> None:
        """Let go of connections to providers."""
        for provider in self.providers.values():
            provider.close()


class NoTokens:
    """Stands for the shop where nothing is sold: no token is one."""

    def product_of(self, token: bytes) -> str:
        """Refuse."""
        _ = token
        raise ProductUnknownError

    def spend(self, token: bytes) -> None:
        """Refuse."""
        _ = token
        raise ProductUnknownError


def build_esim(
    around: Surroundings,
    database: Database,
    trusting: TrustParts,
    tokens: PaidTokens,
    after_erasure: Callable[[], None],
    *,
    speaks_to_providers: bool = True,
) -> EsimParts:
    """Return the parts over the store of eSIMs.

    Without ``speaks_to_providers`` what they are to be told waits for a process that does.

    Raises:
        SetupError: a provider's certificate, key or secret cannot be used.
    """
    settings = around.settings.esim
    store, counters = EsimStore(database, around.keys, around.entropy), Counters()
    door = Door(store, counters, around.clock)
    none: Mapping[str, Provider] = {}
    providers = _providers(settings, door, around) if speaks_to_providers else none
    provided = Provided(
        providers=providers,
        tokens=tokens,
        policy=ManagedPolicyLimitsEsim(trusting.decider),
        records=EsimDecisionsAudited(trusting.audit, trusting.handles),
    )
    desk = Desk(store, plans_of(settings), provided, around.clock, around.entropy)
    esims = esims_of(desk, around.settings.limits, after_erasure)
    holders = EsimHolders(around.keys, OwnerNames(around.keys), trusting.handles)
    leaving = DeletedAccountLeavesEsims(esims.ending, holders, trusting.handles)
    return EsimParts(esims, holders, leaving, door, counters, providers)


def plans_of(settings: EsimSettings) -> dict[str, Plan]:
    """Return what each product of the shop is at its provider."""
    return {
        product: Plan(product, plan.provider, plan.item, plan.days)
        for product, plan in settings.plans.items()
    }


def one_after_another(*steps: Callable[[Fact], None]) -> Callable[[Fact], None]:
    """Return what takes a fact to each of several; all of them may be told twice."""

    def take(fact: Fact) -> None:
        for step in steps:
            step(fact)

    return take


def secret_in(path: Path) -> str:
    """Return the secret in a file; raises SetupError."""
    try:
        secret = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise SetupError(f"A secret for the eSIM provider cannot be read: {reason}.") from error
    if not secret:
        raise SetupError("A file with a secret for the eSIM provider is empty.")
    return secret


def _providers(settings: EsimSettings, door: Door, around: Surroundings) -> Mapping[str, Provider]:
    found: list[Provider] = []
    if settings.es2plus is not None:
        found.append(_es2plus(settings.es2plus, door))
    if settings.reseller is not None:
        found.append(_reseller(settings.reseller, door, around))
    names = {provider.name for provider in found}
    for product, plan in settings.plans.items():
        if plan.provider not in names:
            raise SetupError(f"The eSIM {product} comes from {plan.provider}, which is not set up.")
    return {provider.name: provider for provider in found}


def _es2plus(settings: Es2PlusSettings, door: Door) -> Provider:
    # HTTP clients are loaded where a provider is set up, for a quick start elsewhere.
    from enigm.outside.es2plus import Es2Plus, mutual_tls

    tls = mutual_tls(settings.authority, settings.certificate, settings.key)
    count = partial(door.count, Es2Plus.name)
    return Es2Plus(settings.url, settings.requester, tls, count, address=settings.address)


def _reseller(settings: ResellerSettings, door: Door, around: Surroundings) -> Provider:
    from enigm.outside.esim_reseller import ClientCredentials, EsimReseller

    credentials = ClientCredentials(settings.client_id, secret_in(settings.secret_file))
    try:
        tls = ssl.create_default_context(cafile=settings.authority)
    except OSError as error:
        raise SetupError("The eSIM reseller's authority cannot be read.") from error
    count = partial(door.count, EsimReseller.name)
    return EsimReseller(settings.url, credentials, tls, count, around.clock.now_seconds)
