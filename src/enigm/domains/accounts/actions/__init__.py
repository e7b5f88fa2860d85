"""What can be done with accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.domains.accounts.actions import opaque

if TYPE_CHECKING:
    from enigm.domains.accounts.actions.account import OwnAccount
    from enigm.domains.accounts.actions.pins import Pins
    from enigm.domains.accounts.actions.recover import Recovery
    from enigm.domains.accounts.actions.register import Registrar
    from enigm.domains.accounts.actions.sessions import Sessions
    from enigm.domains.accounts.actions.sign_in import SignIn
    from enigm.domains.accounts.model import OpaqueSecrets
    from enigm.domains.accounts.store import AccountStore
    from enigm.foundation.entropy import Entropy


@dataclass(frozen=True, slots=True)
class Accounts:
    """Every deed, for the routes and the assembly."""

    registrar: Registrar
    sign_in: SignIn
    recovery: Recovery
    sessions: Sessions
    own: OwnAccount
    pins: Pins


def load_or_make_secrets(store: AccountStore, entropy: Entropy) -> OpaqueSecrets:
    """Return the service's OPAQUE secrets; of processes that start together, one makes them."""
    with store.read() as records:
        found = records.opaque_secrets()
    if found is not None:
        return found
    made = opaque.make_secrets(entropy)
    with store.begin() as records:
        records.add_opaque_secrets(made)
        kept = records.opaque_secrets()
    assert kept is not None, "the row was just written, or stood there before"
    return kept
