"""The tables of commerce, each column with its purpose and its end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, LargeBinary, String, Table

from enigm.domains.commerce.model.orders import ORDER_ID_BYTES
from enigm.domains.commerce.model.review import ORDER_HANDLE_BYTES
from enigm.foundation.database import store_metadata
from enigm.foundation.inventory import Category, kept, until, until_column
from enigm.foundation.outbox import outbox_table

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

metadata = store_metadata("commerce")

_ORDER_END: Final = until_column("ends_at")
_WITH_ORDER: Final = until("the order is erased")
_SHOP_END: Final = until("the service is taken down")
_BOOKS_END: Final = until("the books are no longer owed to the tax office")
_ID = LargeBinary(ORDER_ID_BYTES)
_HASH = LargeBinary(32)
_SEALED = LargeBinary()
_AMOUNT = BigInteger()
_SECONDS = BigInteger()
_WORD = String(24)
_kept = partial(kept, Category.COMMERCE)


def _of_order(name: str, kind: TypeEngine[Any], purpose: str, **options: Any) -> Column[Any]:
    return _kept(name, kind, purpose, _ORDER_END, **options)


shop_order = Table(
    "shop_order",
    metadata,
    _of_order("order_id", _ID, "names the order; random", primary_key=True),
    _of_order(
        "handle",
        LargeBinary(ORDER_HANDLE_BYTES),
        "names it to administrators, and to nobody else",
        unique=True,
    ),
    _of_order(
        "buyer",
        _HASH,
        "shows the buyer their own orders, by a name that only commerce has",
        nullable=True,
        index=True,
    ),
    _of_order(
        "comeback_hash",
        _HASH,
        "lets a guest come back, by a keyed hash of their code",
        nullable=True,
        unique=True,
    ),
    _of_order("country", String(2), "decides tax and whether we may sell: the one attribute"),
    _of_order("sku", String(7), "which offer was bought"),
    _of_order("product", String(7), "which product was bought"),
    _of_order("term_days", Integer(), "how long what was bought lasts; 0 has no end"),
    _of_order("catalogue_version", Integer(), "which prices held"),
    _of_order("policy_version", Integer(), "which rules decided"),
    _of_order("price_cents", _AMOUNT, "what was asked for, in EUR"),
    _of_order("method", _WORD, "how it is paid"),
    _of_order("currency", String(3), "what it is paid in"),
    _of_order("due", _AMOUNT, "what was asked for, in the method's currency"),
    _of_order("rate_id", String(120), "which rate the price was locked at, and who said so"),
    _of_order("reference", _ID, "names the order to its payment method; random", unique=True),
    _of_order("instruction", _SEALED, "shows where to pay: address or page, sealed", nullable=True),
    _of_order("confirmations_needed", Integer(), "when the payment is taken as made"),
    _of_order("confirmations_final", Integer(), "when it is taken as beyond recall", nullable=True),
    _of_order("state", _WORD, "where payments and time have brought it", index=True),
    _of_order("flags", Integer(), "paid too little, too much or late"),
    _of_order("decided", _WORD, "held, rejected, cancelled or refunded", nullable=True),
    _of_order("reason", String(40), "why it was decided so: a code"),
    _of_order("appeal", String(40), "why it should be looked at again: a code"),
    _of_order("day_at", _SECONDS, "the day it was opened, for limits and the buyer"),
    _of_order(
        "expires_at",
        _SECONDS,
        "when the price lock ends; rounded up to the day once it no longer matters",
        index=True,
    ),
    _of_order("final_at", _SECONDS, "when time makes it final", nullable=True, index=True),
    _of_order(
        "token_hash",
        _HASH,
        "recognises what activates it; gone when it is final and used",
        nullable=True,
        unique=True,
    ),
    _of_order(
        "token",
        _SEALED,
        "shows the buyer what activates it, sealed; gone when it is final and used",
        nullable=True,
    ),
    _of_order("token_state", _WORD, "whether it can be or was activated"),
    _of_order("standing", _WORD, "what was last told to whoever took it over"),
    _of_order("standing_number", Integer(), "orders what is told of a suspension"),
    _of_order("ends_at", _SECONDS, "when the order is erased", index=True),
    CheckConstraint("price_cents > 0 AND due > 0", name="priced"),
    sqlite_with_rowid=False,
)

payment = Table(
    "payment",
    metadata,
    _kept(
        "payment_ref",
        _HASH,
        "recognises a payment by a keyed hash of its name",
        _WITH_ORDER,
        primary_key=True,
    ),
    _kept("order_id", _ID, "which order it pays", _WITH_ORDER, index=True),
    _kept("rank", _AMOUNT, "orders what is told of it", _WITH_ORDER),
    _kept("kind", _WORD, "what was last told of it", _WITH_ORDER),
    _kept("amount", _AMOUNT, "how much it is", _WITH_ORDER),
    _kept("confirmations", Integer(), "how deep it is", _WITH_ORDER),
    _kept("confirmations_deepest", Integer(), "how deep it ever was", _WITH_ORDER),
    _kept("lateness", _WORD, "whether it came in time", _WITH_ORDER),
    _kept("value_cents", _AMOUNT, "what it was worth when seen", _WITH_ORDER, nullable=True),
    _kept("booked", _AMOUNT, "how much of it stands in the books", _WITH_ORDER),
    _kept("booked_cents", _AMOUNT, "what that was booked as", _WITH_ORDER),
    _kept("postings", Integer(), "numbers its transactions in the books", _WITH_ORDER),
    sqlite_with_rowid=False,
)

payment_fact = Table(
    "payment_fact",
    metadata,
    _kept("fact_hash", _HASH, "a fact counts once, by a keyed hash", _WITH_ORDER, primary_key=True),
    _kept("order_id", _ID, "which order it is of", _WITH_ORDER, index=True),
    sqlite_with_rowid=False,
)

method_cursor = Table(
    "method_cursor",
    metadata,
    _kept("method", _WORD, "which method", _SHOP_END, primary_key=True),
    _kept("cursor", _SEALED, "how far its payments were read, sealed", _SHOP_END),
    _kept("polls", _AMOUNT, "one reading counts, of several at once", _SHOP_END),
)

issued_address = Table(
    "issued_address",
    metadata,
    _kept("method", _WORD, "which wallet", _WITH_ORDER, primary_key=True),
    _kept("place_hash", _HASH, "finds whose money came, by place", _WITH_ORDER, primary_key=True),
    _kept("reference", _ID, "whose address it is", _WITH_ORDER, unique=True),
    _kept("place", _SEALED, "where the wallet keeps it, sealed", _WITH_ORDER),
    _kept("address", _SEALED, "where to pay, sealed", _WITH_ORDER),
    _kept("account", Integer(), "which book of the wallet", _WITH_ORDER),
    _kept("number", _AMOUNT, "which address of that book", _WITH_ORDER),
    sqlite_with_rowid=False,
)

address_count = Table(
    "address_count",
    metadata,
    _kept("method", _WORD, "which wallet", _SHOP_END, primary_key=True),
    _kept("account", Integer(), "which book of it", _SHOP_END, primary_key=True),
    _kept("highest", _AMOUNT, "no address is given out twice", _SHOP_END),
)

refund = Table(
    "refund",
    metadata,
    _of_order("order_id", _ID, "which order is paid back", primary_key=True),
    _of_order("reference", _ID, "names it to the payment method", unique=True),
    _of_order("claim_hash", _HASH, "recognises the link, once", nullable=True, unique=True),
    _of_order("method", _WORD, "how it goes back"),
    _of_order("currency", String(3), "in what it goes back"),
    _of_order("amount", _AMOUNT, "how much goes back"),
    _of_order("cents", _AMOUNT, "what is owed in the books"),
    _of_order("state", _WORD, "offered, claimed, noted or sent", index=True),
    _of_order("destination", _SEALED, "where the holder wants it, sealed", nullable=True),
    _of_order("noted_at", _SECONDS, "the hour: oldest first", nullable=True),
    _of_order("ends_at", _SECONDS, "when it is erased", index=True),
    sqlite_with_rowid=False,
)

ledger_txn = Table(
    "ledger_txn",
    metadata,
    _kept("txn_id", _ID, "names a transaction; random", _BOOKS_END, primary_key=True),
    _kept("idempotency_key", _HASH, "books it once", _BOOKS_END, unique=True),
    _kept("kind", _WORD, "what was booked", _BOOKS_END),
    _kept("day", Integer(), "the day of booking", _BOOKS_END, index=True),
    _kept(
        "reference",
        _ID,
        "an order's random name in the books",
        _BOOKS_END,
        nullable=True,
        index=True,
    ),
    _kept("sealed", Integer(), "nothing is added any more", _BOOKS_END),
    sqlite_with_rowid=False,
)

ledger_entry = Table(
    "ledger_entry",
    metadata,
    _kept("txn_id", _ID, "which transaction", _BOOKS_END, primary_key=True),
    _kept("line", Integer(), "which line of it", _BOOKS_END, primary_key=True, autoincrement=False),
    _kept("account", String(40), "whose balance moves", _BOOKS_END),
    _kept("amount", _AMOUNT, "by how much, in the smallest unit", _BOOKS_END),
    _kept("currency", String(3), "in what", _BOOKS_END),
    CheckConstraint("amount <> 0", name="moves"),
    sqlite_with_rowid=False,
)

ledger_reference = Table(
    "ledger_reference",
    metadata,
    _of_order("order_id", _ID, "which order", primary_key=True),
    _of_order("reference", _ID, "its random name in the books", unique=True),
    _of_order("ends_at", _SECONDS, "when nothing ties the two any more", index=True),
    sqlite_with_rowid=False,
)

trade_text = Table(
    "trade_text",
    metadata,
    _kept("kind", _WORD, "catalogue or trade policy", _SHOP_END, primary_key=True),
    _kept("version", Integer(), "its number", _SHOP_END, primary_key=True, autoincrement=False),
    _kept("text", String(), "what it says", _SHOP_END),
    _kept("signature", LargeBinary(64), "that the operator put it there", _SHOP_END),
)

trade_in_force = Table(
    "trade_in_force",
    metadata,
    _kept("kind", _WORD, "catalogue or trade policy", _SHOP_END, primary_key=True),
    _kept("version", Integer(), "which version holds", _SHOP_END),
    _kept("changes", Integer(), "how often it was changed", _SHOP_END),
    _kept("signature", LargeBinary(64), "that the operator put it in force", _SHOP_END),
)

ruling_count = Table(
    "ruling_count",
    metadata,
    _kept("day", Integer(), "the day", _SHOP_END, primary_key=True, autoincrement=False),
    _kept(
        "policy_version",
        Integer(),
        "which rules decided",
        _SHOP_END,
        primary_key=True,
        autoincrement=False,
    ),
    _kept("outcome", _WORD, "what they came to", _SHOP_END, primary_key=True),
    _kept("count", _AMOUNT, "how often", _SHOP_END),
)

outbox = outbox_table(metadata)
