"""Country, sanction and fraud rules: what a trade policy says, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from enigm.domains.commerce.model import MethodName
    from enigm.domains.commerce.model.catalogue import Product


class Treatment(StrEnum):
    """What a policy does with a country."""

    ALLOW = "allow"
    REVIEW = "review"
    BLOCK = "block"


class Outcome(StrEnum):
    """What came of asking: the closed list that is counted and told."""

    ALLOWED = "allowed"
    REJECTED = "rejected"
    LIMITED = "limited"
    HELD = "held"
    CANCELLED = "cancelled"


class TradeChange(StrEnum):
    """What was done to catalogue or trade policy, as it is recorded."""

    ACTIVATED = "activated"
    CONFIRMED = "confirmed"


class Reason(StrEnum):
    """Why, as it is told: stable codes."""

    COUNTRY_UNKNOWN = "country_unknown"
    COUNTRY_BLOCKED = "country_blocked"
    COUNTRY_REVIEWED = "country_reviewed"
    SANCTIONS = "sanctions"
    TAX = "tax"
    COMPLIANCE = "compliance"
    FRAUD = "fraud"
    PRODUCT_NOT_SOLD = "product_not_sold"
    METHOD_NOT_TAKEN = "method_not_taken"
    AMOUNT_TOO_LARGE = "amount_too_large"
    AMOUNT_REVIEWED = "amount_reviewed"
    TOO_MANY_OPEN = "too_many_open"
    TOO_MUCH_A_DAY = "too_much_a_day"
    REQUESTED = "requested"


class AppealReason(StrEnum):
    """Why somebody asks that a decision be looked at again. Codes only: no text of persons."""

    COUNTRY_WRONG = "country_wrong"
    PAID_IN_FULL = "paid_in_full"
    RULE_WRONG = "rule_wrong"
    WANT_REFUND = "want_refund"


@dataclass(frozen=True, slots=True)
class CountryRule:
    """How one country is treated; None means all products or methods."""

    treatment: Treatment
    reason: Reason
    products: frozenset[Product] | None
    methods: frozenset[MethodName] | None
    effective_at: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What is bounded for everybody; cents are EUR."""

    order_cents_max: int
    review_above_cents: int
    open_orders_max: int
    day_cents_max: int


@dataclass(frozen=True, slots=True)
class TradePolicy:
    """One version of the rules. A country that no rule names gets ``otherwise``."""

    version: int
    otherwise: Treatment
    countries: Mapping[str, tuple[CountryRule, ...]]
    limits: Limits


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a policy says about one purchase."""

    outcome: Outcome
    reason: Reason | None
    version: int
