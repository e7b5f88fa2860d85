"""Commerce → eSIM. Whoever presents a final order's token gets the eSIM that was bought.

Carries:    a token, once: the offer's name one way; that it was taken the other.
Withholds:  the order, its buyer, country, method and amount from eSIMs; the holder, the profile
            and its whole life from commerce.
Dies:       at once: the payment is final, so commerce forgets the token when it is taken, and
            eSIMs their hash of it when commerce was told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.commerce.errors import TokenUnknownError
from enigm.domains.commerce.model.orders import TOKEN_BYTES, ActivationToken, Receiver

if TYPE_CHECKING:
    from enigm.domains.commerce.actions.handing_over import HandOver


class PaidOrderBecomesEsim:
    """Provides ``esim.needs.PaidTokens``."""

    def __init__(self, hand_over: HandOver) -> None:
        """Keep the side of commerce."""
        self._hand_over = hand_over

    def product_of(self, token: bytes) -> str:
        """Return the name of the offer that was bought.

        Raises:
            TokenUnknownError: wrong, used, or for something else.
            TokenNotReadyError: the payment can still be taken back.
        """
        if len(token) != TOKEN_BYTES:
            raise TokenUnknownError
        return self._hand_over.claim(ActivationToken(token), Receiver.ESIM).sku

    def spend(self, token: bytes) -> None:
        """Tell commerce that the token was taken; told twice it changes nothing."""
        self._hand_over.taken(ActivationToken(token))
