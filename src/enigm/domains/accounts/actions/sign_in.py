"""Sign-in: two messages of OPAQUE, at a price that rises with tries and never locks anyone out.

A guess costs the service one answer, and the guesser learns the result without saying so: what
counts is therefore a sign-in that was begun and not finished. An unknown name takes the same
path, row for row, with a decoy record in the account's place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.domains.accounts import rules
from enigm.domains.accounts.actions import opaque
from enigm.domains.accounts.errors import SignInFailedError, WorkNeededError
from enigm.domains.accounts.model import NOBODY, Audience, LoginId, PendingLogin, Purpose
from enigm.foundation.errors import ExhaustedError
from enigm.foundation.ids import random_id

if TYPE_CHECKING:
    from enigm.domains.accounts.actions.guard import Guard
    from enigm.domains.accounts.actions.names import Names
    from enigm.domains.accounts.actions.sessions import Sessions
    from enigm.domains.accounts.model import AccountId, OpaqueSecrets, SessionGrant, WorkProof
    from enigm.domains.accounts.needs import DeviceVoucher, DeviceVouching
    from enigm.domains.accounts.store import AccountRecords, AccountStore
    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.limits import Budgets


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """The first message of a sign-in, as it came."""

    lookup_id: bytes = field(repr=False)
    opaque_request: bytes = field(repr=False)
    proof: WorkProof | None = None
    voucher: DeviceVoucher | None = None


@dataclass(frozen=True, slots=True)
class SignIn:
    """Answers both messages."""

    store: AccountStore
    names: Names
    guard: Guard
    sessions: Sessions
    vouching: DeviceVouching
    secrets: OpaqueSecrets
    clock: Clock
    entropy: Entropy
    free_tries: Budgets

    def start(self, request: SignInRequest) -> tuple[LoginId, bytes]:
        """Answer the first message; raises WorkNeededError, MalformedOpaqueError."""
        name_ref = self.names.name_ref(request.lookup_id)
        with self.store.read() as records:
            kept = records.password_record(name_ref)
            asked = NOBODY if kept is None else kept.account_id
            if records.pins.is_closed(asked, self.clock.now_seconds()):
                kept = None
        account_id, record = (
            (None, self.secrets.decoy_record) if kept is None else (kept.account_id, kept.record)
        )
        device_id = self._vouching_device(request, account_id)
        attempts_ref = self.names.attempts_ref(name_ref, device_id or b"")
        response, state = opaque.answer_login(
            self.secrets, record, request.opaque_request, request.lookup_id
        )
        login_id = LoginId(random_id(self.entropy))
        now = self.clock.now_seconds()
        with self.store.begin() as records:
            device_ref = None if device_id is None else self.names.session_device_ref(device_id)
            login = PendingLogin(account_id, attempts_ref, state, device_ref)
            self._charge(records, login, request.proof, is_vouched=device_id is not None)
            records.add_login(login_id, login, now + rules.LOGIN_SECONDS)
        return login_id, response

    def finish(
        self, login_id: LoginId, finalization: bytes, audience: Audience = Audience.APP
    ) -> SessionGrant:
        """Check the last message and open a session; raises SignInFailedError."""
        with self.store.begin() as records:
            login = records.take_login(login_id, self.clock.now_seconds())
        if login is None:
            raise SignInFailedError("no such sign-in, or too late")
        opaque.check_login(finalization, login.state)
        if login.account_id is None:
            raise SignInFailedError("the decoy's password was given")
        with self.store.begin() as records:
            if records.name_ref(login.account_id) is None:
                raise SignInFailedError("the account was erased meanwhile")
            records.clear_attempts(login.attempts_ref)
            return self.sessions.open_session(records, login.account_id, audience, login.device_ref)

    def _vouching_device(
        self, request: SignInRequest, account_id: AccountId | None
    ) -> bytes | None:
        """Return which trusted device signed the request, if one did.

        Its tries are counted apart, so that strangers cannot make its owner wait.
        """
        if request.voucher is None:
            return None
        # A voucher for a name nobody has is checked too, and fails as a stranger's would.
        return self.vouching.vouched_by(account_id or NOBODY, request.voucher)

    def _charge(
        self,
        records: AccountRecords,
        login: PendingLogin,
        proof: WorkProof | None,
        *,
        is_vouched: bool,
    ) -> None:
        attempts_ref = login.attempts_ref
        now = self.clock.now_seconds()
        attempts = records.attempts(attempts_ref, login.account_id)
        price_bits = rules.sign_in_price_bits(rules.faded(attempts, now))
        if price_bits == 0 and not is_vouched and self._is_crowded():
            price_bits = rules.SIGN_IN_BITS_MIN
        if price_bits:
            if proof is None:
                demand = self.guard.demand(Purpose.SIGN_IN, attempts_ref, price_bits)
                raise WorkNeededError(demand.challenge, price_bits, demand.expires_at)
            self.guard.spend_work(records, Purpose.SIGN_IN, attempts_ref, proof, price_bits)
        records.set_attempts(attempts_ref, rules.one_more(attempts, now))

    def _is_crowded(self) -> bool:
        """Say whether so many begin to sign in that each has to work a little for it."""
        try:
            self.free_tries.take(b"everyone")
        except ExhaustedError:
            return True
        return False
