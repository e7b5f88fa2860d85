"""Read a trade policy or a catalogue from its text, and decide by it; what is unknown is no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from enigm.domains.commerce.errors import DocumentInvalidError, OfferUnknownError
from enigm.domains.commerce.model import MethodName
from enigm.domains.commerce.model.catalogue import (
    SKU_CHARACTERS_MAX,
    Catalogue,
    Offer,
    Product,
    Sale,
    VatClass,
)
from enigm.domains.commerce.model.trade import (
    CountryRule,
    Limits,
    Outcome,
    Reason,
    Ruling,
    TradePolicy,
    Treatment,
)

if TYPE_CHECKING:
    from collections.abc import Collection

_PRICE_CENTS_MAX: Final = 1_000_000_00
_Cents = Annotated[int, msgspec.Meta(ge=1, le=_PRICE_CENTS_MAX)]
_Count = Annotated[int, msgspec.Meta(ge=0)]


class OfferText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One offer, as an operator writes it."""

    sku: Annotated[str, msgspec.Meta(pattern=rf"^[a-z0-9-]{{1,{SKU_CHARACTERS_MAX}}}$")]
    product: Product
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    price_cents: _Cents
    vat_class: VatClass
    term_days: Annotated[int, msgspec.Meta(ge=0, le=3660)] = 0
    sale: Sale = Sale.OPEN


class CatalogueText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A catalogue, as an operator writes it."""

    offers: Annotated[tuple[OfferText, ...], msgspec.Meta(min_length=1, max_length=200)]


class CountryText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule for some countries, as an operator writes it."""

    countries: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    treatment: Treatment
    reason: Reason
    products: tuple[Product, ...] | None = None
    methods: tuple[MethodName, ...] | None = None
    effective_at: _Count = 0


class LimitsText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The limits, as an operator writes them."""

    order_cents_max: _Cents
    review_above_cents: _Cents
    open_orders_max: Annotated[int, msgspec.Meta(ge=1)]
    day_cents_max: _Cents


class TradePolicyText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A trade policy, as an operator writes it."""

    otherwise: Treatment
    limits: LimitsText
    rules: tuple[CountryText, ...] = ()


@dataclass(frozen=True, slots=True)
class Purchase:
    """What somebody wants to buy, and what is known of the buyer's other orders."""

    country: str
    product: Product
    method: MethodName
    price_cents: int
    open_orders: int
    day_cents: int


def read_catalogue(text: str, version: int) -> Catalogue:
    """Return the catalogue; raises DocumentInvalidError."""
    try:
        found = msgspec.json.decode(text, type=CatalogueText)
    except msgspec.MsgspecError as error:
        raise DocumentInvalidError(str(error)) from error
    offers = tuple(
        Offer(
            each.sku,
            each.product,
            each.title,
            each.price_cents,
            each.vat_class,
            each.term_days,
            each.sale,
        )
        for each in found.offers
    )
    if len({offer.sku for offer in offers}) != len(offers):
        raise DocumentInvalidError("Two offers have the same name (sku).")
    return Catalogue(version, offers)


def with_sale(text: str, sku: str, sale: Sale) -> str:
    """Return a catalogue in which one offer can, or cannot yet, be ordered.

    Raises:
        OfferUnknownError: nothing of this name is in it.
    """
    whole = msgspec.json.decode(text, type=dict[str, list[dict[str, str | int]]])
    named = [offer for offer in whole["offers"] if offer["sku"] == sku]
    if not named:
        raise OfferUnknownError
    for offer in named:
        offer["sale"] = sale.value
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode()


def read_policy(text: str, version: int, known_countries: Collection[str]) -> TradePolicy:
    """Return the trade policy; raises DocumentInvalidError, also for a country nobody knows."""
    try:
        found = msgspec.json.decode(text, type=TradePolicyText)
    except msgspec.MsgspecError as error:
        raise DocumentInvalidError(str(error)) from error
    countries: dict[str, tuple[CountryRule, ...]] = {}
    for each in found.rules:
        rule = CountryRule(
            each.treatment,
            each.reason,
            None if each.products is None else frozenset(each.products),
            None if each.methods is None else frozenset(each.methods),
            each.effective_at,
        )
        for country in each.countries:
            if country not in known_countries:
                raise DocumentInvalidError(f"There is no country {country!r} in ISO 3166-1.")
            countries[country] = (*countries.get(country, ()), rule)
    limits = found.limits
    return TradePolicy(
        version,
        found.otherwise,
        countries,
        Limits(
            limits.order_cents_max,
            limits.review_above_cents,
            limits.open_orders_max,
            limits.day_cents_max,
        ),
    )


def rule_on(
    policy: TradePolicy, purchase: Purchase, known_countries: Collection[str], now_seconds: int
) -> Ruling:
    """Return what the policy says of a purchase: the strictest of all that applies."""

    def ruling(outcome: Outcome, reason: Reason | None) -> Ruling:
        return Ruling(outcome, reason, policy.version)

    if impossible := _impossible(purchase, known_countries):
        return ruling(Outcome.REJECTED, impossible)
    treatment, reason = _treatment(policy, purchase, now_seconds)
    if treatment is Treatment.BLOCK:
        return ruling(Outcome.REJECTED, reason)
    limits = policy.limits
    if purchase.price_cents > limits.order_cents_max:
        return ruling(Outcome.LIMITED, Reason.AMOUNT_TOO_LARGE)
    if purchase.open_orders >= limits.open_orders_max:
        return ruling(Outcome.LIMITED, Reason.TOO_MANY_OPEN)
    if purchase.day_cents + purchase.price_cents > limits.day_cents_max:
        return ruling(Outcome.LIMITED, Reason.TOO_MUCH_A_DAY)
    if treatment is Treatment.REVIEW:
        return ruling(Outcome.HELD, reason)
    if purchase.price_cents > limits.review_above_cents:
        return ruling(Outcome.HELD, Reason.AMOUNT_REVIEWED)
    return ruling(Outcome.ALLOWED, None)


# A card can take its money back for weeks, when the codes are long in other hands; a code is
# exchanged for others without an order.
_NOT_FOR_CODES: Final = frozenset({MethodName.CARD, MethodName.CODE})
_STRICTNESS: Final = {Treatment.ALLOW: 0, Treatment.REVIEW: 1, Treatment.BLOCK: 2}
_OTHERWISE: Final = {
    Treatment.BLOCK: Reason.COUNTRY_BLOCKED,
    Treatment.REVIEW: Reason.COUNTRY_REVIEWED,
    Treatment.ALLOW: Reason.COUNTRY_REVIEWED,
}


def _impossible(purchase: Purchase, known_countries: Collection[str]) -> Reason | None:
    """Return why no policy could allow a purchase."""
    if purchase.country not in known_countries:
        return Reason.COUNTRY_UNKNOWN
    if purchase.product is Product.COIN and purchase.method in _NOT_FOR_CODES:
        return Reason.METHOD_NOT_TAKEN
    return None


def _treatment(
    policy: TradePolicy, purchase: Purchase, now_seconds: int
) -> tuple[Treatment, Reason]:
    effective = [
        rule
        for rule in policy.countries.get(purchase.country, ())
        if rule.effective_at <= now_seconds
    ]
    applying = [
        rule
        for rule in effective
        if (rule.products is None or purchase.product in rule.products)
        and (rule.methods is None or purchase.method in rule.methods)
    ]
    if applying:
        strictest = max(applying, key=lambda rule: _STRICTNESS[rule.treatment])
        return strictest.treatment, strictest.reason
    return policy.otherwise, _OTHERWISE[policy.otherwise]
