"""`enigm shop`: catalogue, trade policy, masked orders, reviews, refunds and the books."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol, runtime_checkable

from cyclopts import App, Parameter

from enigm.assembly.commerce import Outsiders, build_commerce, build_shop, premises_of
from enigm.assembly.exits import Exit, complain, say
from enigm.assembly.payment_methods import tell_health
from enigm.assembly.places import settings_of_this_machine
from enigm.assembly.stores import open_stores
from enigm.assembly.surroundings import Surroundings
from enigm.assembly.trust import build_trust
from enigm.crossings.decision_is_audited_by_handle import operator_record
from enigm.crossings.order_review_is_audited_by_handle import (
    OrderReviewsAudited,
    TradeChangesAudited,
)
from enigm.domains.audit.actions.recording import AuditLog
from enigm.domains.audit.model import NO_HANDLE, Act
from enigm.domains.commerce.actions.documents import DocumentKind
from enigm.domains.commerce.actions.opening import WAYS_TO_OPEN, can_anybody_buy
from enigm.domains.commerce.actions.reviewing import FIRST
from enigm.domains.commerce.actions.taxing import EuropeanVat
from enigm.domains.commerce.model import Currency, MethodName, Money, PaymentReference
from enigm.domains.commerce.model.catalogue import Sale
from enigm.domains.commerce.model.orders import OrderState
from enigm.domains.commerce.model.review import OrderHandle, Verdict
from enigm.domains.commerce.model.trade import Reason
from enigm.domains.commerce.rules.trade import with_sale
from enigm.domains.commerce.rules.wording import amount_text
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import SetupError
from enigm.foundation.keyfile import load_or_create_keys
from enigm.foundation.log import EventLog

if TYPE_CHECKING:
    from collections.abc import Generator

    from enigm.assembly.commerce import Commerce

app = App(
    name="enigm shop",
    help="What is sold, by which rules, what was ordered (masked), and the books.",
    help_format="plaintext",
    result_action="return_value",
)
catalogue = App(name="catalogue", help="What is on offer, at which price.")
policy = App(name="policy", help="Country, sanction and fraud rules.")
orders = App(name="orders", help="Orders, masked: a handle, a product, a state.")
refunds = App(name="refunds", help="What waits to be signed and sent elsewhere.")
ledger = App(name="ledger", help="The books.")
for each in (catalogue, policy, orders, refunds, ledger):
    app.command(each)

_STORES = ["audit", "commerce", "entitlements", "handles", "policy"]
Sku = Annotated[str, Parameter(help="The offer's name, as `enigm shop catalogue show` shows.")]
Version = Annotated[int | None, Parameter(help="Which one; without it the one that holds.")]
Handle = Annotated[str, Parameter(help="The order's handle, as `enigm shop orders list` shows.")]


@runtime_checkable
class RefundExporter(Protocol):
    """A method whose refunds are signed elsewhere."""

    def export_refunds(self) -> bytes:
        """Return the waiting refunds as a file for the signing wallet."""
        ...


@contextmanager
def open_counter(*, sells: bool = False) -> Generator[tuple[Commerce, AuditLog]]:
    """Open the shop beside a service that may be running; with its wallets only to sell."""
    settings = settings_of_this_machine()
    clock, entropy = SystemClock(), SystemEntropy()
    keys = load_or_create_keys(settings.key_file, entropy)
    databases = open_stores(settings, keys, _STORES)
    around = Surroundings(settings, keys, clock, entropy, EventLog(sys.stderr, clock, strict=False))
    try:
        audit = build_trust(around, databases).audit
        if sells:
            commerce = build_shop(around, databases, audit, "").commerce
            commerce.rates.refresh()
        else:
            premises = premises_of(around, databases["commerce"])
            records, changes = OrderReviewsAudited(audit), TradeChangesAudited(audit)
            nobody = Outsiders({}, (), EuropeanVat(), records, changes)
            commerce = build_commerce(around, premises, nobody)
        yield commerce, audit
    finally:
        for database in databases.values():
            database.close()


def _show(kind: DocumentKind, version: int | None) -> int:
    with open_counter() as (commerce, _audit):
        documents = commerce.documents
        if version is None:
            version, text = documents.text(kind)
        else:
            text = documents.staged_text(kind, version)
        say(text.rstrip())
        complain(f"{kind}, version {version}")
    return Exit.DONE


def _put(kind: DocumentKind, path: Path) -> int:
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"The file {path} cannot be read: {error}.") from error
    with open_counter() as (commerce, _audit):
        version = commerce.documents.stage(kind, text)
        say(f"Staged as version {version}. It holds with: enigm shop {kind} activate {version}")
    return Exit.DONE


def _activate(kind: DocumentKind, version: int) -> int:
    with open_counter() as (commerce, _audit):
        commerce.documents.activate(kind, version)
        say(f"{kind}, version {version}, holds now.")
    return Exit.DONE


def _set_sale(sku: str, sale: Sale) -> int:
    with open_counter() as (commerce, _audit):
        documents, kind = commerce.documents, DocumentKind.CATALOGUE
        _version, text = documents.text(kind)
        version = documents.stage(kind, with_sale(text, sku, sale))
        documents.activate(kind, version)
        how = "is on sale" if sale is Sale.OPEN else "is shown as not on sale yet"
        say(f"{sku} {how}: {kind}, version {version}, holds now.")
    return Exit.DONE


@catalogue.command(name="show")
def show_catalogue(version: Version = None) -> int:
    """Print the catalogue that holds, or any version of it, as it is written."""
    return _show(DocumentKind.CATALOGUE, version)


@catalogue.command(name="sell")
def sell_offer(sku: Sku) -> int:
    """Let an offer be ordered from now on: something stands behind it."""
    return _set_sale(sku, Sale.OPEN)


@catalogue.command(name="withhold")
def withhold_offer(sku: Sku) -> int:
    """Show an offer as not on sale yet; what was ordered stays as it is."""
    return _set_sale(sku, Sale.NOT_YET)


@catalogue.command(name="stage")
def stage_catalogue(path: Path) -> int:
    """Validate, sign and keep a new version, which holds nothing yet."""
    return _put(DocumentKind.CATALOGUE, path)


@catalogue.command(name="activate")
def activate_catalogue(version: int) -> int:
    """Let a version hold from now on; open orders keep their price."""
    return _activate(DocumentKind.CATALOGUE, version)


@policy.command(name="show")
def show_policy(version: Version = None) -> int:
    """Print the trade policy that holds, or any version of it, as it is written."""
    return _show(DocumentKind.POLICY, version)


@policy.command(name="stage")
def stage_policy(path: Path) -> int:
    """Validate, sign and keep a new version, which holds nothing yet."""
    return _put(DocumentKind.POLICY, path)


@policy.command(name="activate")
def activate_policy(version: int) -> int:
    """Let a version hold; it cancels open orders that it forbids, and holds paid ones."""
    return _activate(DocumentKind.POLICY, version)


@app.command(name="confirm")
def confirm_documents(catalogue_version: int, policy_version: int) -> int:
    """Let these versions hold, after a rollback or a crash: look at `catalogue show N` first."""
    with open_counter() as (commerce, _audit):
        commerce.documents.confirm(catalogue_version, policy_version)
        say(f"Catalogue {catalogue_version} and policy {policy_version} hold now.")
    return Exit.DONE


@orders.command(name="list")
def list_orders(
    *,
    held: Annotated[bool, Parameter(negative="", help="Only those held for review.")] = False,
    appealed: Annotated[bool, Parameter(negative="", help="Only appealed ones.")] = False,
) -> int:
    """Print orders, masked. Reading is itself recorded."""
    wanted = OrderState.HELD if held else None
    after: OrderHandle | None = FIRST
    with open_counter() as (commerce, _audit):
        while after is not None:
            page = commerce.reviewing.page(NO_HANDLE, after, decided=wanted, appealed=appealed)
            for order in page.orders:
                day = datetime.fromtimestamp(order.day_at, UTC).date()
                price = amount_text(Money(order.price_cents, Currency.EUR))
                words = (order.product, order.method, price, order.state, order.country)
                why = (order.reason, order.appeal)
                say(" ".join(filter(None, (order.handle.hex(), str(day), *words, *why))))
            after = page.after
    return Exit.DONE


@orders.command(name="decide")
def decide(handle: Handle, verdict: Verdict, *, reason: Reason = Reason.REQUESTED) -> int:
    """Hold, release, reject or cancel an order; recorded before it takes effect."""
    with open_counter(sells=verdict is Verdict.RELEASE) as (commerce, _audit):
        commerce.reviewing.decide(OrderHandle(_octets(handle)), verdict, reason, NO_HANDLE)
        say("Done.")
    return Exit.DONE


@refunds.command(name="list")
def list_refunds() -> int:
    """Print what is to be signed and sent: method, amount, destination, reference."""
    with open_counter() as (commerce, _audit):
        for waiting in commerce.refunds.waiting():
            amount = amount_text(waiting.amount)
            say(f"{waiting.method} {amount} {waiting.destination} {waiting.reference.hex()}")
    return Exit.DONE


@refunds.command(name="export")
def export_refunds(method: MethodName, *, to: Path) -> int:
    """Write what waits of a coin to a file for the signing wallet, with how far it must look."""
    if to.exists():
        raise SetupError(f"The file {to} is there already: name another, so that none is lost.")
    with open_counter(sells=True) as (commerce, _audit):
        wallet = commerce.methods.get(method)
        if not isinstance(wallet, RefundExporter):
            raise SetupError(f"Refunds by {method} are not signed elsewhere, or it is not set up.")
        to.touch(mode=0o600)
        to.write_bytes(wallet.export_refunds())
        say(f"Written to {to}. After signing: enigm shop refunds sent REFERENCE")
    return Exit.DONE


@app.command(name="methods")
def list_methods() -> int:
    """Ask every way to be paid how it is; 1 where one does not work. What to do where none is."""
    with open_counter(sells=True) as (commerce, _audit):
        told = tell_health(commerce.methods)
        for health in told:
            say(f"{health.name:8} {'works' if health.works else 'DOES NOT WORK'}")
            for line in health.says:
                say(f"         {line}")
        if not can_anybody_buy(commerce.ordering, commerce.mint):
            _tell_ways_to_open()
        return Exit.DONE if all(health.works for health in told) else Exit.FAILED


def _tell_ways_to_open() -> None:
    say("Nobody can buy yet: codes are the one way to pay, and nobody has any. Any one of these:")
    for way in WAYS_TO_OPEN:
        say(f"  {way.title} ({way.document}):")
        say(f"    {way.command}")
        say(f"    {way.then}")


@refunds.command(name="sent")
def refund_sent(reference: Annotated[str, Parameter(help="As `list` shows it.")]) -> int:
    """Note that a refund was signed and sent; the books follow."""
    with open_counter() as (commerce, audit):
        audit.record(operator_record(Act.REFUND_SENT))
        commerce.refunds.sent(PaymentReference(_octets(reference)))
        say("Noted.")
    return Exit.DONE


@ledger.command(name="check")
def check_ledger() -> int:
    """Add the books up; they balance in every currency, or this fails."""
    with open_counter() as (commerce, _audit):
        found = commerce.books.check()
        for currency, total in sorted(found.sums.items()):
            say(f"{currency}: {total}")
        say(f"unsealed: {found.unsealed}")
        return Exit.DONE if found.is_healthy else Exit.FAILED


@ledger.command(name="export")
def export_ledger() -> int:
    """Print the books as text for beancount and its kind."""
    with open_counter() as (commerce, _audit):
        for line in commerce.books.written():
            say(line)
    return Exit.DONE


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise SetupError("A handle or reference is written in hex digits.") from error
