"""What a caller does or shows before anything is made for them: work, or an invite."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from enigm.domains.accounts import rules
from enigm.domains.accounts.errors import InviteRefusedError, WorkProofRefusedError
from enigm.domains.accounts.model import Challenge, Purpose, WorkDemand, WorkProof

if TYPE_CHECKING:
    from enigm.domains.accounts.store import AccountRecords, AccountStore
    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.settings import RegistrationGuard

INVITE_BYTES: Final = 16
NO_SUBJECT: Final = b""


@dataclass(frozen=True, slots=True)
class Invite:
    """Leave to register once. Kept as a hash; shown when it is made and never again."""

    secret: bytes = field(repr=False)


class Guard:
    """Makes challenges, and checks and spends what is brought in answer."""

    def __init__(
        self, key: bytes, clock: Clock, entropy: Entropy, *, required: RegistrationGuard, bits: int
    ) -> None:
        """Take the key that seals challenges, and what registration costs."""
        self.required: RegistrationGuard = required
        self._key = key
        self._clock = clock
        self._entropy = entropy
        self._registration_bits = bits

    def registration_demand(self) -> WorkDemand:
        """Return the work that a registration costs."""
        return self.demand(Purpose.REGISTRATION, NO_SUBJECT, self._registration_bits)

    def demand(self, purpose: Purpose, subject: bytes, difficulty_bits: int) -> WorkDemand:
        """Return a fresh challenge, bound to what it is for."""
        expires_at = self._clock.now_seconds() + rules.CHALLENGE_SECONDS
        salt = self._entropy.random_bytes(rules.CHALLENGE_SALT_BYTES)
        challenge = Challenge(difficulty_bits, expires_at)
        sealed = rules.seal_challenge(self._key, purpose, subject, challenge, salt)
        return WorkDemand(sealed, difficulty_bits, expires_at)

    def admit_registration(self, records: AccountRecords, proof: WorkProof | Invite) -> None:
        """Spend what was brought; raises WorkProofRefusedError, InviteRefusedError."""
        if isinstance(proof, Invite):
            invite_hash = hashlib.sha256(proof.secret).digest()
            if not records.use_invite(invite_hash, self._clock.now_seconds()):
                raise InviteRefusedError
            return
        if self.required == "invite":
            raise InviteRefusedError
        self.spend_work(records, Purpose.REGISTRATION, NO_SUBJECT, proof, 0)

    def spend_work(
        self,
        records: AccountRecords,
        purpose: Purpose,
        subject: bytes,
        proof: WorkProof,
        price_bits: int,
    ) -> None:
        """Check work and mark it as spent; raises WorkProofRefusedError."""
        challenge = self.open(purpose, subject, proof.challenge)
        rules.check_work(challenge, proof, price_bits)
        self.spend(records, proof.challenge, challenge)

    def open(self, purpose: Purpose, subject: bytes, sealed: bytes) -> Challenge:
        """Check that a challenge is ours, is for this and lives."""
        now = self._clock.now_seconds()
        return rules.open_challenge(self._key, purpose, subject, sealed, now)

    def spend(self, records: AccountRecords, sealed: bytes, challenge: Challenge) -> None:
        """Mark a challenge as spent; raises WorkProofRefusedError where it already was."""
        challenge_hash = hashlib.sha256(sealed).digest()
        if not records.spend_challenge(challenge_hash, challenge.expires_at):
            raise WorkProofRefusedError("the challenge was spent before")


def create_invite(store: AccountStore, clock: Clock, entropy: Entropy) -> Invite:
    """Make an invite: it lets one account register within a week."""
    invite = Invite(entropy.random_bytes(INVITE_BYTES))
    with store.begin() as records:
        expires_at = clock.now_seconds() + rules.INVITE_SECONDS
        records.add_invite(hashlib.sha256(invite.secret).digest(), expires_at)
    return invite
