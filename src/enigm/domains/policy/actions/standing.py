"""Keeps what is in force for whom as one signed statement, whose number only grows.

A signed text alone could be put back by whoever writes to the store: an older version is signed,
too. So the choice of versions, and who they are assigned to, is signed together with a number.
A statement below the newest number that was seen, or that the audit log recorded, is a rollback
and decides nothing (foundation.rollback).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from enigm.crypto.errors import SignatureInvalidError
from enigm.crypto.signatures import Hybrid
from enigm.domains.policy import rules, store
from enigm.domains.policy.errors import (
    PolicyRolledBackError,
    PolicyUnknownError,
    PolicyUnverifiableError,
)
from enigm.domains.policy.model import PolicyChange, PolicyVersion, Standing
from enigm.foundation.rollback import NewestNumber

if TYPE_CHECKING:
    import sqlalchemy as sa

    from enigm.domains.policy.needs import ChangeRecords
    from enigm.foundation.keyfile import Keys

_TEXT_CONTEXT = b"enigm policy v1"
_STANDING_CONTEXT = b"enigm policy standing v1"
DEFAULT_NAME = "default"


class SignedPolicies:
    """Signs and checks texts and the statement. Safe to share between threads."""

    def __init__(self, keys: Keys, records: ChangeRecords) -> None:
        """Keep the key that signs, and where changes are recorded."""
        self._key = Hybrid.from_seed(keys.derive("policy", "signing key"))
        self._records = records
        self._newest = NewestNumber(records.newest_number)

    def sign_text(self, name: str, version: int, text: str) -> PolicyVersion:
        """Return a text under its name and version, signed."""
        message = rules.signed_bytes(name, version, text)
        signature = Hybrid.sign(self._key.private, message, _TEXT_CONTEXT)
        return PolicyVersion(name, version, text, signature)

    def verified_text(self, connection: sa.Connection, name: str, version: int) -> PolicyVersion:
        """Return a text; raises PolicyUnknownError, PolicyUnverifiableError."""
        found = store.find_version(connection, name, version)
        if found is None:
            raise PolicyUnknownError
        self._verify(
            rules.signed_bytes(found.name, found.version, found.text),
            found.signature,
            _TEXT_CONTEXT,
        )
        return found

    def begin(self, connection: sa.Connection) -> None:
        """Write the default policy and the first statement where there is nothing yet.

        Only that first statement is signed without being asked for: rows that say anything else
        and have no statement are somebody's doing.
        """
        if store.find_standing(connection) is not None:
            return
        found = store.rows_alone(connection)
        first = {DEFAULT_NAME: 1}
        if found.assigned or found.in_force not in ({}, first):
            return
        if not found.in_force:
            # Processes that start together write the same first version; one of them wins.
            store.begin_policy(connection, self.sign_text(DEFAULT_NAME, 1, rules.DEFAULT_POLICY))
        store.begin_standing(connection, 1, self._signature(Standing(1, first, {})))

    def standing(self, connection: sa.Connection, *, to_change: bool = False) -> Standing:
        """Return what is in force for whom.

        Raises:
            PolicyUnverifiableError: the rows are not those that were signed.
            PolicyRolledBackError: a newer statement was seen or recorded before.
        """
        newest = self._newest.known()
        found = store.find_standing(connection, to_change=to_change)
        if found is None:
            raise PolicyRolledBackError
        standing, signature = found
        self._verify(rules.standing_bytes(standing), signature, _STANDING_CONTEXT)
        if standing.number < newest:
            raise PolicyRolledBackError
        self._newest.saw(standing.number)
        return standing

    def change(self, connection: sa.Connection, change: PolicyChange, before: Standing) -> None:
        """Record a change and sign the rows as they stand in this transaction.

        A crash between the two leaves the log one ahead of the store: decisions then stop until
        an operator looks and confirms. The other order would leave a change on no record.
        """
        number = self._newest.after(before.number)
        self._records.record(change, number)
        self._newest.saw(number)
        after = replace(store.rows_alone(connection), number=number)
        store.keep_standing(connection, number, self._signature(after))

    def _signature(self, standing: Standing) -> bytes:
        return Hybrid.sign(self._key.private, rules.standing_bytes(standing), _STANDING_CONTEXT)

    def _verify(self, message: bytes, signature: bytes, context: bytes) -> None:
        try:
            Hybrid.verify(self._key.public, message, signature, context)
        except SignatureInvalidError as error:
            raise PolicyUnverifiableError from error
