"""An administrator's session: recognised, asked for its role, recorded before each deed, ended."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from enigm.domains.administration import rules, store
from enigm.domains.administration.errors import (
    AdministratorNeededError,
    AdministratorSessionEndedError,
)
from enigm.domains.administration.model import Act, Deed, SignedIn

if TYPE_CHECKING:
    from enigm.domains.administration.needs import AdministrationRecords
    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from enigm.foundation.errors import Refusal


class AdministratorSessions:
    """Recognises sessions. Safe to share between threads."""

    def __init__(self, database: Database, clock: Clock, records: AdministrationRecords) -> None:
        """Keep the store, and where every deed is recorded."""
        self._database = database
        self._clock = clock
        self._records = records

    def recognise(self, token: bytes | None) -> SignedIn:
        """Return who acts, and let the session live on.

        Raises:
            AdministratorNeededError: no token came along.
            AdministratorSessionEndedError: it opens nothing any more.
        """
        if token is None:
            raise AdministratorNeededError
        now, token_hash = self._clock.now_seconds(), hashlib.sha256(token).digest()
        with self._database.read() as connection:
            found = store.find_session(connection, token_hash, now)
        if found is None:
            raise AdministratorSessionEndedError
        who, created_at, ends_at = found
        longer = rules.session_end(created_at, now)
        if longer - ends_at >= rules.WRITTEN_SECONDS:
            with self._database.begin() as connection:
                store.prolong(connection, token_hash, longer)
            ends_at = longer
        return SignedIn(who, ends_at, now - created_at)

    @staticmethod
    def require(who: SignedIn, deed: Deed) -> None:
        """Return if the administrator's role does this; raises RoleRefusedError."""
        rules.require_role(who.administrator.role, deed)

    @staticmethod
    def deeds(who: SignedIn) -> frozenset[Deed]:
        """Return what the administrator's role does."""
        return frozenset(
            deed for deed, roles in rules.ALLOWED.items() if who.administrator.role in roles
        )

    def record(self, who: SignedIn, deed: Deed, refusal: Refusal | None = None) -> None:
        """Record a deed before it is done, or what refused it."""
        reason = deed.value if refusal is None else refusal.code
        actor = who.administrator.administrator_id
        self._records.record(Act.ACTED, actor, reason=reason, is_allowed=refusal is None)

    def end(self, token: bytes) -> None:
        """Sign out."""
        with self._database.begin() as connection:
            store.end_session(connection, hashlib.sha256(token).digest())
