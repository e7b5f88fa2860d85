"""Turn a paid order's token into an eSIM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.esim import rules
from enigm.domains.esim.errors import (
    EsimUnknownError,
    NoticeUnacknowledgedError,
    ProductUnknownError,
)
from enigm.domains.esim.model import (
    COMPLIANCE_NOTICE,
    NOTHING_TOLD,
    ComplianceNotice,
    Deed,
    DeviceAnswers,
    Eligibility,
    Esim,
    Standing,
    Status,
    Step,
)

if TYPE_CHECKING:
    from enigm.domains.esim.actions.desk import Desk
    from enigm.domains.esim.actions.ordering import Ordering
    from enigm.domains.esim.model import Holder, OwnerRef, Plan


class Purchasing:
    """Sells nothing: the shop does. It makes an eSIM of what was paid for, once for each token."""

    def __init__(self, desk: Desk, ordering: Ordering) -> None:
        """Keep the desk."""
        self._desk = desk
        self._ordering = ordering

    @property
    def notice(self) -> ComplianceNotice:
        """What is to be shown and acknowledged before anything is bought."""
        return COMPLIANCE_NOTICE

    def plans(self) -> tuple[Plan, ...]:
        """Return what this service can turn into eSIMs."""
        return tuple(self._desk.plans.values())

    def eligibility(self, answers: DeviceAnswers) -> Eligibility:
        """Say whether a device can take an eSIM; nothing of the answers is kept."""
        return rules.eligibility_of(answers)

    def purchase(self, holder: Holder, token: bytes, notice_version: int) -> Status:
        """Make the token's eSIM; asked again with the same token it is the same one.

        Args:
            holder: whose it will be.
            token: the activation token of a final order.
            notice_version: which compliance notice the person acknowledged just now.

        Raises:
            NoticeUnacknowledgedError: not the present one.
            ProductUnknownError: the token is for something else.
            Refusal: the token's own, or ManagedPolicyError.
        """
        if notice_version != COMPLIANCE_NOTICE.version:
            raise NoticeUnacknowledgedError
        self._desk.require_policy(holder, Deed.PURCHASE)
        with self._desk.store.read() as records:
            made = records.find_by_token(token)
        esim = made or self._make(holder.owner, token)
        if esim.owner != holder.owner:
            raise EsimUnknownError
        # Spent after the eSIM is written: a crash between leaves both, and asking again mends it.
        self._desk.provided.tokens.spend(token)
        with self._desk.store.begin() as records:
            records.forget_token(esim.esim_id)
        self._ordering.try_order(esim.esim_id)
        with self._desk.store.read() as records:
            return self._desk.status(self._desk.own(records, holder, esim.esim_id))

    def _make(self, owner: OwnerRef, token: bytes) -> Esim:
        plan = self._desk.plans.get(self._desk.provided.tokens.product_of(token))
        if plan is None:
            raise ProductUnknownError
        esim = _new(self._desk, owner, plan)
        self._desk.provided.records.record(Deed.PURCHASE, owner)
        with self._desk.store.begin() as records:
            if records.add(esim, token):
                records.count(plan.provider, "purchased", self._desk.now)
                return esim
            first = records.find_by_token(token)
        if first is None:
            raise EsimUnknownError
        return first


def _new(desk: Desk, owner: OwnerRef, plan: Plan) -> Esim:
    now = desk.now
    esim = Esim(
        esim_id=desk.new_id(),
        owner=owner,
        plan=plan,
        step=Step.REQUESTED,
        standing=Standing.LIVE,
        history=NOTHING_TOLD,
        purchased_on=rules.day_of(now),
        notice_version=COMPLIANCE_NOTICE.version,
        notice_at=rules.day_of(now),
        replaces=None,
        replacements=0,
        refusals=0,
        has_code=False,
        purge_at=0,
    )
    return esim.changed(purge_at=rules.purge_at(esim))
