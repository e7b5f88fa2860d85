"""Find out whose handle one is: two other people approve, and every step is on the audit log."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from enigm.domains.handles import rules, store
from enigm.domains.handles.errors import HandleUnknownError
from enigm.domains.handles.model import Handle, Lookup, LookupId, PersonHandle, Scope, SubjectId
from enigm.domains.handles.needs import LookupRecords, LookupStep
from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    from enigm.domains.handles.actions.naming import HandleAuthority

LOOKUP_ID_BYTES = 16


class ReverseLookups:
    """Resolves handles, slowly and never quietly."""

    def __init__(self, authority: HandleAuthority, records: LookupRecords) -> None:
        """Keep the authority and where every step is recorded."""
        self._authority = authority
        self._records = records

    def ask(self, scope: Scope, handle: Handle, asker: PersonHandle) -> LookupId:
        """Open a request; it lapses after seven days."""
        lookup_id = LookupId(self._authority.entropy.random_bytes(LOOKUP_ID_BYTES))
        self._records.record(LookupStep.ASKED, asker, handle)
        with self._authority.database.begin() as connection:
            asked = Lookup(lookup_id, scope, handle, asker, ())
            store.keep_lookup(connection, asked, self._authority.clock.now_seconds())
        return lookup_id

    def approve(self, lookup_id: LookupId, person: PersonHandle) -> None:
        """Add one person's approval.

        Raises:
            HandleUnknownError: there is no such request, or it lapsed.
            AlreadyApprovedError: this person asked, or approved already.
        """
        lookup = self._find(lookup_id)
        rules.require_new_approver(lookup, person)
        self._records.record(LookupStep.APPROVED, person, lookup.handle)
        with self._authority.database.begin() as connection:
            now = self._authority.clock.now_seconds()
            store.keep_approval(connection, lookup_id, person, now)

    def resolve(self, lookup_id: LookupId, person: PersonHandle) -> SubjectId:
        """Return whose handle it is, once; the request is spent.

        Raises:
            ApprovalMissingError: fewer than two other people approved; the attempt is recorded.
            HandleExpiredError: the key was destroyed.
            HandleUnknownError: no request, or no device has this handle.
        """
        lookup = self._find(lookup_id)
        try:
            rules.require_approved(lookup)
        except Refusal:
            self._records.record(LookupStep.DENIED, person, lookup.handle)
            raise
        self._records.record(LookupStep.RESOLVED, person, lookup.handle)
        with self._authority.database.begin() as connection:
            key = self._authority.key(connection, lookup.scope)
            store.forget_lookup(connection, lookup_id)
            for subject in store.subjects(connection):
                made = rules.handle_for(key, lookup.scope, subject)
                if hmac.compare_digest(made, lookup.handle):
                    return subject
        raise HandleUnknownError

    def _find(self, lookup_id: LookupId) -> Lookup:
        with self._authority.database.read() as connection:
            found = store.find_lookup(connection, lookup_id)
        if found is None:
            raise HandleUnknownError
        return found
