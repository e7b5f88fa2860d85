"""What eSIMs keep. No column can hold a number, an EID, an address, a place or traffic."""

from __future__ import annotations

import sqlalchemy as sa

from enigm.foundation.database import store_metadata
from enigm.foundation.inventory import (
    SECONDS_PER_DAY,
    Category,
    Retention,
    declares,
    seconds_after,
    until_column,
)

metadata = store_metadata("esim")

ID_BYTES = 16
HASH_BYTES = 32
_WORD_CHARACTERS_MAX = 64
# What the shop and a provider's bill are compared by, once: a year and the closing month.
TALLY_SECONDS = 400 * SECONDS_PER_DAY
SUPPORT_SECONDS = 30 * SECONDS_PER_DAY

_KEPT = until_column("purge_at")
_WAITING = until_column("ends_at")
_COUNTED = seconds_after("period", TALLY_SECONDS)
_NOTED = seconds_after("noted_on", SUPPORT_SECONDS)


def _word(name: str, category: Category, purpose: str, kept: Retention) -> sa.Column[str]:
    info = declares(category, purpose, kept)
    return sa.Column(name, sa.String(_WORD_CHARACTERS_MAX), nullable=False, info=info)


esim = sa.Table(
    "esim",
    metadata,
    sa.Column(
        "esim_id",
        sa.LargeBinary(ID_BYTES),
        primary_key=True,
        info=declares(Category.CONNECTIVITY, "names the eSIM inside this domain", _KEPT),
    ),
    sa.Column(
        "owner",
        sa.LargeBinary(HASH_BYTES),
        index=True,
        info=declares(Category.CONNECTIVITY, "whose it is, until it is unlinked", _KEPT),
    ),
    sa.Column(
        "retrieval_hash",
        sa.LargeBinary(HASH_BYTES),
        unique=True,
        info=declares(Category.AUTHENTICATION, "finds an unlinked eSIM by its code", _KEPT),
    ),
    sa.Column(
        "token_hash",
        sa.LargeBinary(HASH_BYTES),
        unique=True,
        info=declares(
            Category.CONNECTIVITY, "makes one eSIM of one token, until it is spent", _KEPT
        ),
    ),
    _word("product", Category.CONNECTIVITY, "what was bought", _KEPT),
    _word("provider", Category.CONNECTIVITY, "whom to ask about it", _KEPT),
    _word("item", Category.CONNECTIVITY, "the provider's word for what was bought", _KEPT),
    sa.Column(
        "days",
        sa.Integer,
        nullable=False,
        info=declares(Category.CONNECTIVITY, "how long the plan lasts", _KEPT),
    ),
    _word("step", Category.CONNECTIVITY, "how far the order with the provider is", _KEPT),
    _word("standing", Category.CONNECTIVITY, "whether it lives, and how it ended", _KEPT),
    sa.Column(
        "history",
        sa.LargeBinary,
        info=declares(Category.CONNECTIVITY, "when each state was last told of, sealed", _KEPT),
    ),
    sa.Column(
        "iccid",
        sa.LargeBinary,
        info=declares(Category.CONNECTIVITY, "what the provider calls the profile, sealed", _KEPT),
    ),
    sa.Column(
        "iccid_hash",
        sa.LargeBinary(HASH_BYTES),
        unique=True,
        info=declares(Category.CONNECTIVITY, "finds the eSIM that a notice is about", _KEPT),
    ),
    sa.Column(
        "matching_id",
        sa.LargeBinary,
        info=declares(
            Category.AUTHENTICATION, "the activation code's id until it is installed, sealed", _KEPT
        ),
    ),
    sa.Column(
        "code",
        sa.LargeBinary,
        info=declares(
            Category.AUTHENTICATION, "the activation code until it is installed, sealed", _KEPT
        ),
    ),
    sa.Column(
        "purchased_on",
        sa.BigInteger,
        nullable=False,
        info=declares(Category.CONNECTIVITY, "the day it was bought, for its end", _KEPT),
    ),
    sa.Column(
        "notice_version",
        sa.Integer,
        nullable=False,
        info=declares(Category.CONNECTIVITY, "which compliance notice was acknowledged", _KEPT),
    ),
    sa.Column(
        "notice_at",
        sa.BigInteger,
        nullable=False,
        info=declares(Category.CONNECTIVITY, "the day the notice was acknowledged", _KEPT),
    ),
    sa.Column(
        "replaces",
        sa.LargeBinary(ID_BYTES),
        index=True,
        info=declares(Category.CONNECTIVITY, "which eSIM ends when this one is installed", _KEPT),
    ),
    sa.Column(
        "replacements",
        sa.Integer,
        nullable=False,
        info=declares(Category.ABUSE_PREVENTION, "bounds how often one is replaced", _KEPT),
    ),
    sa.Column(
        "refusals",
        sa.Integer,
        nullable=False,
        info=declares(Category.OPERATIONS, "makes a call a new one after a refusal", _KEPT),
    ),
    sa.Column(
        "purge_at",
        sa.BigInteger,
        nullable=False,
        index=True,
        info=declares(Category.CONNECTIVITY, "the day the record goes", _KEPT),
    ),
)

cancellation = sa.Table(
    "cancellation",
    metadata,
    sa.Column(
        "cancellation_id",
        sa.LargeBinary(ID_BYTES),
        primary_key=True,
        info=declares(Category.CONNECTIVITY, "names what a provider is still to be told", _WAITING),
    ),
    _word("provider", Category.CONNECTIVITY, "whom to tell", _WAITING),
    sa.Column(
        "iccid",
        sa.LargeBinary,
        nullable=False,
        info=declares(
            Category.CONNECTIVITY, "which profile ends, sealed, until it was told", _WAITING
        ),
    ),
    sa.Column(
        "attempts",
        sa.Integer,
        nullable=False,
        info=declares(Category.OPERATIONS, "spaces the tries", _WAITING),
    ),
    sa.Column(
        "due_at",
        sa.BigInteger,
        nullable=False,
        index=True,
        info=declares(Category.OPERATIONS, "when to try (again)", _WAITING),
    ),
    sa.Column(
        "ends_at",
        sa.BigInteger,
        nullable=False,
        index=True,
        info=declares(Category.OPERATIONS, "when trying ends", _WAITING),
    ),
)

support_note = sa.Table(
    "support_note",
    metadata,
    sa.Column(
        "reference",
        sa.String(32),
        primary_key=True,
        info=declares(Category.CONNECTIVITY, "what a person quotes to support", _NOTED),
    ),
    _word("concern", Category.CONNECTIVITY, "what it is about, from a closed list", _NOTED),
    _word("product", Category.CONNECTIVITY, "what was bought", _NOTED),
    _word("profile", Category.CONNECTIVITY, "the profile's state then", _NOTED),
    _word("commercial", Category.CONNECTIVITY, "the commercial state then", _NOTED),
    _word("association", Category.CONNECTIVITY, "whether an account had it then", _NOTED),
    sa.Column(
        "noted_on",
        sa.BigInteger,
        nullable=False,
        index=True,
        info=declares(Category.CONNECTIVITY, "the day of the note", _NOTED),
    ),
)

tally = sa.Table(
    "tally",
    metadata,
    sa.Column(
        "period",
        sa.BigInteger,
        primary_key=True,
        autoincrement=False,
        info=declares(Category.OPERATIONS, "the start of the thirty days counted", _COUNTED),
    ),
    sa.Column(
        "provider",
        sa.String(_WORD_CHARACTERS_MAX),
        primary_key=True,
        info=declares(Category.OPERATIONS, "whose bill is compared", _COUNTED),
    ),
    sa.Column(
        "event",
        sa.String(_WORD_CHARACTERS_MAX),
        primary_key=True,
        info=declares(Category.OPERATIONS, "what is counted", _COUNTED),
    ),
    sa.Column(
        "amount",
        sa.BigInteger,
        nullable=False,
        info=declares(Category.OPERATIONS, "how often; of whom is not known", _COUNTED),
    ),
)
