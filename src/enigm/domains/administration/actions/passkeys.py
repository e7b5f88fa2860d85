"""Enrol a passkey by a link, and sign in with it: user verified, challenge used once (WebAuthn)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

import webauthn
from webauthn.helpers import parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from enigm.domains.administration import rules, store
from enigm.domains.administration.errors import (
    ChallengeRefusedError,
    InvitationRefusedError,
    PasskeyRefusedError,
)
from enigm.domains.administration.model import (
    Act,
    Administrator,
    Passkey,
    SessionGrant,
    Step,
)
from enigm.foundation.encoding import base64url_decode
from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    import sqlalchemy as sa

    from enigm.domains.administration.model import BrowserTie, Invitation, RelyingParty
    from enigm.domains.administration.needs import AdministrationRecords
    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.keyfile import Keys

TOKEN_BYTES: Final = 32
Answer = Mapping[str, Any]
"""What the browser's credential says of itself as JSON (WebAuthn §5.1, ``toJSON``)."""


class Passkeys:
    """Runs both ceremonies. Safe to share between threads."""

    def __init__(
        self,
        database: Database,
        keys: Keys,
        clock: Clock,
        entropy: Entropy,
        party: RelyingParty,
        records: AdministrationRecords,
    ) -> None:
        """Keep the store and derive the key of challenges, which stands in no store."""
        self._database = database
        self._key = keys.derive("administration", "passkey challenges")
        self._clock = clock
        self._entropy = entropy
        self._party = party
        self._records = records

    @property
    def party(self) -> RelyingParty:
        """Where passkeys hold."""
        return self._party

    def begin_enrolment(self, token: bytes, tie: BrowserTie) -> str:
        """Return what the browser makes a passkey by, as JSON; raises InvitationRefusedError."""
        with self._database.begin() as connection:
            invited = self._invited(connection, token)
        options = webauthn.generate_registration_options(
            rp_id=self._party.host,
            rp_name="Enigm Command",
            # Shown by the authenticator alone, to tell two passkeys apart.
            user_name=f"Enigm administrator ({invited.role.value})",
            user_id=invited.administrator_id,
            challenge=self._challenge(Step.ENROL, tie),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
        return webauthn.options_to_json(options)

    def enrol(self, token: bytes, answer: Answer, tie: BrowserTie) -> Administrator:
        """Keep the passkey and use the link up; it opens no session yet.

        Raises:
            InvitationRefusedError, ChallengeRefusedError, PasskeyRefusedError.
        """
        with self._database.begin() as connection:
            invited = self._invited(connection, token)
            challenge = self._spent_challenge(connection, Step.ENROL, answer, tie)
            key = self._verified_new(invited, answer, challenge)
            now = self._clock.now_seconds()
            enrolled = Administrator(invited.administrator_id, invited.role, invited.label, now)
            self._records.record(Act.ENROLLED, enrolled.administrator_id)
            store.forget_invitation(connection, invited.administrator_id)
            if not store.add(connection, enrolled, key):
                raise PasskeyRefusedError("the passkey is enrolled already")
        return enrolled

    def begin_sign_in(self, tie: BrowserTie) -> str:
        """Return what any enrolled passkey may answer, as JSON; it names nobody."""
        options = webauthn.generate_authentication_options(
            rp_id=self._party.host,
            challenge=self._challenge(Step.SIGN_IN, tie),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return webauthn.options_to_json(options)

    def sign_in(self, answer: Answer, tie: BrowserTie) -> SessionGrant:
        """Open a session; a refusal of a passkey that is known here is recorded.

        Raises:
            PasskeyRefusedError, PasskeyCopiedError, ChallengeRefusedError.
        """
        credential_id = _octets(answer, "rawId")
        with self._database.read() as connection:
            key = store.find_passkey(connection, credential_id)
        if key is None:
            raise PasskeyRefusedError("no such passkey is enrolled")
        try:
            return self._signed_in(credential_id, answer, tie)
        except Refusal as refusal:
            who = key.administrator_id
            self._records.record(Act.SIGNED_IN, who, reason=refusal.code, is_allowed=False)
            raise

    def _signed_in(self, credential_id: bytes, answer: Answer, tie: BrowserTie) -> SessionGrant:
        token = self._entropy.random_bytes(TOKEN_BYTES)
        now = self._clock.now_seconds()
        with self._database.begin() as connection:
            key = store.find_passkey(connection, credential_id)
            if key is None:
                raise PasskeyRefusedError("the passkey was revoked meanwhile")
            challenge = self._spent_challenge(connection, Step.SIGN_IN, answer, tie)
            count = self._verified_count(key, answer, challenge)
            rules.require_growth(key.sign_count, count)
            self._records.record(Act.SIGNED_IN, key.administrator_id)
            store.set_count(connection, credential_id, count)
            ends_at = rules.session_end(now, now)
            token_hash = hashlib.sha256(token).digest()
            store.open_session(connection, token_hash, key.administrator_id, now, ends_at)
        return SessionGrant(token, now + rules.SESSION_SECONDS)

    def _challenge(self, step: Step, tie: BrowserTie) -> bytes:
        nonce = self._entropy.random_bytes(rules.NONCE_BYTES)
        ends_at = self._clock.now_seconds() + rules.CHALLENGE_SECONDS
        return rules.challenge_of(self._key, step, tie, nonce, ends_at)

    def _spent_challenge(
        self, connection: sa.Connection, step: Step, answer: Answer, tie: BrowserTie
    ) -> bytes:
        """Return the challenge that was signed, used up with the transaction."""
        try:
            stated = parse_client_data_json(_octets(answer, "response", "clientDataJSON"))
        except WebAuthnException as error:
            raise PasskeyRefusedError(str(error)) from error
        now = self._clock.now_seconds()
        ends_at = rules.challenge_end(self._key, step, tie, stated.challenge, now)
        if not store.keep_answer(connection, hashlib.sha256(stated.challenge).digest(), ends_at):
            raise ChallengeRefusedError
        return stated.challenge

    def _invited(self, connection: sa.Connection, token: bytes) -> Invitation:
        now, token_hash = self._clock.now_seconds(), hashlib.sha256(token).digest()
        found = store.find_invitation(connection, token_hash, now)
        if found is None:
            raise InvitationRefusedError
        return found

    def _verified_new(self, invited: Invitation, answer: Answer, challenge: bytes) -> Passkey:
        try:
            made = webauthn.verify_registration_response(
                credential=dict(answer),
                expected_challenge=challenge,
                expected_rp_id=self._party.host,
                expected_origin=list(self._party.origins),
                require_user_verification=True,
            )
        except WebAuthnException as error:
            raise PasskeyRefusedError(str(error)) from error
        return Passkey(
            made.credential_id,
            invited.administrator_id,
            made.credential_public_key,
            made.sign_count,
        )

    def _verified_count(self, key: Passkey, answer: Answer, challenge: bytes) -> int:
        """Return what the passkey counts now; whether that grew is asked afterwards."""
        try:
            verified = webauthn.verify_authentication_response(
                credential=dict(answer),
                expected_challenge=challenge,
                expected_rp_id=self._party.host,
                expected_origin=list(self._party.origins),
                credential_public_key=key.public_key,
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except WebAuthnException as error:
            raise PasskeyRefusedError(str(error)) from error
        return verified.new_sign_count


def _octets(answer: Answer, *path: str) -> bytes:
    found: Any = answer
    for name in path:
        found = cast("Answer", found).get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, str):
        raise PasskeyRefusedError("the answer is not a credential's")
    try:
        return base64url_decode(found)
    except Refusal as error:
        raise PasskeyRefusedError("the answer is not base64url") from error
