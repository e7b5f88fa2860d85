"""The accounts' tables, each column with its purpose and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table

from enigm.foundation.database import store_metadata
from enigm.foundation.inventory import (
    ACCOUNT_DELETION,
    Category,
    Retention,
    declares,
    seconds_after,
    until,
    until_column,
)
from enigm.foundation.outbox import outbox_table

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

metadata = store_metadata("accounts")

# Longer than the heaviest count takes to fade (rules.ATTEMPTS_MAX of rules.ATTEMPT_FADES_SECONDS).
_ATTEMPTS_FORGOTTEN_SECONDS: Final = 8 * 3600
_SERVICE_END = until("the service is taken down")
_ATTEMPTS_END = seconds_after("updated_at", _ATTEMPTS_FORGOTTEN_SECONDS)
_EXPIRY = until_column("expires_at")
_DAY_END = until_column("ends_at")
_ID = LargeBinary(16)
_HASH = LargeBinary(32)
_SEALED = LargeBinary()
_SECONDS = BigInteger()


def _kept(
    name: str,
    kind: TypeEngine[Any],
    category: Category,
    purpose: str,
    end: Retention,
    **options: Any,
) -> Column[Any]:
    options.setdefault("nullable", False)
    return Column(name, kind, info=declares(category, purpose, end), **options)


def _account_id(purpose: str, end: Retention, **options: Any) -> Column[Any]:
    return _kept("account_id", _ID, Category.ACCOUNT, purpose, end, **options)


def _expires_at(category: Category, purpose: str) -> Column[Any]:
    return _kept("expires_at", _SECONDS, category, purpose, _EXPIRY, index=True)


account = Table(
    "account",
    metadata,
    _account_id("ties an account's rows together", ACCOUNT_DELETION, primary_key=True),
    _kept(
        "name_ref",
        _HASH,
        Category.ACCOUNT,
        "finds an account by a keyed hash of its name",
        ACCOUNT_DELETION,
        unique=True,
    ),
    _kept(
        "opaque_record",
        _SEALED,
        Category.AUTHENTICATION,
        "checks the password without knowing it",
        ACCOUNT_DELETION,
    ),
)

recovery = Table(
    "recovery",
    metadata,
    _account_id("names the account to recover", ACCOUNT_DELETION, primary_key=True),
    _kept(
        "recovery_ref",
        _HASH,
        Category.AUTHENTICATION,
        "finds an account by a keyed hash of its root key's fingerprint",
        ACCOUNT_DELETION,
        unique=True,
    ),
    _kept(
        "backup",
        _SEALED,
        Category.CONTENT_SEALED,
        "gives the phrase's owner the user name back",
        ACCOUNT_DELETION,
    ),
)

session = Table(
    "session",
    metadata,
    _kept(
        "token_hash",
        _HASH,
        Category.AUTHENTICATION,
        "recognises a session",
        _EXPIRY,
        primary_key=True,
    ),
    _kept(
        "session_id",
        _ID,
        Category.AUTHENTICATION,
        "lets its owner end a session",
        _EXPIRY,
        unique=True,
    ),
    _account_id("says whose session it is", _EXPIRY, index=True),
    _kept("created_at", _SECONDS, Category.AUTHENTICATION, "shown to its owner", _EXPIRY),
    _expires_at(Category.AUTHENTICATION, "ends the session"),
)

login = Table(
    "login",
    metadata,
    _kept(
        "login_id",
        _ID,
        Category.AUTHENTICATION,
        "ties a sign-in's two messages together",
        _EXPIRY,
        primary_key=True,
    ),
    _account_id("says who is signing in, if anyone", _EXPIRY, index=True, nullable=True),
    _kept(
        "attempts_ref",
        _HASH,
        Category.ABUSE_PREVENTION,
        "clears the count of tries",
        _EXPIRY,
    ),
    _kept("state", _SEALED, Category.AUTHENTICATION, "the service's half of OPAQUE", _EXPIRY),
    _expires_at(Category.AUTHENTICATION, "ends an unfinished sign-in"),
)

attempts = Table(
    "attempts",
    metadata,
    _kept(
        "attempts_ref",
        _HASH,
        Category.ABUSE_PREVENTION,
        "counts tries on one name",
        _ATTEMPTS_END,
        primary_key=True,
    ),
    _account_id("erases the count with its account", _ATTEMPTS_END, index=True, nullable=True),
    _kept("weight", Integer(), Category.ABUSE_PREVENTION, "prices the next try", _ATTEMPTS_END),
    _kept(
        "updated_at",
        _SECONDS,
        Category.ABUSE_PREVENTION,
        "lets the count fade",
        _ATTEMPTS_END,
        index=True,
    ),
)

spent_challenge = Table(
    "spent_challenge",
    metadata,
    _kept(
        "challenge_hash",
        _HASH,
        Category.ABUSE_PREVENTION,
        "lets a challenge be used once",
        _EXPIRY,
        primary_key=True,
    ),
    _expires_at(Category.ABUSE_PREVENTION, "when the challenge dies anyway"),
)

invite = Table(
    "invite",
    metadata,
    _kept(
        "invite_hash",
        _HASH,
        Category.ABUSE_PREVENTION,
        "recognises an invite",
        _EXPIRY,
        primary_key=True,
    ),
    _expires_at(Category.ABUSE_PREVENTION, "ends an unused invite"),
)

token_quota = Table(
    "token_quota",
    metadata,
    _account_id("says whose quota it is", _DAY_END, primary_key=True),
    _kept(
        "ends_at",
        _SECONDS,
        Category.ABUSE_PREVENTION,
        "the end of the day that is counted",
        _DAY_END,
        primary_key=True,
    ),
    _kept("signed", Integer(), Category.ABUSE_PREVENTION, "how many tokens were signed", _DAY_END),
)

service_secret = Table(
    "service_secret",
    metadata,
    _kept(
        "name", String(16), Category.OPERATIONS, "names the secret", _SERVICE_END, primary_key=True
    ),
    _kept(
        "opaque_setup",
        _SEALED,
        Category.AUTHENTICATION,
        "the service's OPAQUE keys",
        _SERVICE_END,
    ),
    _kept(
        "decoy_record",
        _SEALED,
        Category.AUTHENTICATION,
        "answers for names that nobody has",
        _SERVICE_END,
    ),
)

pin = Table(
    "pin",
    metadata,
    _account_id("says whose PIN it is", ACCOUNT_DELETION, primary_key=True),
    _kept(
        "record",
        _SEALED,
        Category.AUTHENTICATION,
        "checks the PIN without knowing it",
        ACCOUNT_DELETION,
        nullable=True,
    ),
    _kept(
        "duress_record",
        _SEALED,
        Category.AUTHENTICATION,
        "checks the duress PIN without knowing whether there is one",
        ACCOUNT_DELETION,
        nullable=True,
    ),
    _kept("tries", Integer(), Category.ABUSE_PREVENTION, "limits guesses", ACCOUNT_DELETION),
    _kept("locked_until", _SECONDS, Category.ABUSE_PREVENTION, "delays guesses", ACCOUNT_DELETION),
    _kept(
        "held_until",
        _SECONDS,
        Category.AUTHENTICATION,
        "holds critical actions after the duress PIN",
        ACCOUNT_DELETION,
    ),
    _kept(
        "is_hidden",
        Integer(),
        Category.AUTHENTICATION,
        "shows a PIN as removed within a hold",
        ACCOUNT_DELETION,
    ),
    _kept(
        "is_closed",
        Integer(),
        Category.AUTHENTICATION,
        "shows an account as deleted within a hold",
        ACCOUNT_DELETION,
    ),
)


def _asked_from() -> tuple[Column[Any], ...]:
    """Return what ties an entry and its grant to account, session, device and deed."""
    return (
        _account_id("says whose PIN is asked for", _EXPIRY, index=True),
        _kept("session_id", _ID, Category.AUTHENTICATION, "binds to one session", _EXPIRY),
        _kept("device_ref", _HASH, Category.AUTHENTICATION, "binds to one device", _EXPIRY),
        _kept("binding", _HASH, Category.AUTHENTICATION, "binds to one action", _EXPIRY),
    )


pin_attempt = Table(
    "pin_attempt",
    metadata,
    _kept(
        "attempt_id",
        _ID,
        Category.AUTHENTICATION,
        "ties a PIN's two messages together",
        _EXPIRY,
        primary_key=True,
    ),
    *_asked_from(),
    _kept("first_state", _SEALED, Category.AUTHENTICATION, "the service's half", _EXPIRY),
    _kept("second_state", _SEALED, Category.AUTHENTICATION, "the service's half", _EXPIRY),
    _kept("duress_place", Integer(), Category.AUTHENTICATION, "tells the two apart", _EXPIRY),
    _expires_at(Category.AUTHENTICATION, "ends an unfinished entry"),
)

pin_grant = Table(
    "pin_grant",
    metadata,
    _kept(
        "grant_hash",
        _HASH,
        Category.AUTHENTICATION,
        "recognises a grant",
        _EXPIRY,
        primary_key=True,
    ),
    *_asked_from(),
    _kept("is_duress", Integer(), Category.AUTHENTICATION, "has the action held", _EXPIRY),
    _expires_at(Category.AUTHENTICATION, "ends an unspent grant"),
)

outbox = outbox_table(metadata)
