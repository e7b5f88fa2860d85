"""The accounts' tables, each column with its purpose and its end."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table

from enigm.foundation.database import store_metadata
from enigm.foundation.inventory import (
    ACCOUNT_DELETION,
    Category,
    Retention,
    kept,
    seconds_after,
    until,
    until_column,
)
from enigm.foundation.outbox import outbox_table

metadata = store_metadata("accounts")

# Longer than the heaviest count takes to fade (rules.ATTEMPTS_MAX of rules.ATTEMPT_FADES_SECONDS).
_ATTEMPTS_FORGOTTEN_SECONDS: Final = 8 * 3600
_SERVICE_END = until("the service is taken down")
_ATTEMPTS_END = seconds_after("updated_at", _ATTEMPTS_FORGOTTEN_SECONDS)
# Longer than the fullest count takes to fade: a day, for either kind of answer.
_ANSWERS_END = seconds_after("updated_at", 86_400)
_EXPIRY = until_column("expires_at")
_DAY_END = until_column("ends_at")
_ID = LargeBinary(16)
_HASH = LargeBinary(32)
_SEALED = LargeBinary()
_SECONDS = BigInteger()


def _account_id(purpose: str, end: Retention, **options: Any) -> Column[Any]:
    return kept(Category.ACCOUNT, "account_id", _ID, purpose, end, **options)


def _expires_at(category: Category, purpose: str) -> Column[Any]:
    return kept(category, "expires_at", _SECONDS, purpose, _EXPIRY, index=True)


account = Table(
    "account",
    metadata,
    _account_id("ties an account's rows together", ACCOUNT_DELETION, primary_key=True),
    kept(
        Category.ACCOUNT,
        "name_ref",
        _HASH,
        "finds an account by a keyed hash of its name",
        ACCOUNT_DELETION,
        unique=True,
    ),
    kept(
        Category.AUTHENTICATION,
        "opaque_record",
        _SEALED,
        "checks the password without knowing it",
        ACCOUNT_DELETION,
    ),
)

recovery = Table(
    "recovery",
    metadata,
    _account_id("names the account to recover", ACCOUNT_DELETION, primary_key=True),
    kept(
        Category.AUTHENTICATION,
        "recovery_ref",
        _HASH,
        "finds an account by a keyed hash of its root key's fingerprint",
        ACCOUNT_DELETION,
        unique=True,
    ),
    kept(
        Category.CONTENT_SEALED,
        "backup",
        _SEALED,
        "gives the phrase's owner the user name back",
        ACCOUNT_DELETION,
    ),
)

session = Table(
    "session",
    metadata,
    kept(
        Category.AUTHENTICATION,
        "token_hash",
        _HASH,
        "recognises a session",
        _EXPIRY,
        primary_key=True,
    ),
    kept(
        Category.AUTHENTICATION,
        "session_id",
        _ID,
        "lets its owner end a session",
        _EXPIRY,
        unique=True,
    ),
    _account_id("says whose session it is", _EXPIRY, index=True),
    kept(Category.AUTHENTICATION, "created_at", _SECONDS, "shown to its owner", _EXPIRY),
    _expires_at(Category.AUTHENTICATION, "ends the session"),
    kept(
        Category.AUTHENTICATION,
        "audience",
        String(8),
        "tells its owner whether it is the App's or Command's",
        _EXPIRY,
        server_default="app",
    ),
    kept(
        Category.AUTHENTICATION,
        "device_ref",
        _HASH,
        "tells its owner which device signed in",
        _EXPIRY,
        nullable=True,
    ),
    kept(
        Category.ABUSE_PREVENTION,
        "pin_tries",
        Integer(),
        "limits guesses at the PIN from one session",
        _EXPIRY,
        server_default="0",
    ),
)

login = Table(
    "login",
    metadata,
    kept(
        Category.AUTHENTICATION,
        "login_id",
        _ID,
        "ties a sign-in's two messages together",
        _EXPIRY,
        primary_key=True,
    ),
    _account_id("says who is signing in, if anyone", _EXPIRY, index=True, nullable=True),
    kept(Category.ABUSE_PREVENTION, "attempts_ref", _HASH, "clears the count of tries", _EXPIRY),
    kept(Category.AUTHENTICATION, "state", _SEALED, "the service's half of OPAQUE", _EXPIRY),
    kept(
        Category.AUTHENTICATION,
        "device_ref",
        _HASH,
        "tells the session which device signed in",
        _EXPIRY,
        nullable=True,
    ),
    _expires_at(Category.AUTHENTICATION, "ends an unfinished sign-in"),
)

attempts = Table(
    "attempts",
    metadata,
    kept(
        Category.ABUSE_PREVENTION,
        "attempts_ref",
        _HASH,
        "counts tries on one name",
        _ATTEMPTS_END,
        primary_key=True,
    ),
    _account_id("erases the count with its account", _ATTEMPTS_END, index=True, nullable=True),
    kept(Category.ABUSE_PREVENTION, "weight", Integer(), "prices the next try", _ATTEMPTS_END),
    kept(
        Category.ABUSE_PREVENTION,
        "updated_at",
        _SECONDS,
        "lets the count fade",
        _ATTEMPTS_END,
        index=True,
    ),
)

opaque_answer = Table(
    "opaque_answer",
    metadata,
    kept(
        Category.ABUSE_PREVENTION,
        "answers_ref",
        _HASH,
        "counts answers that a guess could be tested with",
        _ANSWERS_END,
        primary_key=True,
    ),
    _account_id("erases the count with its account", _ANSWERS_END, index=True, nullable=True),
    kept(Category.ABUSE_PREVENTION, "weight", Integer(), "bounds the answers", _ANSWERS_END),
    kept(
        Category.ABUSE_PREVENTION,
        "updated_at",
        _SECONDS,
        "lets the count fade",
        _ANSWERS_END,
        index=True,
    ),
)

spent_challenge = Table(
    "spent_challenge",
    metadata,
    kept(
        Category.ABUSE_PREVENTION,
        "challenge_hash",
        _HASH,
        "lets a challenge be used once",
        _EXPIRY,
        primary_key=True,
    ),
    _expires_at(Category.ABUSE_PREVENTION, "when the challenge dies anyway"),
)

invite = Table(
    "invite",
    metadata,
    kept(
        Category.ABUSE_PREVENTION,
        "invite_hash",
        _HASH,
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
    kept(
        Category.ABUSE_PREVENTION,
        "ends_at",
        _SECONDS,
        "the end of the day that is counted",
        _DAY_END,
        primary_key=True,
    ),
    kept(Category.ABUSE_PREVENTION, "signed", Integer(), "how many tokens were signed", _DAY_END),
)

service_secret = Table(
    "service_secret",
    metadata,
    kept(
        Category.OPERATIONS, "name", String(16), "names the secret", _SERVICE_END, primary_key=True
    ),
    kept(
        Category.AUTHENTICATION, "opaque_setup", _SEALED, "the service's OPAQUE keys", _SERVICE_END
    ),
    kept(
        Category.AUTHENTICATION,
        "decoy_record",
        _SEALED,
        "answers for names that nobody has",
        _SERVICE_END,
    ),
)

pin = Table(
    "pin",
    metadata,
    _account_id("says whose PIN it is", ACCOUNT_DELETION, primary_key=True),
    kept(
        Category.AUTHENTICATION,
        "record",
        _SEALED,
        "checks the PIN without knowing it",
        ACCOUNT_DELETION,
        nullable=True,
    ),
    kept(
        Category.AUTHENTICATION,
        "duress_record",
        _SEALED,
        "checks the duress PIN without knowing whether there is one",
        ACCOUNT_DELETION,
        nullable=True,
    ),
    kept(Category.ABUSE_PREVENTION, "tries", Integer(), "limits guesses", ACCOUNT_DELETION),
    kept(Category.ABUSE_PREVENTION, "locked_until", _SECONDS, "delays guesses", ACCOUNT_DELETION),
    kept(
        Category.ABUSE_PREVENTION,
        "bare_tries",
        Integer(),
        "limits guesses that no device signs",
        ACCOUNT_DELETION,
        server_default="0",
    ),
    kept(
        Category.ABUSE_PREVENTION,
        "bare_locked_until",
        _SECONDS,
        "delays guesses that no device signs",
        ACCOUNT_DELETION,
        server_default="0",
    ),
    kept(
        Category.AUTHENTICATION,
        "held_until",
        _SECONDS,
        "holds critical actions after the duress PIN",
        ACCOUNT_DELETION,
    ),
    kept(
        Category.AUTHENTICATION,
        "is_hidden",
        Integer(),
        "shows a PIN as removed within a hold",
        ACCOUNT_DELETION,
    ),
    kept(
        Category.AUTHENTICATION,
        "is_closed",
        Integer(),
        "shows an account as deleted within a hold",
        ACCOUNT_DELETION,
    ),
)


def _asked_from() -> tuple[Column[Any], ...]:
    """Return what ties an entry and its grant to account, session, device and deed."""
    return (
        _account_id("says whose PIN is asked for", _EXPIRY, index=True),
        kept(Category.AUTHENTICATION, "session_id", _ID, "binds to one session", _EXPIRY),
        kept(Category.AUTHENTICATION, "device_ref", _HASH, "binds to one device", _EXPIRY),
        kept(Category.AUTHENTICATION, "binding", _HASH, "binds to one action", _EXPIRY),
    )


pin_attempt = Table(
    "pin_attempt",
    metadata,
    kept(
        Category.AUTHENTICATION,
        "attempt_id",
        _ID,
        "ties a PIN's two messages together",
        _EXPIRY,
        primary_key=True,
    ),
    *_asked_from(),
    kept(Category.AUTHENTICATION, "first_state", _SEALED, "the service's half", _EXPIRY),
    kept(Category.AUTHENTICATION, "second_state", _SEALED, "the service's half", _EXPIRY),
    kept(Category.AUTHENTICATION, "duress_place", Integer(), "tells the two apart", _EXPIRY),
    _expires_at(Category.AUTHENTICATION, "ends an unfinished entry"),
)

pin_grant = Table(
    "pin_grant",
    metadata,
    kept(
        Category.AUTHENTICATION,
        "grant_hash",
        _HASH,
        "recognises a grant",
        _EXPIRY,
        primary_key=True,
    ),
    *_asked_from(),
    kept(Category.AUTHENTICATION, "is_duress", Integer(), "has the action held", _EXPIRY),
    _expires_at(Category.AUTHENTICATION, "ends an unspent grant"),
)

outbox = outbox_table(metadata)
