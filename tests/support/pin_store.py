"""One account's PIN over a store of its own, without HTTP: for histories and for what is killed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import opaque_snake

from enigm.domains.accounts import store as accounts_store
from enigm.domains.accounts.actions import load_or_make_secrets, opaque
from enigm.domains.accounts.actions.names import Names
from enigm.domains.accounts.actions.pin_grants import PinGrants, critical_deed
from enigm.domains.accounts.model import (
    AccountId,
    Caller,
    CriticalAction,
    Permit,
    PinGrant,
    SessionId,
    StartedPin,
)
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.sqlcipher import open_sqlcipher
from tests.support.databases import keys_of_tests

if TYPE_CHECKING:
    from pathlib import Path

    from enigm.domains.accounts.needs import AccountDecision
    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database

ACCOUNT = AccountId(b"a" * 16)
SESSION, DEVICE = SessionId(b"s" * 16), b"d" * 16
REAL, DURESS, WRONG = "271828", "314159", "161803"


@dataclass
class Decisions:
    """Keeps what was decided."""

    made: list[AccountDecision] = field(default_factory=list["AccountDecision"])

    def record(self, decision: AccountDecision, account_id: AccountId) -> None:
        del account_id
        self.made.append(decision)


class PinStore:
    """Opens the store at a path; what was set there before is there again."""

    def __init__(self, path: Path, clock: Clock) -> None:
        entropy = SystemEntropy()
        is_new = not path.exists()
        self.database: Database = open_sqlcipher(path, bytes(32), domain="accounts")
        if is_new:
            with self.database.begin() as connection:
                accounts_store.metadata.create_all(connection)
        self.store = accounts_store.AccountStore(self.database, keys_of_tests(), entropy)
        self.secrets = load_or_make_secrets(self.store, entropy)
        self.names = Names(keys_of_tests())
        self.decisions = Decisions()
        self.grants = PinGrants(
            self.store, self.names, self.secrets, clock, entropy, self.decisions
        )
        if is_new:
            self._set_both()

    def permit(self, grant: bytes | None = None) -> Permit:
        return Permit(Caller(ACCOUNT, SESSION, 0), DEVICE, grant)

    def start(self, pin: str, action: CriticalAction) -> tuple[StartedPin, list[bytes | None]]:
        """Send the first message; return the answer and what finishes each place."""
        client = opaque_snake.OpaqueClient()
        begun = [client.start_login(pin) for _ in range(2)]
        first, second = (bytes(request.to_bytes()) for request, _ in begun)
        started = self.grants.start(self.permit(), critical_deed(action), (first, second))
        if pin == WRONG:
            return started, [None, None]
        opened: list[bytes | None] = []
        for (_, state), response in zip(begun, started.responses, strict=True):
            sealed = opaque_snake.CredentialResponse.from_bytes(response)
            try:
                finished = client.finish_login(sealed, state, pin)
            except opaque_snake.OpaqueError:
                opened.append(None)
            else:
                opened.append(bytes(finished.finalization.to_bytes()))
        return started, opened

    def enter(self, pin: str, action: CriticalAction) -> PinGrant | None:
        """Enter a PIN; None where it opened nothing."""
        started, opened = self.start(pin, action)
        for place, finalization in enumerate(opened):
            if finalization is not None:
                return self.grants.finish(self.permit(), started.attempt_id, place, finalization)
        return None

    def _set_both(self) -> None:
        records = [self._record(pin) for pin in (REAL, DURESS)]
        with self.store.begin() as opened:
            opened.pins.row(ACCOUNT)
            opened.pins.set_record(ACCOUNT, records[0])
            opened.pins.set_duress_record(ACCOUNT, records[1])

    def _record(self, pin: str) -> bytes:
        client = opaque_snake.OpaqueClient()
        request, state = client.start_registration(pin)
        credential = self.names.pin_credential(ACCOUNT)
        octets = bytes(request.to_bytes())
        response = opaque.answer_registration(self.secrets, octets, credential)
        answer = opaque_snake.RegistrationResponse.from_bytes(response)
        upload = client.finish_registration(answer, state, pin).upload
        return opaque.read_record(bytes(upload.to_bytes()))
