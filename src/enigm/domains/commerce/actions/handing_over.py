"""Hand what was paid for to whoever presents the order's token: once, and never who it was."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from enigm.domains.commerce.errors import TokenNotReadyError, TokenUnknownError
from enigm.domains.commerce.model.orders import (
    ActivationToken,
    Grant,
    Order,
    OrderState,
    Receiver,
    Standing,
    TokenState,
)
from enigm.domains.commerce.rules import orders as rules
from enigm.domains.commerce.store import orders as store

if TYPE_CHECKING:
    import sqlalchemy as sa

    from enigm.domains.commerce.actions.premises import Premises
    from enigm.domains.commerce.actions.progress import Progress


class HandOver:
    """The side of commerce. The receiver makes sure that a token is used once.

    1. ``claim`` says what a token stands for. From then on changes of standing are announced.
    2. The receiver keeps what was activated under its own hash of the token, in one transaction
       with a fact that the token was taken.
    3. ``taken``, told by that fact, lets the link die where the payment is final.

    Each step may be repeated; killed between two, the next try goes on.
    """

    def __init__(self, premises: Premises, progress: Progress) -> None:
        """Keep what it stands on."""
        self._premises = premises
        self._progress = progress

    def look(self, token: ActivationToken) -> Receiver:
        """Say who takes over what a token stands for; raises TokenUnknownError."""
        hashed = self._premises.veils.hashed("token", token)
        with self._premises.database.read() as connection:
            order = store.find_by_token(connection, hashed)
        return rules.receiver_of(_deliverable(order).product)

    def claim(self, token: ActivationToken, receiver: Receiver) -> Grant:
        """Return what a token stands for.

        Raises:
            TokenUnknownError: wrong, used, taken back, or for another receiver.
            TokenNotReadyError: an eSIM costs at once, so its payment must be final.
        """
        hashed = self._premises.veils.hashed("token", token)
        with self._premises.database.begin() as connection:
            found = store.find_by_token(connection, hashed, to_change=True)
            order = _deliverable(found)
            if rules.receiver_of(order.product) is not receiver:
                raise TokenUnknownError
            if receiver in rules.WAITS_FOR_FINAL and order.state is not OrderState.FINAL:
                raise TokenNotReadyError
            if order.token_state is TokenState.ISSUED:
                order = self._moved(connection, order, TokenState.CLAIMED)
        number = order.standing_number
        return Grant(order.product, order.sku, order.term_days, Standing.ACTIVE, number)

    def taken(self, token: ActivationToken) -> None:
        """Note that what a token stands for was taken over; twice changes nothing."""
        hashed = self._premises.veils.hashed("token", token)
        with self._premises.database.begin() as connection:
            order = store.find_by_token(connection, hashed, to_change=True)
            if order is not None and order.token_state is TokenState.CLAIMED:
                self._moved(connection, order, TokenState.TAKEN)

    def _moved(self, connection: sa.Connection, order: Order, to: TokenState) -> Order:
        moved = replace(order, token_state=to)
        store.save(connection, moved)
        return self._progress.advance(connection, moved)


def _deliverable(order: Order | None) -> Order:
    if order is None or not order.is_deliverable:
        raise TokenUnknownError
    return order
