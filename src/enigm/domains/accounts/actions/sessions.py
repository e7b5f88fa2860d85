"""Sessions: six absolute hours from a sign-in, whatever is done with them.

A session is opened for one audience, and its token is kept under a hash that names it: what opens
the account path opens no page of Command, and the other way round.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from enigm.domains.accounts import rules
from enigm.domains.accounts.errors import SessionEndedError, SessionUnknownError
from enigm.domains.accounts.model import (
    Audience,
    Caller,
    OwnSession,
    Session,
    SessionGrant,
    SessionId,
)
from enigm.foundation.ids import random_id

if TYPE_CHECKING:
    from enigm.domains.accounts.actions.names import Names
    from enigm.domains.accounts.model import AccountId
    from enigm.domains.accounts.needs import TrustedDevices
    from enigm.domains.accounts.store import AccountRecords, AccountStore
    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy

TOKEN_BYTES: Final = 32


class Sessions:
    """Opens, recognises, lists and ends sessions."""

    def __init__(
        self,
        store: AccountStore,
        names: Names,
        devices: TrustedDevices,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        """Keep what every deed needs, and who knows an account's devices."""
        self._store = store
        self._names = names
        self._devices = devices
        self._clock = clock
        self._entropy = entropy

    def open_session(
        self,
        records: AccountRecords,
        account_id: AccountId,
        audience: Audience = Audience.APP,
        device_ref: bytes | None = None,
    ) -> SessionGrant:
        """Open a session within the caller's transaction."""
        now = self._clock.now_seconds()
        token = self._entropy.random_bytes(TOKEN_BYTES)
        ends_at = now + rules.SESSION_SECONDS
        session_id = SessionId(random_id(self._entropy))
        session = Session(session_id, now, ends_at, audience, device_ref)
        held = records.sessions(account_id, now)
        for oldest in held[: max(0, len(held) + 1 - rules.SESSIONS_MAX)]:
            records.end_session(account_id, oldest.session_id)
        records.add_session(account_id, _hash(token, audience), session)
        return SessionGrant(token, session.expires_at)

    def open_session_on(
        self, records: AccountRecords, account_id: AccountId, device_id: bytes
    ) -> SessionGrant:
        """Open the App's session on a device that is known to ask for it."""
        device_ref = self._names.session_device_ref(device_id)
        return self.open_session(records, account_id, device_ref=device_ref)

    def recognise(self, token: bytes, audience: Audience = Audience.APP) -> Caller:
        """Return whose session this is, at this audience; raises SessionEndedError."""
        with self._store.read() as records:
            found = records.living_session(_hash(token, audience), self._clock.now_seconds())
        if found is None:
            raise SessionEndedError
        return found

    def list_sessions(self, caller: Caller) -> list[OwnSession]:
        """Return the caller's living sessions, oldest first, each with the device it is on."""
        with self._store.read() as records:
            found = records.sessions(caller.account_id, self._clock.now_seconds())
        named = {
            self._names.session_device_ref(device_id): device_id
            for device_id in self._devices.device_ids(caller.account_id)
        }
        return [OwnSession(each, named.get(each.device_ref or b"")) for each in found]

    def end_session(self, caller: Caller, session_id: SessionId) -> None:
        """End one of the caller's sessions; raises SessionUnknownError."""
        with self._store.begin() as records:
            if not records.end_session(caller.account_id, session_id):
                raise SessionUnknownError


def _hash(token: bytes, audience: Audience) -> bytes:
    return hashlib.sha256(audience.value + token).digest()
