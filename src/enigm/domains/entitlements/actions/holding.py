"""Activate, suspend, restore, end and show what accounts hold."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from enigm.domains.entitlements import rules
from enigm.domains.entitlements.errors import TokenEndedError, TokenUsedError
from enigm.domains.entitlements.events import TokenTaken
from enigm.domains.entitlements.model import (
    ENTITLEMENT_ID_BYTES,
    Activation,
    Entitlement,
    EntitlementId,
    EntitlementState,
    Holder,
    Told,
)
from enigm.domains.entitlements.store import outbox, records
from enigm.domains.entitlements.store.records import Link
from enigm.foundation.outbox import announce

if TYPE_CHECKING:
    import sqlalchemy as sa

    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.keyfile import Keys

# Longer than a payment ever takes to become final, and than its token can wait to be used.
LINK_SECONDS_MAX: Final = 400 * 86_400


class Entitlements:
    """Every deed of the domain. Nothing here is asked by whoever decides about trust or keys."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, entropy: Entropy) -> None:
        """Keep the store; derive the key of the domain's own token hashes."""
        self._database = database
        self._key = keys.derive("entitlements", "token hashes")
        self._clock = clock
        self._entropy = entropy

    def activate(self, holder: Holder, token: bytes, activation: Activation) -> Entitlement:
        """Give somebody what a token stands for; again for the same holder it changes nothing.

        Raises:
            TokenUsedError: another holder was quicker.
            TokenEndedError: it was taken back meanwhile.
        """
        token_hash = self._hashed(token)
        with self._database.begin() as connection:
            fresh = Link(token_hash, None, activation.told, activation.number, self._dies_at())
            records.add_link(connection, fresh)
            link = records.find_link(connection, token_hash)
            assert link is not None, "it was just written, or stood there before"
            if link.entitlement_id is not None:
                return self._activated_before(connection, holder, link)
            if rules.state_after(link.told) is EntitlementState.ENDED:
                raise TokenEndedError
            held = self._new(connection, holder, activation, link.told)
            records.add(connection, holder, held)
            records.save_link(connection, replace(link, entitlement_id=held.entitlement_id))
            announce(
                connection,
                outbox,
                TokenTaken.KIND,
                TokenTaken(token).encode(),
                entropy=self._entropy,
                clock=self._clock,
            )
        return held

    def tell(self, token: bytes, told: Told, number: int) -> None:
        """Take what the seller tells of something: a lower number than the last is old news."""
        token_hash = self._hashed(token)
        with self._database.begin() as connection:
            link = records.find_link(connection, token_hash)
            if link is None:
                # Told before it was activated: whoever activates it will find this.
                if told is not Told.FINAL:
                    fresh = Link(token_hash, None, told, number, self._dies_at())
                    records.add_link(connection, fresh)
                return
            if number <= link.number:
                return
            if link.entitlement_id is not None:
                state = rules.state_after(told)
                records.set_state(connection, link.entitlement_id, state)
            if told is Told.FINAL or (told is Told.ENDED and link.entitlement_id is not None):
                records.delete_link(connection, token_hash)
            else:
                records.save_link(connection, replace(link, told=told, number=number))

    def held_by(self, holder: Holder) -> list[Entitlement]:
        """Return what somebody holds, as it stands now."""
        now = self._clock.now_seconds()
        with self._database.read() as connection:
            found = records.of_holder(connection, holder)
        return [replace(each, state=rules.shown(each.state, each.ends_at, now)) for each in found]

    def erase(self, holder: Holder) -> None:
        """Erase what somebody held: the account is gone."""
        with self._database.begin() as connection:
            records.erase(connection, holder)

    def _activated_before(
        self, connection: sa.Connection, holder: Holder, link: Link
    ) -> Entitlement:
        for each in records.of_holder(connection, holder):
            if each.entitlement_id == link.entitlement_id:
                return each
        raise TokenUsedError

    def _new(
        self, connection: sa.Connection, holder: Holder, activation: Activation, told: Told
    ) -> Entitlement:
        held_until = [
            each.ends_at
            for each in records.of_holder(connection, holder)
            if each.product == activation.product
            and each.ends_at is not None
            and each.state is not EntitlementState.ENDED
        ]
        now = self._clock.now_seconds()
        starts_at, ends_at = rules.term(now, held_until, activation.term_days)
        return Entitlement(
            EntitlementId(self._entropy.random_bytes(ENTITLEMENT_ID_BYTES)),
            activation.product,
            rules.state_after(told),
            starts_at,
            ends_at,
            can_be_taken_back=True,
        )

    def _dies_at(self) -> int:
        now = self._clock.now_seconds()
        return now - now % rules.SECONDS_PER_DAY + LINK_SECONDS_MAX

    def _hashed(self, token: bytes) -> bytes:
        return hmac.new(self._key, token, hashlib.sha256).digest()
