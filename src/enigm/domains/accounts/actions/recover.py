"""Recovery: the phrase alone brings an account back, by the root key that it makes again.

Recovery is a state of its own: it asks for no session and trusts no device. What it changes is
the chain (one entry by the root), the password, and that every older session ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto import kdf
from enigm.domains.accounts.actions import opaque
from enigm.domains.accounts.errors import RecoveryRefusedError, WorkProofRefusedError
from enigm.domains.accounts.model import Purpose
from enigm.domains.accounts.needs import AccountDecision
from enigm.foundation.errors import Refusal
from enigm.wire.account_recovery import BACKUP_BYTES, verify_recovery
from enigm.wire.critical_action import reset_statement
from enigm.wire.device_chain import device_id_of, fingerprint_of, read_entry

if TYPE_CHECKING:
    from enigm.domains.accounts.actions.guard import Guard
    from enigm.domains.accounts.actions.names import Names
    from enigm.domains.accounts.actions.sessions import Sessions
    from enigm.domains.accounts.model import AccountId, Challenge, SessionGrant, WorkDemand
    from enigm.domains.accounts.needs import DecisionRecords, FirstDevice, TrustedDevices
    from enigm.domains.accounts.store import AccountRecords, AccountStore
    from enigm.foundation.keyfile import Keys


@dataclass(frozen=True, slots=True)
class RecoveryRequest:
    """Everything a recovery brings, as it came. No record: the old password stays."""

    fingerprint: bytes
    challenge: bytes
    signature: bytes = field(repr=False)
    device: FirstDevice
    opaque_record: bytes | None = field(repr=False)

    @property
    def stated(self) -> tuple[bytes, bytes]:
        """What the root key speaks of: itself, and the entry to add."""
        return self.device.root_public, self.device.chain_entry


@dataclass(frozen=True, slots=True)
class RecoveryRead:
    """A root key's wish to read its chain, as it came."""

    fingerprint: bytes
    challenge: bytes
    signature: bytes = field(repr=False)
    root_public: bytes = field(repr=False)

    @property
    def stated(self) -> tuple[bytes, bytes]:
        """What the root key speaks of: itself, and no entry."""
        return self.root_public, b""


@dataclass(frozen=True, slots=True)
class PinReset:
    """A root key's wish to set a new PIN, as it came."""

    fingerprint: bytes
    challenge: bytes
    signature: bytes = field(repr=False)
    root_public: bytes = field(repr=False)
    opaque_record: bytes = field(repr=False)

    @property
    def stated(self) -> tuple[bytes, bytes]:
        """What the root key speaks of: itself, and the PIN's new record."""
        return self.root_public, reset_statement(self.opaque_record)


class Recovery:
    """Hands out challenges and takes the root key's answers."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts it works with
        self,
        store: AccountStore,
        names: Names,
        guard: Guard,
        sessions: Sessions,
        devices: TrustedDevices,
        keys: Keys,
        decisions: DecisionRecords,
    ) -> None:
        """Keep what every deed needs."""
        self._decisions = decisions
        self._store = store
        self._names = names
        self._guard = guard
        self._sessions = sessions
        self._devices = devices
        self._decoy_key = keys.derive("accounts", "decoy backups")

    def start(self, fingerprint: bytes) -> tuple[WorkDemand, bytes]:
        """Return a challenge and the backup; for an unknown root, one made up and stable."""
        decoy = kdf.expand("sha256", self._decoy_key, fingerprint, BACKUP_BYTES)
        with self._store.read() as records:
            found = records.recovery(self._names.recovery_ref(fingerprint))
        demand = self._guard.demand(Purpose.RECOVERY, fingerprint, 0)
        return demand, decoy if found is None else found.backup

    def read_chain(self, read: RecoveryRead) -> list[bytes]:
        """Show the chain to its root key, so that the recovering device can add to it.

        The challenge stays unspent for the entry that follows. Raises RecoveryRefusedError.
        """
        self._check_word(read)
        with self._store.read() as records:
            found = records.recovery(self._names.recovery_ref(read.fingerprint))
        if found is None:
            raise RecoveryRefusedError("no such account")
        return self._devices.entries(found.account_id)

    def recover_account(self, request: RecoveryRequest) -> SessionGrant:
        """Check the root's word, certify the device, set the password, open a session.

        Raises RecoveryRefusedError, MalformedOpaqueError, and the chain's refusals.
        """
        self._devices.check_recovered(request.device)
        challenge = self._check_word(request)
        record = (
            None if request.opaque_record is None else opaque.read_record(request.opaque_record)
        )
        account_id = self._spend(request, challenge)
        self._decisions.record(AccountDecision.RECOVERED, account_id)
        self._devices.certify_recovered(account_id, request.device)
        with self._store.begin() as records:
            if record is not None:
                records.set_password_record(account_id, record)
            records.end_sessions(account_id)
            records.pins.lift_hold(account_id)
            device = device_id_of(read_entry(request.device.chain_entry).device_public)
            return self._sessions.open_session_on(records, account_id, device)

    def spend_word(self, records: AccountRecords, reset: PinReset, account_id: AccountId) -> None:
        """Take the root's word for a new PIN, once; raises RecoveryRefusedError."""
        challenge = self._check_word(reset)
        found = records.recovery(self._names.recovery_ref(reset.fingerprint))
        if found is None or found.account_id != account_id:
            raise RecoveryRefusedError("another account's root key")
        self._spend_challenge(records, reset.challenge, challenge)

    def _check_word(self, said: RecoveryRead | RecoveryRequest | PinReset) -> Challenge:
        root_public, entry = said.stated
        if not kdf.equal(fingerprint_of(root_public), said.fingerprint):
            raise RecoveryRefusedError("the root key is another one")
        try:
            challenge = self._guard.open(Purpose.RECOVERY, said.fingerprint, said.challenge)
            verify_recovery(root_public, said.challenge, entry, said.signature)
        except Refusal as error:
            raise RecoveryRefusedError(error.trace or error.code) from error
        return challenge

    def _spend(self, request: RecoveryRequest, challenge: Challenge) -> AccountId:
        with self._store.begin() as records:
            found = records.recovery(self._names.recovery_ref(request.fingerprint))
            kept_name = None if found is None else records.name_ref(found.account_id)
            if found is None or kept_name != self._names.name_ref(request.device.lookup_id):
                raise RecoveryRefusedError("no such account, or another name")
            self._spend_challenge(records, request.challenge, challenge)
            return found.account_id

    def _spend_challenge(
        self, records: AccountRecords, sealed: bytes, challenge: Challenge
    ) -> None:
        try:
            self._guard.spend(records, sealed, challenge)
        except WorkProofRefusedError as error:
            raise RecoveryRefusedError("the challenge was spent before") from error
