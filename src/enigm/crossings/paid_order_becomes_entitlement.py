"""Commerce → entitlements. Whoever presents a paid order's token holds what was bought.

Carries:    a token, once: product, term and standing one way; that it was taken, and later
            changes of standing by the same token, until the payment is final.
Withholds:  the order, its buyer, country, method and amount from entitlements; the holder and the
            entitlement from commerce.
Dies:       when the payment is final: commerce forgets the token, entitlements its hash of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.commerce.errors import TokenUnknownError
from enigm.domains.commerce.events import StandingChanged
from enigm.domains.commerce.model.orders import (
    TOKEN_BYTES,
    ActivationToken,
    Receiver,
    Standing,
)
from enigm.domains.entitlements.events import TokenTaken
from enigm.domains.entitlements.model import Activation, Told
from enigm.foundation.encoding import base64url_decode
from enigm.foundation.errors import InvalidError

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.crossings.account_buys_under_another_name import PurchaseNames
    from enigm.domains.accounts.model import AccountId
    from enigm.domains.commerce.actions.handing_over import HandOver
    from enigm.domains.entitlements.actions.holding import Entitlements
    from enigm.domains.entitlements.model import Entitlement
    from enigm.foundation.outbox import Fact

_TOLD: Final = {
    Standing.ACTIVE: Told.ACTIVE,
    Standing.SUSPENDED: Told.SUSPENDED,
    Standing.ENDED: Told.ENDED,
    Standing.FINAL: Told.FINAL,
}


class PaidOrderBecomesEntitlement:
    """Activates for a signed-in account, and carries what is told afterwards."""

    STANDING = StandingChanged.KIND
    TAKEN = TokenTaken.KIND

    def __init__(
        self,
        hand_over: HandOver,
        entitlements: Entitlements,
        names: PurchaseNames,
        deliver_soon: Callable[[], object],
    ) -> None:
        """Keep both sides; ``deliver_soon`` hands over the facts that wait."""
        self._hand_over = hand_over
        self._entitlements = entitlements
        self._names = names
        self._deliver_soon = deliver_soon

    def activate(self, account_id: AccountId, token: str) -> Entitlement:
        """Give a signed-in account what the token stands for.

        Raises:
            TokenUnknownError, and what entitlements refuse.
        """
        decoded = _decoded(token)
        grant = self._hand_over.claim(decoded, Receiver.ENTITLEMENT)
        activation = Activation(grant.product, grant.term_days, _TOLD[grant.standing], grant.number)
        holder = self._names.holder_of(account_id)
        held = self._entitlements.activate(holder, decoded, activation)
        self._deliver_soon()
        return held

    def held_by(self, account_id: AccountId) -> list[Entitlement]:
        """Return what a signed-in account holds."""
        return self._entitlements.held_by(self._names.holder_of(account_id))

    def carry_taken(self, fact: Fact) -> None:
        """Tell commerce that a token was used."""
        self._hand_over.taken(ActivationToken(TokenTaken.decode(fact.body).token))

    def carry_standing(self, fact: Fact) -> None:
        """Tell entitlements how things stand."""
        changed = StandingChanged.decode(fact.body)
        self._entitlements.tell(changed.token, _TOLD[changed.standing], changed.number)


def _decoded(token: str) -> ActivationToken:
    try:
        decoded = base64url_decode(token.strip())
    except InvalidError as error:
        raise TokenUnknownError from error
    if len(decoded) != TOKEN_BYTES:
        raise TokenUnknownError
    return ActivationToken(decoded)
