"""What invoices keep: tickets while their orders last, and invoices while the law wants them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import sqlalchemy as sa

from enigm.domains.invoices.model import MARK_BYTES
from enigm.foundation.database import store_metadata
from enigm.foundation.inventory import Category, kept, until_column
from enigm.foundation.stores import StoreDesign

metadata = store_metadata("invoices")
_kept = partial(kept, Category.COMMERCE)
_TICKET_END = until_column("ends_at")
_COPY_END = until_column("copy_ends_at")
_INVOICE_END = until_column("ends_at")

ticket = sa.Table(
    "ticket",
    metadata,
    _kept(
        "mark",
        sa.LargeBinary(MARK_BYTES),
        "one invoice for each order",
        _TICKET_END,
        primary_key=True,
    ),
    _kept(
        "ticket_hash",
        sa.LargeBinary(32),
        "recognises the ticket that was handed out",
        _TICKET_END,
        unique=True,
    ),
    _kept(
        "sale",
        sa.LargeBinary,
        "what the invoice will say, sealed; empty once it is made",
        _TICKET_END,
        nullable=True,
    ),
    _kept(
        "copy",
        sa.LargeBinary,
        "the invoice for a lost answer, under the ticket's own key",
        _COPY_END,
        nullable=True,
    ),
    _kept(
        "copy_ends_at", sa.BigInteger, "when the copy goes", _TICKET_END, nullable=True, index=True
    ),
    _kept(
        "ends_at",
        sa.BigInteger,
        "when the order goes, and the ticket with it",
        _TICKET_END,
        index=True,
    ),
)

invoice = sa.Table(
    "invoice",
    metadata,
    _kept("number", sa.String(16), "the invoice's number", _INVOICE_END, primary_key=True),
    _kept("xml", sa.LargeBinary, "the invoice that tax law makes a seller keep", _INVOICE_END),
    _kept("ends_at", sa.BigInteger, "when tax law lets the invoice go", _INVOICE_END, index=True),
)

count = sa.Table(
    "count",
    metadata,
    _kept(
        "year",
        sa.BigInteger,
        "numbers count within a year",
        until_column("ends_at"),
        primary_key=True,
        autoincrement=False,
    ),
    _kept("invoices", sa.BigInteger, "the year's last number", until_column("ends_at")),
    _kept(
        "ends_at",
        sa.BigInteger,
        "when the year's last invoice goes",
        until_column("ends_at"),
        nullable=True,
        index=True,
    ),
)

DESIGN = StoreDesign(metadata, Path(__file__).parent / "migrations" / "versions")
