"""The tables of entitlements, each column with its purpose and its end."""

from __future__ import annotations

from functools import partial
from typing import Final

from sqlalchemy import BigInteger, Integer, LargeBinary, String, Table

from enigm.foundation.database import store_metadata
from enigm.foundation.inventory import (
    SECONDS_PER_DAY,
    Category,
    kept,
    seconds_after,
    until_column,
)
from enigm.foundation.outbox import outbox_table

metadata = store_metadata("entitlements")

# What has ended is shown a month longer, so that its holder sees why.
_ENDED_SHOWN_SECONDS: Final = 30 * SECONDS_PER_DAY
# NULL: it has no end but the account's.
_HELD_END: Final = seconds_after("ends_at", _ENDED_SHOWN_SECONDS)
_LINK_END: Final = until_column("dies_at")
_WORD = String(24)
_kept = partial(kept, Category.COMMERCE)


entitlement = Table(
    "entitlement",
    metadata,
    _kept("entitlement_id", LargeBinary(16), "names it; random", _HELD_END, primary_key=True),
    _kept(
        "holder",
        LargeBinary(32),
        "whose it is, by a name that only entitlements have",
        _HELD_END,
        index=True,
    ),
    _kept("product", _WORD, "what is held", _HELD_END),
    _kept("state", _WORD, "active, paused or over", _HELD_END),
    _kept("starts_at", BigInteger(), "the day it begins", _HELD_END),
    _kept("ends_at", BigInteger(), "the day it ends", _HELD_END, nullable=True, index=True),
    sqlite_with_rowid=False,
)

handover = Table(
    "handover",
    metadata,
    _kept(
        "token_hash",
        LargeBinary(32),
        "uses a token once, and finds what may be taken back; gone when its payment is final",
        _LINK_END,
        primary_key=True,
    ),
    _kept(
        "entitlement_id",
        LargeBinary(16),
        "what was activated with it",
        _LINK_END,
        nullable=True,
        index=True,
    ),
    _kept("told", _WORD, "what was last told of it", _LINK_END),
    _kept("number", Integer(), "orders what is told", _LINK_END),
    _kept("dies_at", BigInteger(), "when it goes at the latest", _LINK_END, index=True),
    sqlite_with_rowid=False,
)

outbox = outbox_table(metadata)
