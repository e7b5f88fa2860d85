"""What eSIMs keep. No column can hold a number, an EID, an address, a place or traffic."""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa

from enigm.foundation.database import store_metadata
from enigm.foundation.inventory import (
    SECONDS_PER_DAY,
    Category,
    kept,
    seconds_after,
    until_column,
)

metadata = store_metadata("esim")

ID_BYTES = 16
HASH_BYTES = 32
_WORD = sa.String(64)
# What the shop and a provider's bill are compared by, once: a year and the closing month.
TALLY_SECONDS = 400 * SECONDS_PER_DAY
SUPPORT_SECONDS = 30 * SECONDS_PER_DAY

_kept = partial(kept, Category.CONNECTIVITY)
_KEPT = until_column("purge_at")
_WAITING = until_column("ends_at")
_COUNTED = seconds_after("period", TALLY_SECONDS)
_NOTED = seconds_after("noted_on", SUPPORT_SECONDS)


esim = sa.Table(
    "esim",
    metadata,
    _kept(
        "esim_id",
        sa.LargeBinary(ID_BYTES),
        "names the eSIM inside this domain",
        _KEPT,
        primary_key=True,
    ),
    _kept(
        "owner",
        sa.LargeBinary(HASH_BYTES),
        "whose it is, until it is unlinked",
        _KEPT,
        index=True,
        nullable=True,
    ),
    kept(
        Category.AUTHENTICATION,
        "retrieval_hash",
        sa.LargeBinary(HASH_BYTES),
        "finds an unlinked eSIM by its code",
        _KEPT,
        unique=True,
        nullable=True,
    ),
    _kept(
        "token_hash",
        sa.LargeBinary(HASH_BYTES),
        "makes one eSIM of one token, until it is spent",
        _KEPT,
        unique=True,
        nullable=True,
    ),
    _kept("product", _WORD, "what was bought", _KEPT),
    _kept("provider", _WORD, "whom to ask about it", _KEPT),
    _kept("item", _WORD, "the provider's word for what was bought", _KEPT),
    _kept("days", sa.Integer, "how long the plan lasts", _KEPT),
    _kept("step", _WORD, "how far the order with the provider is", _KEPT),
    _kept("standing", _WORD, "whether it lives, and how it ended", _KEPT),
    _kept(
        "history", sa.LargeBinary, "when each state was last told of, sealed", _KEPT, nullable=True
    ),
    _kept(
        "iccid", sa.LargeBinary, "what the provider calls the profile, sealed", _KEPT, nullable=True
    ),
    _kept(
        "iccid_hash",
        sa.LargeBinary(HASH_BYTES),
        "finds the eSIM that a notice is about",
        _KEPT,
        unique=True,
        nullable=True,
    ),
    kept(
        Category.AUTHENTICATION,
        "matching_id",
        sa.LargeBinary,
        "the activation code's id until it is installed, sealed",
        _KEPT,
        nullable=True,
    ),
    kept(
        Category.AUTHENTICATION,
        "code",
        sa.LargeBinary,
        "the activation code until it is installed, sealed",
        _KEPT,
        nullable=True,
    ),
    _kept("purchased_on", sa.BigInteger, "the day it was bought, for its end", _KEPT),
    _kept("notice_version", sa.Integer, "which compliance notice was acknowledged", _KEPT),
    _kept("notice_at", sa.BigInteger, "the day the notice was acknowledged", _KEPT),
    _kept(
        "replaces",
        sa.LargeBinary(ID_BYTES),
        "which eSIM ends when this one is installed",
        _KEPT,
        index=True,
        nullable=True,
    ),
    kept(
        Category.ABUSE_PREVENTION,
        "replacements",
        sa.Integer,
        "bounds how often one is replaced",
        _KEPT,
    ),
    kept(
        Category.OPERATIONS, "refusals", sa.Integer, "makes a call a new one after a refusal", _KEPT
    ),
    _kept("purge_at", sa.BigInteger, "the day the record goes", _KEPT, index=True),
)

cancellation = sa.Table(
    "cancellation",
    metadata,
    _kept(
        "cancellation_id",
        sa.LargeBinary(ID_BYTES),
        "names what a provider is still to be told",
        _WAITING,
        primary_key=True,
    ),
    _kept("provider", _WORD, "whom to tell", _WAITING),
    _kept("iccid", sa.LargeBinary, "which profile ends, sealed, until it was told", _WAITING),
    kept(Category.OPERATIONS, "attempts", sa.Integer, "spaces the tries", _WAITING),
    kept(Category.OPERATIONS, "due_at", sa.BigInteger, "when to try (again)", _WAITING, index=True),
    kept(Category.OPERATIONS, "ends_at", sa.BigInteger, "when trying ends", _WAITING, index=True),
)

support_note = sa.Table(
    "support_note",
    metadata,
    _kept("reference", sa.String(32), "what a person quotes to support", _NOTED, primary_key=True),
    _kept("concern", _WORD, "what it is about, from a closed list", _NOTED),
    _kept("product", _WORD, "what was bought", _NOTED),
    _kept("profile", _WORD, "the profile's state then", _NOTED),
    _kept("commercial", _WORD, "the commercial state then", _NOTED),
    _kept("association", _WORD, "whether an account had it then", _NOTED),
    _kept("noted_on", sa.BigInteger, "the day of the note", _NOTED, index=True),
)

tally = sa.Table(
    "tally",
    metadata,
    kept(
        Category.OPERATIONS,
        "period",
        sa.BigInteger,
        "the start of the thirty days counted",
        _COUNTED,
        primary_key=True,
        autoincrement=False,
    ),
    kept(
        Category.OPERATIONS,
        "provider",
        _WORD,
        "whose bill is compared",
        _COUNTED,
        primary_key=True,
    ),
    kept(
        Category.OPERATIONS,
        "event",
        _WORD,
        "what is counted",
        _COUNTED,
        primary_key=True,
    ),
    kept(Category.OPERATIONS, "amount", sa.BigInteger, "how often; of whom is not known", _COUNTED),
)
