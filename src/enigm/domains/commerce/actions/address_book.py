"""Remember which address was given out for which order, for methods that watch a wallet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.commerce.model import IssuedAddress, MethodName, PaymentReference
from enigm.domains.commerce.store import wallets as store
from enigm.domains.commerce.store.wallets import AddressRow

if TYPE_CHECKING:
    from enigm.domains.commerce.actions.premises import Premises


class IssuedAddresses:
    """Provides ``needs.AddressBook``."""

    def __init__(self, premises: Premises) -> None:
        """Keep what it stands on."""
        self._premises = premises

    def find(self, method: MethodName, reference: PaymentReference) -> IssuedAddress | None:
        """Return the address of a reference, if it has one."""
        with self._premises.database.read() as connection:
            row = store.address_of(connection, method, reference)
        return None if row is None else self._opened(row)

    def owner(self, method: MethodName, place: str) -> PaymentReference | None:
        """Return whose address lies at a place; None where nobody's (any more)."""
        with self._premises.database.read() as connection:
            row = store.address_at(connection, method, self._place_hash(method, place))
        return None if row is None else row.reference

    def remember(self, issued: IssuedAddress) -> IssuedAddress:
        """Keep an address; where the reference has one already, return that one instead."""
        veils, reference = self._premises.veils, issued.reference
        row = AddressRow(
            issued.method,
            self._place_hash(issued.method, issued.place),
            reference,
            veils.seal("issued_address.place", issued.place.encode(), reference),
            veils.seal("issued_address.address", issued.address.encode(), reference),
            issued.account,
            issued.number,
        )
        with self._premises.database.begin() as connection:
            store.add_address(connection, row)
            kept = store.address_of(connection, issued.method, reference)
        if kept is None:
            msg = "an address that was given out for another order is given out again"
            raise RuntimeError(msg)
        return self._opened(kept)

    def take_number(self, method: MethodName, account: int) -> int:
        """Return the next number of an account, which nobody else is given."""
        with self._premises.database.begin() as connection:
            return store.take_number(connection, method, account)

    def highest_number(self, method: MethodName, account: int) -> int | None:
        """Return the highest number ever given out in an account, or None."""
        with self._premises.database.read() as connection:
            return store.highest_number(connection, method, account)

    def _opened(self, row: AddressRow) -> IssuedAddress:
        veils, reference = self._premises.veils, row.reference
        return IssuedAddress(
            MethodName(row.method),
            reference,
            veils.open("issued_address.place", row.place, reference).decode(),
            veils.open("issued_address.address", row.address, reference).decode(),
            row.account,
            row.number,
        )

    def _place_hash(self, method: MethodName, place: str) -> bytes:
        return self._premises.veils.hashed("place", method.encode(), place.encode())
