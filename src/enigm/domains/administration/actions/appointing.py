"""Invite administrators on the machine, list them, and revoke them so that one owner remains."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from enigm.domains.administration import rules, store
from enigm.domains.administration.errors import AdministratorUnknownError
from enigm.domains.administration.model import Act, AdministratorId, Invitation, Role

if TYPE_CHECKING:
    from enigm.domains.administration.model import Administrator
    from enigm.domains.administration.needs import AdministrationRecords
    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from enigm.foundation.entropy import Entropy

ID_BYTES: Final = 16
TOKEN_BYTES: Final = 32


class Appointments:
    """Says who is an administrator. Safe to share between threads."""

    def __init__(
        self, database: Database, clock: Clock, entropy: Entropy, records: AdministrationRecords
    ) -> None:
        """Keep the store, and where every appointment is recorded."""
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._records = records

    def invite(self, role: Role, label: str = "") -> bytes:
        """Return the secret of a link that enrols one administrator, once, within a day.

        Only the operator on the machine calls this: no page makes an administrator.

        Raises:
            LabelError: the label does not fit.
        """
        label = rules.require_label(label)
        token = self._entropy.random_bytes(TOKEN_BYTES)
        who = AdministratorId(self._entropy.random_bytes(ID_BYTES))
        ends_at = self._clock.now_seconds() + rules.INVITATION_SECONDS
        self._records.record(Act.INVITED, None, who)
        with self._database.begin() as connection:
            invited = Invitation(who, role, label, ends_at)
            store.invite(connection, hashlib.sha256(token).digest(), invited)
        return token

    def administrators(self) -> list[Administrator]:
        """Return every administrator, the oldest first."""
        with self._database.read() as connection:
            return store.administrators(connection)

    def invitations(self) -> list[Invitation]:
        """Return every link that was not used yet."""
        with self._database.read() as connection:
            return store.invitations(connection, self._clock.now_seconds())

    def revoke(self, going: AdministratorId, actor: AdministratorId | None = None) -> None:
        """End an administrator, with passkeys and sessions, or take an invitation back.

        Raises:
            AdministratorUnknownError: nobody has this id.
            LastOwnerError: no owner would be left.
        """
        with self._database.begin() as connection:
            found = store.administrators(connection, to_change=True)
            is_enrolled = any(each.administrator_id == going for each in found)
            if not is_enrolled and not store.forget_invitation(connection, going):
                raise AdministratorUnknownError
            owners = [each.administrator_id for each in found if each.role is Role.OWNER]
            rules.require_owner_left(owners, going)
            self._records.record(Act.REVOKED, actor, going)
            store.forget(connection, going)
