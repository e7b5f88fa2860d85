"""A small domain that the foundation's tests keep jars in."""

from __future__ import annotations

import sqlalchemy as sa

from enigm.foundation.database import ROW_NUMBER, store_metadata
from enigm.foundation.inventory import Category, declares, seconds_after, until, until_column

JAR_SECONDS = 3600

metadata = store_metadata("pantry")
_ENDS = until_column("eat_by")

jars = sa.Table(
    "jars",
    metadata,
    sa.Column(
        "number", ROW_NUMBER, primary_key=True, info=declares(Category.DELIVERY, "order", _ENDS)
    ),
    sa.Column("eat_by", sa.BigInteger, info=declares(Category.DELIVERY, "ends the jar", _ENDS)),
    sa.Column(
        "opened_at", sa.BigInteger, info=declares(Category.DELIVERY, "ends the taste", _ENDS)
    ),
    sa.Column(
        "taste",
        sa.LargeBinary,
        info=declares(Category.CONTENT_SEALED, "flavour", seconds_after("opened_at", JAR_SECONDS)),
    ),
)

lids = sa.Table(
    "lids",
    metadata,
    sa.Column(
        "number",
        sa.BigInteger,
        sa.ForeignKey("jars.number", ondelete="CASCADE"),
        primary_key=True,
        info=declares(Category.DELIVERY, "closes a jar", until("the jar is eaten")),
    ),
)

receipts = sa.Table(
    "receipts",
    metadata,
    sa.Column(
        "shop",
        sa.String(20),
        primary_key=True,
        info=declares(Category.OPERATIONS, "where", seconds_after("bought_at", 10 * 86_400)),
    ),
    sa.Column(
        "bought_at",
        sa.BigInteger,
        primary_key=True,
        info=declares(Category.OPERATIONS, "when", seconds_after("bought_at", 10 * 86_400)),
    ),
)
