"""What invoices keep: tickets while their orders last, and invoices while the law wants them."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from enigm.domains.invoices.model import MARK_BYTES
from enigm.foundation.database import store_metadata
from enigm.foundation.inventory import Category, declares, until_column
from enigm.foundation.stores import StoreDesign

metadata = store_metadata("invoices")
_TICKET_END = until_column("ends_at")
_COPY_END = until_column("copy_ends_at")
_INVOICE_END = until_column("ends_at")

ticket = sa.Table(
    "ticket",
    metadata,
    sa.Column(
        "mark",
        sa.LargeBinary(MARK_BYTES),
        primary_key=True,
        info=declares(Category.COMMERCE, "one invoice for each order", _TICKET_END),
    ),
    sa.Column(
        "ticket_hash",
        sa.LargeBinary(32),
        nullable=False,
        unique=True,
        info=declares(Category.COMMERCE, "recognises the ticket that was handed out", _TICKET_END),
    ),
    sa.Column(
        "sale",
        sa.LargeBinary,
        nullable=True,
        info=declares(
            Category.COMMERCE,
            "what the invoice will say, sealed; empty once it is made",
            _TICKET_END,
        ),
    ),
    sa.Column(
        "copy",
        sa.LargeBinary,
        nullable=True,
        info=declares(
            Category.COMMERCE,
            "the invoice for a lost answer, under the ticket's own key",
            _COPY_END,
        ),
    ),
    sa.Column(
        "copy_ends_at",
        sa.BigInteger,
        nullable=True,
        index=True,
        info=declares(Category.COMMERCE, "when the copy goes", _TICKET_END),
    ),
    sa.Column(
        "ends_at",
        sa.BigInteger,
        nullable=False,
        index=True,
        info=declares(
            Category.COMMERCE, "when the order goes, and the ticket with it", _TICKET_END
        ),
    ),
)

invoice = sa.Table(
    "invoice",
    metadata,
    sa.Column(
        "number",
        sa.String(16),
        primary_key=True,
        info=declares(Category.COMMERCE, "the invoice's number", _INVOICE_END),
    ),
    sa.Column(
        "xml",
        sa.LargeBinary,
        nullable=False,
        info=declares(
            Category.COMMERCE, "the invoice that tax law makes a seller keep", _INVOICE_END
        ),
    ),
    sa.Column(
        "ends_at",
        sa.BigInteger,
        nullable=False,
        index=True,
        info=declares(Category.COMMERCE, "when tax law lets the invoice go", _INVOICE_END),
    ),
)

count = sa.Table(
    "count",
    metadata,
    sa.Column(
        "year",
        sa.BigInteger,
        primary_key=True,
        autoincrement=False,
        info=declares(Category.COMMERCE, "numbers count within a year", until_column("ends_at")),
    ),
    sa.Column(
        "invoices",
        sa.BigInteger,
        nullable=False,
        info=declares(Category.COMMERCE, "the year's last number", until_column("ends_at")),
    ),
    sa.Column(
        "ends_at",
        sa.BigInteger,
        nullable=True,
        index=True,
        info=declares(
            Category.COMMERCE, "when the year's last invoice goes", until_column("ends_at")
        ),
    ),
)

DESIGN = StoreDesign(metadata, Path(__file__).parent / "migrations" / "versions")
