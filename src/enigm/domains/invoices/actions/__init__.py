"""Hands out tickets for invoices, and makes an invoice for whoever shows one."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Final

import msgspec
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from enigm.domains.invoices.actions.documents import make_file
from enigm.domains.invoices.errors import (
    InvoiceCollectedError,
    InvoiceMadeError,
    InvoicesBusyError,
    InvoicesNotOfferedError,
    TicketUnknownError,
)
from enigm.domains.invoices.model import (
    TICKET_BYTES,
    Bearer,
    Invoice,
    InvoiceFile,
    OrderMark,
    Sale,
    Seller,
    Ticket,
)
from enigm.domains.invoices.rules import amounts_of, checked_bearer, invoice_number, tax_of
from enigm.domains.invoices.store import count, invoice, ticket
from enigm.foundation.database import insert_if_absent
from enigm.foundation.sealing import ColumnSeal
from enigm.foundation.vat import RATES_VERSION, standard_rate

if TYPE_CHECKING:
    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.keyfile import Keys

# A lost answer can be fetched again for a day; then the copy goes.
COPY_SECONDS: Final = 86_400
_COPY_KEY_LABEL: Final = b"enigm invoice copy 1"
_SECONDS_A_YEAR: Final = 366 * 86_400
# Processes that draw at the same second take the number in turn; more than a few never meet.
DRAWINGS_MAX: Final = 8
# Each ticket has a key of its own, used once: the nonce need not differ.
_NONCE: Final = bytes(12)


@dataclass(frozen=True, slots=True)
class _Ticketed:
    mark: OrderMark
    sale: bytes | None
    copy: bytes | None


class Invoices:
    """The deeds of invoices over their store."""

    def __init__(
        self, database: Database, keys: Keys, clock: Clock, entropy: Entropy, seller: Seller | None
    ) -> None:
        """Take the store, and who sells; without a seller nothing is offered."""
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._seller = seller
        self._drawing = Lock()
        self._ticket_key = keys.derive("invoices", "ticket hash")
        self._sales = ColumnSeal(keys, "invoices.ticket.sale", entropy)
        self._documents = ColumnSeal(keys, "invoices.invoice.xml", entropy)

    @property
    def are_offered(self) -> bool:
        """Tell whether a seller is named."""
        return self._seller is not None

    def hand_out(self, mark: OrderMark, sale: Sale, ends_at: int) -> Ticket:
        """Return a fresh ticket for an order's invoice; the one before is worth nothing then.

        Raises:
            InvoicesNotOfferedError: no seller is named.
            InvoiceMadeError: the order has its invoice.
        """
        if self._seller is None:
            raise InvoicesNotOfferedError
        fresh = Ticket(self._entropy.random_bytes(TICKET_BYTES))
        row = {
            "ticket_hash": self._hash(fresh),
            "sale": self._sales.seal(msgspec.json.encode(sale), mark),
            "ends_at": ends_at,
        }
        with self._database.begin() as connection:
            this = ticket.c.mark == mark
            known = connection.execute(ticket.select().where(this).with_for_update()).one_or_none()
            if known is None:
                connection.execute(ticket.insert().values(mark=mark, **row))
            elif known.sale is None:
                raise InvoiceMadeError
            else:
                connection.execute(ticket.update().where(this).values(**row))
        return fresh

    def look(self, shown: Ticket) -> Sale:
        """Return what the invoice will say.

        Raises:
            TicketUnknownError: no such ticket.
            InvoiceMadeError: the invoice is made: ``collect`` it.
        """
        with self._database.read() as connection:
            found = self._find(connection, shown)
        if found.sale is None:
            raise InvoiceMadeError
        return self._sale(found.mark, found.sale)

    def make(self, shown: Ticket, bearer: Bearer) -> InvoiceFile:
        """Make the invoice out to somebody, once; asked again, the same file comes back.

        Drawing takes a second, so it is done before anything is written: with the number that
        comes next, and again where somebody else's invoice took that number meanwhile.

        Raises:
            TicketUnknownError, BearerInvalidError, InvoicesNotOfferedError.
            InvoiceCollectedError: made more than a day ago.
            InvoiceFaultyError: the standard's rules do not hold; nothing was made.
            InvoicesBusyError: others took the number each time; nothing was made.
        """
        if self._seller is None:
            raise InvoicesNotOfferedError
        checked = checked_bearer(bearer)
        # One at a time in a process: drawing keeps a core busy, and each has its number at once.
        with self._drawing:
            for _ in range(DRAWINGS_MAX):
                with self._database.read() as connection:
                    found = self._find(connection, shown)
                    draft = self._draft(connection, found, checked, self._seller)
                if draft is None:
                    return self._opened(found, shown)
                made = make_file(draft)
                if self._keep(found, shown, draft, made):
                    return made
        raise InvoicesBusyError

    def collect(self, shown: Ticket) -> InvoiceFile:
        """Return the invoice again, within a day of its making.

        Raises:
            TicketUnknownError: no such ticket, or no invoice yet.
            InvoiceCollectedError: the day is over.
        """
        with self._database.read() as connection:
            found = self._find(connection, shown)
        if found.sale is not None:
            raise TicketUnknownError
        return self._opened(found, shown)

    def kept_xml(self, number: str) -> bytes:
        """Return an invoice as tax law makes its seller keep it; raises TicketUnknownError."""
        with self._database.read() as connection:
            row = connection.execute(
                invoice.select().where(invoice.c.number == number)
            ).one_or_none()
        if row is None:
            raise TicketUnknownError
        return self._documents.open(row.xml, number.encode())

    def _draft(
        self, connection: sa.Connection, found: _Ticketed, bearer: Bearer, seller: Seller
    ) -> Invoice | None:
        """Return the invoice as it would be made now; None where the ticket has one."""
        if found.sale is None:
            return None
        today = datetime.fromtimestamp(self._clock.now_seconds(), UTC).date()
        sale = self._sale(found.mark, found.sale)
        tax = tax_of(sale, standard_rate(sale.country, sale.sold_on), RATES_VERSION)
        number = invoice_number(today.year, _made_in(connection, today.year) + 1)
        amounts = amounts_of(sale.gross_cents, tax)
        return Invoice(number, today, sale, seller, bearer, tax, amounts)

    def _keep(self, before: _Ticketed, shown: Ticket, draft: Invoice, made: InvoiceFile) -> bool:
        """Write what was drawn; False, and nothing is written, where it is no longer what is due.

        The number, the invoice and the ticket's end stand or fall together: no gap, no double.
        """
        now, number = self._clock.now_seconds(), draft.number
        ends_at = now + draft.seller.keeps_years * _SECONDS_A_YEAR
        sealed = self._documents.seal(made.xml, number.encode())
        closed = _closed(made, shown)
        with self._database.begin() as connection:
            if self._find(connection, shown, to_change=True) != before:
                return False
            if not _took(connection, draft, ends_at):
                return False
            connection.execute(invoice.insert().values(number=number, xml=sealed, ends_at=ends_at))
            connection.execute(
                ticket.update()
                .where(ticket.c.mark == before.mark)
                .values(sale=None, copy=closed, copy_ends_at=now + COPY_SECONDS)
            )
        return True

    def _find(
        self, connection: sa.Connection, shown: Ticket, *, to_change: bool = False
    ) -> _Ticketed:
        wanted = ticket.select().where(ticket.c.ticket_hash == self._hash(shown))
        if to_change:
            wanted = wanted.with_for_update()
        row = connection.execute(wanted).one_or_none()
        if row is None or row.ends_at <= self._clock.now_seconds():
            raise TicketUnknownError
        is_over = row.copy_ends_at is not None and row.copy_ends_at <= self._clock.now_seconds()
        return _Ticketed(OrderMark(row.mark), row.sale, None if is_over else row.copy)

    def _sale(self, mark: OrderMark, sealed: bytes) -> Sale:
        return msgspec.json.decode(self._sales.open(sealed, mark), type=Sale)

    def _opened(self, found: _Ticketed, shown: Ticket) -> InvoiceFile:
        if found.copy is None:
            raise InvoiceCollectedError
        try:
            content = AESGCMSIV(_copy_key(shown)).decrypt(_NONCE, found.copy, None)
        except InvalidTag as error:
            raise TicketUnknownError from error
        return msgspec.msgpack.decode(content, type=InvoiceFile)

    def _hash(self, shown: Ticket) -> bytes:
        return hmac.digest(self._ticket_key, shown, "sha256")


def _made_in(connection: sa.Connection, year: int) -> int:
    """Return how many invoices a year has."""
    wanted = count.select().where(count.c.year == year)
    row = connection.execute(wanted).one_or_none()
    return 0 if row is None else int(row.invoices)


def _took(connection: sa.Connection, draft: Invoice, ends_at: int) -> bool:
    """Take the draft's number if it still comes next; the counter stays as long as the last one."""
    year = draft.issued_on.year
    before = _made_in(connection, year)
    if invoice_number(year, before + 1) != draft.number:
        return False
    if before == 0:
        row = {"year": year, "invoices": 1, "ends_at": ends_at}
        return insert_if_absent(connection, count, row)
    # Two that looked at once: the number is taken by the one whose change finds it free.
    is_free = sa.and_(count.c.year == year, count.c.invoices == before)
    taken = count.update().where(is_free).values(invoices=before + 1, ends_at=ends_at)
    return connection.execute(taken).rowcount == 1


def _closed(made: InvoiceFile, shown: Ticket) -> bytes:
    """Close the copy under the ticket: what is stored opens for its holder alone."""
    return AESGCMSIV(_copy_key(shown)).encrypt(_NONCE, msgspec.msgpack.encode(made), None)


def _copy_key(shown: Ticket) -> bytes:
    return hashlib.blake2b(_COPY_KEY_LABEL, key=shown, digest_size=32).digest()
