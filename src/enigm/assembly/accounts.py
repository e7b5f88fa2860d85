"""Builds the deeds of accounts over their store, for the account path and for Command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from enigm.domains.accounts import store as accounts_store
from enigm.domains.accounts.actions import Accounts, load_or_make_secrets
from enigm.domains.accounts.actions.account import OwnAccount
from enigm.domains.accounts.actions.answers import Answers
from enigm.domains.accounts.actions.guard import Guard
from enigm.domains.accounts.actions.names import Names
from enigm.domains.accounts.actions.pin_grants import PinGrants
from enigm.domains.accounts.actions.pins import Pins
from enigm.domains.accounts.actions.recover import Recovery
from enigm.domains.accounts.actions.register import Registrar
from enigm.domains.accounts.actions.sessions import Sessions
from enigm.domains.accounts.actions.sign_in import SignIn
from enigm.foundation.limits import Budgets, Limit

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.assembly.surroundings import Surroundings
    from enigm.domains.accounts.needs import (
        DecisionRecords,
        DeviceVouching,
        TokenSigner,
        TrustedDevices,
    )
    from enigm.foundation.database import Database

# About 0.3 s of one core for a person who registers once, and an hour for ten thousand names.
PROOF_BITS_DEFAULT: Final = 18
PROOF_BITS_SETTING: Final = "accounts.proof_difficulty_bits"
# Beyond this many sign-ins a minute and process, each costs a little work: nobody is locked out.
FREE_SIGN_INS: Final = Limit("accounts.free_sign_ins", 600, 60)
# An invite is given back when a name is taken; this bounds asking for names with it.
INVITE_TRIES: Final = Limit("accounts.invite_tries", 20, 3600)
# Each answer to a registration lets a guess be tested elsewhere. One costs a person one; a guesser
# gets fewer a day than sign-in's price lets through, and a victim waits seconds, not hours.
REGISTRATION_ANSWERS: Final = Limit("accounts.registration_answers", 120, 3600)
# Setting both PINs takes two; a million guesses at ten a day outlast everyone, as locked tries do.
PIN_ANSWERS: Final = Limit("accounts.pin_answers", 10, 86_400)


@dataclass(frozen=True, slots=True)
class Provided:
    """What crossings provide to accounts."""

    chains: TrustedDevices
    trust: DeviceVouching
    signer: TokenSigner
    decisions: DecisionRecords
    hand_over: Callable[[], None]


def build_accounts(around: Surroundings, database: Database, provided: Provided) -> Accounts:
    """Return every deed of accounts."""
    keys, clock, entropy = around.keys, around.clock, around.entropy
    limits = around.settings.limits
    store = accounts_store.AccountStore(database, keys, entropy)
    secrets = load_or_make_secrets(store, entropy)
    names = Names(keys)
    guard = Guard(
        keys.derive("accounts", "challenges"),
        clock,
        entropy,
        required=around.settings.registration_guard,
        bits=limits.get(PROOF_BITS_SETTING, PROOF_BITS_DEFAULT),
    )
    chains, trust, decisions = provided.chains, provided.trust, provided.decisions
    sessions = Sessions(store, names, chains, clock, entropy)
    invite_tries = Budgets(INVITE_TRIES.overridden(limits), clock, entropy)
    free_tries = Budgets(FREE_SIGN_INS.overridden(limits), clock, entropy)
    answers = Answers(REGISTRATION_ANSWERS.overridden(limits), clock)
    pin_answers = Answers(PIN_ANSWERS.overridden(limits), clock)
    recovery = Recovery(store, names, guard, sessions, chains, keys, decisions)
    grants = PinGrants(store, names, secrets, clock, entropy, decisions)
    return Accounts(
        registrar=Registrar(
            store, names, guard, sessions, chains, secrets, entropy, invite_tries, answers
        ),
        sign_in=SignIn(store, names, guard, sessions, trust, secrets, clock, entropy, free_tries),
        recovery=recovery,
        sessions=sessions,
        own=OwnAccount(
            store, sessions, provided.signer, clock, entropy, provided.hand_over, decisions, grants
        ),
        pins=Pins(store, names, secrets, clock, decisions, grants, recovery, pin_answers),
    )
