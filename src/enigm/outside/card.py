"""Payment by card on the processor's own page: no card number ever comes near this host.

The processor learns an amount, a random name for the order and what the payer types on its page
(it asks for an e-mail address; Enigm never sees it). Of its answers only listed fields are read.
What happened is read from the processor's list of events; a signed call is only a nudge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from enigm.domains.commerce.model import (
    Capabilities,
    Currency,
    Instruction,
    IssuedAddress,
    MethodHealth,
    MethodName,
    Money,
    PaymentEvent,
    PaymentEventKind,
    PaymentReference,
    RefundReference,
)
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.errors import InvalidError, SetupError
from enigm.outside.card_api import (
    EVENTS_A_PAGE,
    CardApi,
    CardEvent,
    CardRefusedError,
    CheckoutPage,
    EventPage,
    Name,
    Refunded,
    events_of,
    last_name,
)
from enigm.outside.own_address import checked_url, read_secret
from enigm.outside.refund_batch import refund_name
from enigm.outside.wallet_errors import WalletUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from enigm.domains.commerce.model import Quote
    from enigm.domains.commerce.needs import AddressBook
    from enigm.foundation.clock import Clock
    from enigm.foundation.payment_settings import CardSettings

NAME: Final = MethodName.CARD
# The processor keeps a page open for half an hour at least, by its own clock.
_PAGE_SECONDS: Final = 31 * 60
# An event may be listed a moment after younger ones; told twice, it has the same key.
_OVERLAP_SECONDS: Final = 120
# What the payer reads on the page and on the statement: the same for everything that is sold.
_LINE_NAME: Final = "Order"
# One page is paid once: a reference has one payment.
_PAYMENT: Final = "page"
_EVENT_PAGES_MAX: Final = 200
# Where the processor's calls do not arrive, a payment shows after this long.
ASK_SECONDS: Final = 30

_COMPLETED: Final = "checkout.session.completed"
_REFUNDED: Final = "charge.refunded"
_DISPUTED: Final = "charge.dispute.created"
_DISPUTE_CLOSED: Final = "charge.dispute.closed"
# Events come in any order: each kind has a rank, and the highest one counts.
_PAGE_EVENTS: Final[dict[str, tuple[int, PaymentEventKind]]] = {
    "checkout.session.expired": (2, PaymentEventKind.EXPIRED),
    "checkout.session.async_payment_failed": (2, PaymentEventKind.CONFLICTED),
    "checkout.session.async_payment_succeeded": (3, PaymentEventKind.CONFIRMED),
}
_WAITING: Final = (1, PaymentEventKind.SEEN)
_PAID: Final = (3, PaymentEventKind.CONFIRMED)
_TAKEN_BACK: Final = (4, PaymentEventKind.CONFLICTED)
_IN_DISPUTE: Final = (5, PaymentEventKind.REVERTED)
_DISPUTE_WON: Final = (6, PaymentEventKind.CONFIRMED)
_DISPUTE_LOST: Final = (6, PaymentEventKind.CONFLICTED)
_CHARGE_EVENTS: Final = frozenset({_REFUNDED, _DISPUTED, _DISPUTE_CLOSED})
_KINDS: Final = frozenset({_COMPLETED, *_PAGE_EVENTS, *_CHARGE_EVENTS})


class RefundRefusedError(InvalidError):
    """The processor will not send this back."""

    def __init__(self, trace: str) -> None:
        """Keep the processor's status for the operator."""
        super().__init__(
            "commerce.refund_refused",
            "The card's processor refused this refund: it may have been paid back already.",
            trace=trace,
        )


class _Listed(msgspec.Struct, frozen=True):
    """A page that a payment was made on: whose it was."""

    client_reference_id: str | None = None


class _Pages(msgspec.Struct, frozen=True):
    data: tuple[_Listed, ...]


class _Refund(msgspec.Struct, frozen=True):
    amount: int
    metadata: dict[str, str] = {}


class _Refunds(msgspec.Struct, frozen=True):
    data: tuple[_Refund, ...]


class CardCheckout:
    """A way to be paid: one page of the processor's for each payment reference."""

    def __init__(
        self,
        settings: CardSettings,
        addresses: AddressBook,
        clock: Clock,
        return_url: str,
        *,
        ask_seconds: int = ASK_SECONDS,
    ) -> None:
        """Take the settings, what commerce remembers, and where payers come back to.

        The processor is asked every ``ask_seconds``, and at once after a ``nudge``.

        Raises:
            SetupError: the address is unsafe, or the key's file cannot be read.
        """
        self._is_live = settings.live
        self._addresses = addresses
        self._clock = clock
        self._return_url = return_url
        self._ask_seconds = ask_seconds
        self._ask_at = 0.0
        key = read_secret("payments.card.key_file", settings.key_file)
        self._api = CardApi(checked_url("payments.card.url", settings.url), key)

    @property
    def capabilities(self) -> Capabilities:
        """Paid in EUR; a cardholder can take a payment back for weeks."""
        return Capabilities(NAME, Currency.EUR, reverts=True, refunds=True)

    def open(self, reference: PaymentReference, quote: Quote) -> Instruction:
        """Return the address of the reference's own page; asked again, the same one."""
        assert quote.amount.currency is Currency.EUR
        assert quote.amount.amount > 0
        issued = self._addresses.find(NAME, reference)
        if issued is None:
            issued = self._addresses.remember(self._issue(reference, quote))
        return Instruction(uri=issued.address, amount=quote.amount)

    def poll(self, cursor: str) -> tuple[Sequence[PaymentEvent], str]:
        """Return what happened since ``cursor`` (the newest event's second)."""
        now = self._clock.monotonic_seconds()
        if now < self._ask_at:
            return (), cursor
        since = int(cursor or 0)
        events = list(self._listed_since(max(0, since - _OVERLAP_SECONDS)))
        told = [each for event in events for each in [self._told(event)] if each is not None]
        newest = max((event.created for event in events), default=since)
        self._ask_at = now + self._ask_seconds
        return told, str(max(since, newest))

    def nudge(self) -> None:
        """Ask the processor at the next poll: it says that something happened."""
        self._ask_at = 0.0

    def refund(
        self, reference: PaymentReference, amount: Money, destination: str
    ) -> RefundReference:
        """Send money back to the card that paid; it can go nowhere else.

        Raises:
            RefundRefusedError: it was not paid, or was paid back.
        """
        assert amount.currency is Currency.EUR
        assert not destination
        issued = self._addresses.find(NAME, reference)
        if issued is None:
            raise RefundRefusedError("no page of this reference")
        name = refund_name(reference)
        try:
            page = self._api.ask(f"/v1/checkout/sessions/{issued.place}", CheckoutPage, {})
            form = {
                "payment_intent": page.payment_intent or "",
                "amount": str(amount.amount),
                "metadata[enigm]": name,
            }
            self._api.tell("/v1/refunds", Refunded, form, once=f"refund-{name}")
        except CardRefusedError as error:
            raise RefundRefusedError(str(error)) from error
        return RefundReference(name)

    def verify_configuration(self) -> None:
        """Refuse a key that the processor does not know; raises SetupError."""
        try:
            self._api.ask("/v1/events", EventPage, {"limit": "1"})
        except (CardRefusedError, WalletUnavailableError) as error:
            raise SetupError(
                f"The card processor cannot be used ({error}): correct payments.card, and give "
                "its key the rights on pages, refunds and events."
            ) from error

    def health(self) -> MethodHealth:
        """Ask for one event, and say what came of it."""
        try:
            self.verify_configuration()
        except SetupError as error:
            return MethodHealth(NAME, works=False, says=(str(error),))
        mode = "live" if self._is_live else "test mode: no money moves"
        return MethodHealth(NAME, works=True, says=(f"The processor answers ({mode}).",))

    def close(self) -> None:
        """Let go of the processor."""
        self._api.close()

    def _issue(self, reference: PaymentReference, quote: Quote) -> IssuedAddress:
        line = "line_items[0]"
        form = {
            "mode": "payment",
            "payment_method_types[0]": "card",
            # No customer is made, no address asked for, nothing attached to the payment.
            "customer_creation": "if_required",
            "billing_address_collection": "auto",
            "client_reference_id": base64url_encode(reference),
            "success_url": self._return_url,
            "cancel_url": self._return_url,
            "expires_at": str(max(quote.expires_at, self._clock.now_seconds() + _PAGE_SECONDS)),
            f"{line}[quantity]": "1",
            f"{line}[price_data][currency]": "eur",
            f"{line}[price_data][unit_amount]": str(quote.amount.amount),
            f"{line}[price_data][product_data][name]": _LINE_NAME,
        }
        once = f"page-{refund_name(reference)}"
        try:
            page = self._api.tell("/v1/checkout/sessions", CheckoutPage, form, once)
        except CardRefusedError as error:
            raise WalletUnavailableError(str(error)) from error
        if page.url is None or not page.url.startswith(("https://", "http://127.0.0.1:")):
            raise WalletUnavailableError("the page has no safe address")
        number = (self._addresses.highest_number(NAME, 0) or 0) + 1
        return IssuedAddress(NAME, reference, page.id, page.url, account=0, number=number)

    def _listed_since(self, since: int) -> Iterator[CardEvent]:
        question = {"created[gt]": str(since), "limit": str(EVENTS_A_PAGE)}
        for _ in range(_EVENT_PAGES_MAX):
            try:
                page = self._api.ask("/v1/events", EventPage, question)
            except CardRefusedError as error:
                raise WalletUnavailableError(str(error)) from error
            yield from (e for e in events_of(page, _KINDS) if e.livemode == self._is_live)
            if not page.has_more or not page.data:
                return
            question["starting_after"] = last_name(page)
        raise WalletUnavailableError("the list of events does not end")

    def _told(self, event: CardEvent) -> PaymentEvent | None:
        about = event.data.object
        if event.type not in _CHARGE_EVENTS:
            fact = _PAGE_EVENTS.get(
                event.type, _PAID if about.payment_status == "paid" else _WAITING
            )
            return self._fact(event, fact, about.client_reference_id, about.amount_total)
        fact = self._charge_fact(event)
        if fact is None or about.payment_intent is None:
            return None
        return self._fact(event, fact, self._owner(about.payment_intent), about.amount)

    def _charge_fact(self, event: CardEvent) -> tuple[int, PaymentEventKind] | None:
        about = event.data.object
        if event.type == _DISPUTED:
            return _IN_DISPUTE
        if event.type == _DISPUTE_CLOSED:
            return _DISPUTE_LOST if about.status == "lost" else _DISPUTE_WON
        by_others = self._refunded_by_others(about.payment_intent)
        return _TAKEN_BACK if 0 < about.amount <= by_others else None

    def _fact(
        self,
        event: CardEvent,
        fact: tuple[int, PaymentEventKind],
        reference: str | None,
        amount: int | None,
    ) -> PaymentEvent | None:
        """Return the event in commerce's words; None where it is about no order of ours."""
        if not reference or amount is None or event.data.object.currency not in ("eur", ""):
            return None
        try:
            name = PaymentReference(base64url_decode(reference))
        except InvalidError:
            return None
        rank, kind = fact
        money = Money(amount, Currency.EUR)
        return PaymentEvent(f"card:{event.id}", NAME, name, kind, money, 0, _PAYMENT, rank)

    def _owner(self, intent: Name) -> str | None:
        """Ask whose page a payment was made on: nothing here remembers it."""
        question = {"payment_intent": intent, "limit": "1"}
        try:
            pages = self._api.ask("/v1/checkout/sessions", _Pages, question).data
        except CardRefusedError as error:
            raise WalletUnavailableError(str(error)) from error
        return pages[0].client_reference_id if pages else None

    def _refunded_by_others(self, intent: Name | None) -> int:
        """Return how much was sent back by somebody else than us, at the processor's."""
        try:
            question = {"payment_intent": intent or "", "limit": "100"}
            refunds = self._api.ask("/v1/refunds", _Refunds, question).data
        except CardRefusedError as error:
            raise WalletUnavailableError(str(error)) from error
        return sum(refund.amount for refund in refunds if "enigm" not in refund.metadata)
