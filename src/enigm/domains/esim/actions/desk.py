"""What every action on eSIMs works with."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.domains.esim import rules
from enigm.domains.esim.errors import (
    EsimUnknownError,
    ManagedPolicyError,
    ProviderUnavailableError,
)
from enigm.domains.esim.model import EsimId, Standing, Status, Step
from enigm.foundation.ids import random_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from enigm.domains.esim.model import Deed, Esim, Holder, Plan
    from enigm.domains.esim.needs import (
        ConnectivityPolicy,
        LifecycleRecords,
        PaidTokens,
        Provider,
    )
    from enigm.domains.esim.store import EsimRecords, EsimStore
    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy


@dataclass(frozen=True, slots=True)
class Provided:
    """What crossings and adapters provide."""

    providers: Mapping[str, Provider]
    tokens: PaidTokens
    policy: ConnectivityPolicy
    records: LifecycleRecords


@dataclass(frozen=True, slots=True)
class Desk:
    """The store, the plans, and who is asked. Safe to share between threads."""

    store: EsimStore
    plans: Mapping[str, Plan]
    provided: Provided
    clock: Clock
    entropy: Entropy

    @property
    def now(self) -> int:
        """Unix seconds."""
        return self.clock.now_seconds()

    def own(self, records: EsimRecords, holder: Holder, esim_id: EsimId) -> Esim:
        """Return a holder's eSIM; raises EsimUnknownError, also where it is somebody else's."""
        found = records.find(esim_id)
        if found is None or not hmac.compare_digest(found.owner or b"", holder.owner):
            raise EsimUnknownError
        return found

    def checked(self, deed: Deed, holder: Holder, esim_id: EsimId) -> Esim:
        """Return a holder's eSIM if policy and its state allow the deed."""
        self.require_policy(holder, deed)
        with self.store.read() as records:
            found = self.own(records, holder, esim_id)
        rules.require(deed, found, self.now)
        return found

    def still(self, records: EsimRecords, deed: Deed, checked: Esim) -> Esim:
        """Return the eSIM as it is now if it still allows the deed; for use where it is changed."""
        found = records.find(checked.esim_id)
        if found is None or found.owner != checked.owner:
            raise EsimUnknownError
        rules.require(deed, found, self.now)
        return found

    def require_policy(self, holder: Holder, deed: Deed) -> None:
        """Raise ManagedPolicyError where a managed configuration forbids the deed."""
        if not self.provided.policy.allows(holder.policy_handles, deed):
            raise ManagedPolicyError

    def provider(self, name: str) -> Provider:
        """Return an adapter; one that is set up no more counts as one that does not answer."""
        found = self.provided.providers.get(name)
        if found is None:
            raise ProviderUnavailableError(trace="no such provider is set up")
        return found

    def new_id(self) -> EsimId:
        """Return a fresh name."""
        return EsimId(random_id(self.entropy))

    def status(self, esim: Esim) -> Status:
        """Return what the holder sees."""
        return rules.status_of(esim, self.now)

    def queue_end(self, records: EsimRecords, esim: Esim) -> None:
        """Note that the provider is to be told that the profile ends."""
        iccid = records.iccid(esim.esim_id)
        if iccid is not None:
            cancellation_id = random_id(self.entropy)
            records.cancellations.add(cancellation_id, esim.plan.provider, iccid, self.now)

    def close(self, records: EsimRecords, esim: Esim, standing: Standing) -> Esim:
        """End what was bought: the code goes, the provider is to be told, the purge clock runs."""
        self.queue_end(records, esim)
        ended = esim.changed(
            standing=standing,
            step=esim.step if rules.is_installed(esim) else Step.CANCELLED,
            has_code=False,
            purge_at=rules.purge_after(self.now),
        )
        records.save(ended)
        records.count(esim.plan.provider, standing.value, self.now)
        return ended
