"""The devices' tables, each column with its purpose and its end."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table

from enigm.domains.devices.model import OWNER_REF_BYTES
from enigm.foundation.database import ROW_NUMBER, store_metadata
from enigm.foundation.inventory import (
    ACCOUNT_DELETION,
    Category,
    Retention,
    kept,
    until,
    until_column,
)

metadata = store_metadata("devices")

_EXPIRY = until_column("expires_at")
_REVOCATION = until("the device is revoked or its account deleted")
_HANDED_OUT = until("it is handed out, or the device is revoked or its account deleted")
_ID = LargeBinary(16)
_KEY = LargeBinary(32)
_OWNER = LargeBinary(OWNER_REF_BYTES)
_BYTES = LargeBinary()
_SECONDS = BigInteger()
_kept = partial(kept, Category.DEVICE)


def _owner(end: Retention, **options: Any) -> Column[Any]:
    return _kept("owner", _OWNER, "ties an owner's devices together", end, **options)


def _device_id(end: Retention, **options: Any) -> Column[Any]:
    return _kept("device_id", _ID, "names the device", end, **options)


chain = Table(
    "chain",
    metadata,
    _owner(ACCOUNT_DELETION, primary_key=True),
    _kept(
        "directory_name",
        _KEY,
        "lets others find the owner by a keyed hash of the name",
        ACCOUNT_DELETION,
        unique=True,
    ),
    kept(
        Category.TRANSPARENCY,
        "fingerprint",
        _KEY,
        "lets contacts find the owner's present devices",
        ACCOUNT_DELETION,
        unique=True,
    ),
    kept(
        Category.TRANSPARENCY,
        "root_public",
        _BYTES,
        "lets contacts check the chain",
        ACCOUNT_DELETION,
    ),
)

chain_entry = Table(
    "chain_entry",
    metadata,
    _owner(ACCOUNT_DELETION, primary_key=True),
    _kept(
        "sequence",
        Integer(),
        "orders the chain",
        ACCOUNT_DELETION,
        primary_key=True,
        autoincrement=False,
    ),
    kept(
        Category.TRANSPARENCY, "entry", _BYTES, "proves which devices are trusted", ACCOUNT_DELETION
    ),
)

device = Table(
    "device",
    metadata,
    _owner(ACCOUNT_DELETION, primary_key=True),
    _device_id(ACCOUNT_DELETION, primary_key=True),
    _kept("device_public", _KEY, "checks what the device signs", ACCOUNT_DELETION),
    _kept(
        "is_revoked",
        Integer(),
        "1 once the device is revoked: refuses it with the reason",
        ACCOUNT_DELETION,
    ),
    kept(
        Category.CONTENT_SEALED,
        "card",
        _BYTES,
        "tells who knows the name where to write; NULL once revoked",
        ACCOUNT_DELETION,
        nullable=True,
    ),
)

enrolment = Table(
    "enrolment",
    metadata,
    _owner(_EXPIRY, primary_key=True),
    _device_id(_EXPIRY, primary_key=True),
    _kept("device_public", _KEY, "what a trusted device may certify", _EXPIRY),
    kept(Category.CONTENT_SEALED, "card", _BYTES, "the card it will have when certified", _EXPIRY),
    _kept("requested_at", _SECONDS, "shown to the owner who decides", _EXPIRY),
    _kept("expires_at", _SECONDS, "ends the waiting", _EXPIRY, index=True),
)

key_package = Table(
    "key_package",
    metadata,
    _kept("number", ROW_NUMBER, "hands the oldest one out first", _HANDED_OUT, primary_key=True),
    _owner(_HANDED_OUT),
    _device_id(_HANDED_OUT, index=True),
    _kept("key_package", _BYTES, "lets others add the device while it is away", _HANDED_OUT),
)

last_resort = Table(
    "last_resort",
    metadata,
    _owner(_REVOCATION, primary_key=True),
    _device_id(_REVOCATION, primary_key=True),
    _kept("key_package", _BYTES, "adds the device when no other one is left", _REVOCATION),
)

nonce = Table(
    "nonce",
    metadata,
    kept(
        Category.ABUSE_PREVENTION,
        "nonce_hash",
        _KEY,
        "lets a signed request be used once",
        _EXPIRY,
        primary_key=True,
    ),
    kept(
        Category.ABUSE_PREVENTION,
        "expires_at",
        _SECONDS,
        "when the request is stale anyway",
        _EXPIRY,
        index=True,
    ),
)
