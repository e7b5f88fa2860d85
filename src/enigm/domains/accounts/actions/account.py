"""One's own account: a new password, tokens for the day, and the end of it all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.accounts import rules
from enigm.domains.accounts.actions import opaque
from enigm.domains.accounts.actions.pin_grants import critical_deed
from enigm.domains.accounts.errors import TokenQuotaError
from enigm.domains.accounts.model import NOBODY, Course, CriticalAction
from enigm.domains.accounts.needs import AccountDecision

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.domains.accounts.actions.pin_grants import PinGrants
    from enigm.domains.accounts.actions.sessions import Sessions
    from enigm.domains.accounts.model import Caller, Permit, SessionGrant, SignedTokens
    from enigm.domains.accounts.needs import DecisionRecords, TokenSigner
    from enigm.domains.accounts.store import AccountStore
    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy


class OwnAccount:
    """What an account's owner does with it. Routes see to it that a trusted device asks."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts it works with
        self,
        store: AccountStore,
        sessions: Sessions,
        signer: TokenSigner,
        clock: Clock,
        entropy: Entropy,
        deliver_facts: Callable[[], None],
        decisions: DecisionRecords,
        grants: PinGrants,
    ) -> None:
        """Keep what every deed needs; ``deliver_facts`` hands over what was announced."""
        self._store = store
        self._sessions = sessions
        self._signer = signer
        self._clock = clock
        self._entropy = entropy
        self._deliver_facts = deliver_facts
        self._decisions = decisions
        self._grants = grants

    def change_password(self, permit: Permit, upload: bytes) -> SessionGrant:
        """Replace the OPAQUE record, end every session, open a new one.

        Under duress, too: the recovery phrase undoes it, and a password that did not change
        would lock the owner's other devices out.
        """
        record, caller = opaque.read_record(upload), permit.caller
        deed = critical_deed(CriticalAction.PASSWORD_CHANGE, upload)
        with self._store.begin() as records:
            self._grants.spend_within(records, permit, deed)
            records.set_password_record(caller.account_id, record)
            records.end_sessions(caller.account_id)
            return self._sessions.open_session_on(records, caller.account_id, permit.device_id)

    def sign_tokens(self, caller: Caller, blinded: list[bytes]) -> SignedTokens:
        """Sign blinded tokens within the day's quota; raises TokenQuotaError."""
        now = self._clock.now_seconds()
        ends_at = rules.quota_day_end(now)
        with self._store.begin() as records:
            total = records.count_tokens(caller.account_id, ends_at, len(blinded))
            if total > rules.TOKENS_PER_DAY:
                raise TokenQuotaError(ends_at - now)
        return self._signer.evaluate(blinded)

    def token_key(self) -> bytes:
        """Return the key that tokens are checked against."""
        return self._signer.public_key()

    def erase_account(self, permit: Permit) -> None:
        """Erase everything of the account, here and elsewhere, now.

        There is no grace period: the person was told "now". What is kept elsewhere goes by an
        announcement, which a courier repeats should this process die before it is heard.
        Under duress the same is done to nobody, and the account is shown as gone.
        """
        account_id, deed = permit.caller.account_id, critical_deed(CriticalAction.ACCOUNT_DELETE)
        with self._store.begin() as records:
            is_held = self._grants.spend_within(records, permit, deed) is Course.HOLD
            decision = AccountDecision.HELD if is_held else AccountDecision.DELETED
            self._decisions.record(decision, account_id)
            records.end_sessions(account_id)
            records.pins.close(account_id)
            records.erase(NOBODY if is_held else account_id, self._clock, self._entropy)
        self._deliver_facts()
