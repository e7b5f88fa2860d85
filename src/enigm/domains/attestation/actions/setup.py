"""Whom the operator believes, and what a good machine looks like; tried before it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from enigm.crypto.attestation.errors import AttestationRefusedError
from enigm.crypto.attestation.reference import open_manifest
from enigm.crypto.signatures import HYBRID_PUBLIC_BYTES
from enigm.domains.attestation import rules, store
from enigm.domains.attestation.errors import (
    AnchorInvalidError,
    AnchorUnknownError,
    NotSetUpError,
)
from enigm.domains.attestation.model import (
    Anchor,
    AnchorKind,
    ReferenceChange,
    Standing,
)

if TYPE_CHECKING:
    import sqlalchemy as sa

    from enigm.crypto.attestation.reference import ReferenceValues
    from enigm.domains.attestation.actions.records import AttestationRecords
    from enigm.domains.attestation.model import AttestationHandle


class AttestationSetup:
    """Trust anchors and reference values."""

    def __init__(self, records: AttestationRecords) -> None:
        """Keep the store."""
        self._records = records

    def believe_makers(self, pem: bytes) -> list[Anchor]:
        """Pin root certificates of TPM makers; raises AnchorInvalidError."""
        try:
            roots = x509.load_pem_x509_certificates(pem)
        except ValueError as error:
            raise AnchorInvalidError("The file holds no certificate in PEM form.") from error
        made = [_anchor(AnchorKind.MAKER, each.public_bytes(Encoding.DER)) for each in roots]
        with self._records.database.begin() as connection:
            if len(store.anchors(connection)) + len(made) > rules.ANCHORS_MAX:
                raise AnchorInvalidError(f"There are at most {rules.ANCHORS_MAX} trust anchors.")
            for each in made:
                store.keep_anchor(connection, each)
        return made

    def believe_reference_key(self, public: bytes) -> Anchor:
        """Pin the key that signs reference values, in place of another; AnchorInvalidError."""
        if len(public) != HYBRID_PUBLIC_BYTES:
            raise AnchorInvalidError("This is no public key for reference values.")
        made = _anchor(AnchorKind.REFERENCE_KEY, public)
        with self._records.database.begin() as connection:
            is_other = store.anchor.c.kind == AnchorKind.REFERENCE_KEY.value
            store.remove_anchors(connection, is_other)
            store.keep_anchor(connection, made)
        return made

    def remove(self, anchor_id: str) -> None:
        """Believe this one no more; raises AnchorUnknownError."""
        with self._records.database.begin() as connection:
            if not store.remove_anchors(connection, store.anchor.c.anchor_id == anchor_id):
                raise AnchorUnknownError

    def anchors(self) -> list[Anchor]:
        """Return whom the operator believes."""
        with self._records.database.read() as connection:
            return store.anchors(connection)

    def makers(self) -> list[x509.Certificate]:
        """Return the pinned roots; raises NotSetUpError where there is none."""
        found = [each.content for each in self.anchors() if each.kind is AnchorKind.MAKER]
        if not found:
            raise NotSetUpError("TPM maker whom it believes")
        return [x509.load_der_x509_certificate(each) for each in found]

    def reference(self) -> ReferenceValues:
        """Return the values in force; raises NotSetUpError, AttestationRefusedError."""
        with self._records.database.read() as connection:
            found = store.find_reference(connection)
            public = _reference_key(connection)
        if found is None:
            raise NotSetUpError("reference values")
        return open_manifest(found[1], public, now_seconds=self._records.clock.now_seconds())

    def try_reference(self, signed: bytes) -> ReferenceChange:
        """Say what a signed manifest would change, and change nothing."""
        with self._records.database.read() as connection:
            return self._change(connection, signed)[0]

    def load_reference(self, signed: bytes) -> ReferenceChange:
        """Put a signed manifest in force; verdicts on states that it leaves out end now.

        Raises:
            AttestationRefusedError: REFERENCE, REFERENCE_EXPIRED, REFERENCE_ROLLBACK.
            NotSetUpError: nobody may sign one yet.
        """
        with self._records.changing() as connection:
            change, ended = self._change(connection, signed)
            store.keep_reference(connection, change.version, signed)
            for handle in ended:
                kept = self._records.device(connection, handle, to_change=True)
                if kept is not None:
                    ended_now = msgspec.structs.replace(kept, verdict=b"")
                    self._records.replace(connection, handle, ended_now)
        return change

    def _change(
        self, connection: sa.Connection, signed: bytes
    ) -> tuple[ReferenceChange, list[AttestationHandle]]:
        public = _reference_key(connection)
        before, lowest = self._before(connection, public)
        now = self._records.clock.now_seconds()
        after = open_manifest(signed, public, now_seconds=now, version_min=lowest)
        known = rules.labels_of(after)
        ended = [handle for handle, label in self._good(connection) if label not in known]
        added, removed = sorted(known - before), sorted(before - known)
        change = ReferenceChange(after.version, tuple(added), tuple(removed), len(ended))
        return change, ended

    def _before(self, connection: sa.Connection, public: bytes) -> tuple[frozenset[str], int]:
        """Return the labels in force, and the lowest version that may follow."""
        found = store.find_reference(connection)
        if found is None:
            return frozenset(), 0
        version, signed = found
        try:
            return rules.labels_of(open_manifest(signed, public, now_seconds=None)), version + 1
        except AttestationRefusedError:
            # Signed by a key that is believed no more: nothing of it counts but its number.
            return frozenset(), version + 1

    def _good(self, connection: sa.Connection) -> list[tuple[AttestationHandle, str]]:
        now = self._records.clock.now_seconds()
        rows = [
            (handle, self._records.standing_of(self._records.opened(handle, sealed)))
            for handle, sealed in store.devices(connection, now)
        ]
        return [(handle, label) for handle, (standing, label) in rows if standing is Standing.GOOD]


def _anchor(kind: AnchorKind, content: bytes) -> Anchor:
    return Anchor(rules.anchor_id(content), kind, content)


def _reference_key(connection: sa.Connection) -> bytes:
    for each in store.anchors(connection):
        if each.kind is AnchorKind.REFERENCE_KEY:
            return each.content
    raise NotSetUpError("key that signs reference values")
