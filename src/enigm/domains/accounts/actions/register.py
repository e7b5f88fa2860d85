"""Registration: a name, a password that is never seen, a root key, and a first device."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto import kdf
from enigm.domains.accounts.actions import opaque
from enigm.domains.accounts.actions.guard import Invite
from enigm.domains.accounts.errors import NameTakenError, RootKeyInUseError
from enigm.domains.accounts.model import AccountId, NewAccount
from enigm.foundation.ids import random_id
from enigm.wire.account_registration import verify_registration
from enigm.wire.device_chain import device_id_of, fingerprint_of, read_entry

if TYPE_CHECKING:
    from enigm.domains.accounts.actions.answers import Answers
    from enigm.domains.accounts.actions.guard import Guard
    from enigm.domains.accounts.actions.names import Names
    from enigm.domains.accounts.actions.sessions import Sessions
    from enigm.domains.accounts.model import (
        Audience,
        NameRef,
        OpaqueSecrets,
        RecoveryRef,
        SessionGrant,
        WorkDemand,
        WorkProof,
    )
    from enigm.domains.accounts.needs import FirstDevice, TrustedDevices
    from enigm.domains.accounts.store import AccountRecords, AccountStore
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.limits import Budgets


@dataclass(frozen=True, slots=True)
class Registration:
    """Everything a registration brings, as it came."""

    device: FirstDevice
    opaque_record: bytes = field(repr=False)
    backup: bytes = field(repr=False)
    proof: WorkProof | Invite


@dataclass(frozen=True, slots=True)
class RootRegistration:
    """A registration where no device is at hand, as it came: the root key speaks for itself."""

    root_public: bytes = field(repr=False)
    lookup_id: bytes = field(repr=False)
    opaque_record: bytes = field(repr=False)
    backup: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    proof: WorkProof | Invite


@dataclass(frozen=True, slots=True)
class Registrar:
    """Registers accounts."""

    store: AccountStore
    names: Names
    guard: Guard
    sessions: Sessions
    devices: TrustedDevices
    secrets: OpaqueSecrets
    entropy: Entropy
    invite_tries: Budgets
    answers: Answers

    def required_guard(self) -> tuple[str, WorkDemand]:
        """Return what guards registration, and work that would do."""
        return self.guard.required, self.guard.registration_demand()

    def answer_opaque(self, lookup_id: bytes, request: bytes) -> bytes:
        """Answer OPAQUE's first message; the same work and size whether the name exists.

        Raises AnswersSpentError, MalformedOpaqueError. Each answer would let somebody who began one
        sign-in test a guess at home, past the price of a try: so few are given.
        """
        name_ref = self.names.name_ref(lookup_id)
        with self.store.begin() as records:
            kept = records.password_record(name_ref)
            account_id = None if kept is None else kept.account_id
            self.answers.take(records, self.names.answers_ref(name_ref), account_id)
        return opaque.answer_registration(self.secrets, request, lookup_id)

    def register_account(self, registration: Registration) -> SessionGrant:
        """Make the account, begin its device chain, and open its first session.

        Raises the refusals of the guard, of the chain, of OPAQUE, NameTakenError and
        RootKeyInUseError. A caller whose answer was lost may send the same again: where name,
        root and OPAQUE record are the ones kept, the account is its own and is opened.
        """
        fingerprint = self.devices.check_first(registration.device)
        lookup_id = registration.device.lookup_id
        record = opaque.read_record(registration.opaque_record)
        wanted = self._wanted(fingerprint, lookup_id, record, registration.backup)
        account_id = self._admit_and_add(registration.proof, wanted)
        # The name is ours now, so a chain under it can only be one whose account never came
        # to be. Should the process die here, recovery by phrase begins the chain.
        self.devices.begin(account_id, registration.device)
        with self.store.begin() as records:
            device = device_id_of(read_entry(registration.device.chain_entry).device_public)
            return self.sessions.open_session_on(records, account_id, device)

    def register_without_device(
        self, registration: RootRegistration, audience: Audience
    ) -> SessionGrant:
        """Make an account that trusts no device yet: recovery by the phrase brings its first one.

        Raises what ``register_account`` raises, and SignatureInvalidError or InvalidKeyError
        where the root key does not say that the account is its own.
        """
        verify_registration(
            registration.root_public,
            registration.lookup_id,
            registration.opaque_record,
            registration.backup,
            registration.signature,
        )
        fingerprint = fingerprint_of(registration.root_public)
        record = opaque.read_record(registration.opaque_record)
        wanted = self._wanted(fingerprint, registration.lookup_id, record, registration.backup)
        account_id = self._admit_and_add(registration.proof, wanted)
        with self.store.begin() as records:
            return self.sessions.open_session(records, account_id, audience)

    def _wanted(
        self, fingerprint: bytes, lookup_id: bytes, record: bytes, backup: bytes
    ) -> NewAccount:
        return NewAccount(
            AccountId(random_id(self.entropy)),
            self.names.name_ref(lookup_id),
            self.names.recovery_ref(fingerprint),
            record,
            backup,
        )

    def _admit_and_add(self, proof: WorkProof | Invite, wanted: NewAccount) -> AccountId:
        self._admit(proof)
        with self.store.begin() as records:
            if isinstance(proof, Invite):
                self.guard.admit_registration(records, proof)
            return self._add(records, wanted)

    def _admit(self, proof: WorkProof | Invite) -> None:
        if isinstance(proof, Invite):
            # An invite is given back when the name is taken: without a limit it would let its
            # holder ask for one name after another.
            self.invite_tries.take(hashlib.sha256(proof.secret).digest())
            return
        # Work is spent whatever comes next: asking which names exist has its price.
        with self.store.begin() as records:
            self.guard.admit_registration(records, proof)

    def _add(self, records: AccountRecords, wanted: NewAccount) -> AccountId:
        if records.add_account(wanted):
            if not records.add_recovery(wanted):
                raise RootKeyInUseError
            records.own_answers(self.names.answers_ref(wanted.name_ref), wanted.account_id)
            return wanted.account_id
        own = self._own(records, wanted.name_ref, wanted.recovery_ref, wanted.record)
        if own is None:
            raise NameTakenError
        return own

    def _own(
        self,
        records: AccountRecords,
        name_ref: NameRef,
        recovery_ref: RecoveryRef,
        record: bytes,
    ) -> AccountId | None:
        kept = records.password_record(name_ref)
        recovery = records.recovery(recovery_ref)
        if kept is None or recovery is None or kept.account_id != recovery.account_id:
            return None
        # The record is known to its maker alone, so who sends the same bytes is its maker.
        return kept.account_id if kdf.equal(kept.record, record) else None
