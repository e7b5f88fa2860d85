"""Codes at the counter: bought blind, spent once for anything, change given blind at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec

from enigm.crypto.codes import same_tag
from enigm.domains.commerce.actions.minting import SPENT_GRACE_SECONDS
from enigm.domains.commerce.actions.refunding import CLAIM_ACTION, Refunds
from enigm.domains.commerce.errors import (
    CodeRefusedError,
    CodeRequestError,
    CodeRequestReusedError,
    CodesNotNowError,
    OrderStateError,
    TokenNotReadyError,
    TokenUnknownError,
)
from enigm.domains.commerce.model import (
    Currency,
    MethodName,
    Money,
    PaymentEvent,
    PaymentEventKind,
)
from enigm.domains.commerce.model.codes import Signed, Wanted
from enigm.domains.commerce.model.ledger import Entry, LedgerAccount, Posting
from enigm.domains.commerce.model.orders import BuyersOrder, OrderState, Receiver, TokenState
from enigm.domains.commerce.rules import codes as rules
from enigm.domains.commerce.rules import orders as order_rules
from enigm.domains.commerce.store import codes as store
from enigm.domains.commerce.store import orders as order_store
from enigm.foundation.limits import Budgets, Limit
from enigm.wire.code_coin import CodeKind, read_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa

    from enigm.domains.commerce.actions.bookkeeping import Books
    from enigm.domains.commerce.actions.minting import Mint
    from enigm.domains.commerce.actions.ordering import Ordering
    from enigm.domains.commerce.actions.premises import Premises
    from enigm.domains.commerce.actions.progress import Progress
    from enigm.domains.commerce.actions.refunding import BuyersLeave
    from enigm.domains.commerce.model.codes import CodeKey, RequestName
    from enigm.domains.commerce.model.orders import ActivationToken, Order, OwnOrder
    from enigm.domains.commerce.store.orders import PaymentRow
    from enigm.wire.code_coin import Code

# Somebody who mistypes a code from paper needs a few tries; a guesser needs 2^40.
TRIES: Final = Limit("commerce.code_tries", 20, 3600)
# Printed codes have 40 bits of proof. Ten a second, right and wrong and everybody's together, are
# 3,500 years for one guess that fits. Beyond that, printed codes wait; blind ones (60 bits) do not.
PRINTED: Final = Limit("commerce.printed_codes", 36_000, 3600)
# A lost answer is asked for again within a day; its end is a day's end, as everybody's.
ANSWER_SECONDS: Final = 2 * 86_400
_PAYABLE: Final = frozenset(
    {OrderState.NEW, OrderState.PARTIAL, OrderState.EXPIRED, OrderState.LATE}
)
_EVERYBODY: Final = b"everybody"

Deed = Callable[["sa.Connection"], "list[Signed]"]
"""What a request does in its transaction; it returns what is signed for it."""


class CodeCounter:
    """Takes codes and gives codes. Each request is one transaction, done once."""

    def __init__(
        self,
        premises: Premises,
        books: Books,
        ordering: Ordering,
        progress: Progress,
        refunds: Refunds,
        mint: Mint,
    ) -> None:
        """Keep what it stands on, with full budgets for tries."""
        self._premises = premises
        self._books = books
        self._ordering = ordering
        self._progress = progress
        self._refunds = refunds
        self._mint = mint
        self._tries = Budgets(TRIES, premises.clock, premises.entropy)
        self._printed = Budgets(PRINTED, premises.clock, premises.entropy)

    def pay(
        self,
        own: OwnOrder,
        text: str,
        asker: bytes,
        change: Sequence[Wanted] = (),
        request: RequestName | None = None,
    ) -> list[Signed]:
        """Pay one's own order with a code; return the change, signed blind.

        Several codes may pay one order, one after another. What a code is worth beyond the price
        and is not asked for as change stays owed to the order.

        Raises:
            CodeTypingError: no code at all.
            CodeRefusedError, CodeEndedError: not to be spent, or not any more.
            CodeRequestError: the change is too much, or cannot be signed. Nothing was spent.
            OrderUnknownError, OrderStateError: not one's own, or not to be paid by code now.
            ExhaustedError: too many tries.
        """
        code = read_code(text)
        given = self._worth(change)
        key = self._recognised(code, asker)
        signed = self._mint.presign(change)

        def deed(connection: sa.Connection) -> list[Signed]:
            order = self._ordering.own_within(connection, own, to_change=True)
            rows = order_store.payments(connection, order.order_id)
            if given > max(0, key.value_cents - _missing(order, rows)):
                raise CodeRequestError
            nullifier = self._spend(connection, code, key)
            paid = Money(key.value_cents - given, Currency.EUR)
            name = nullifier.hex()
            event = PaymentEvent(
                name, MethodName.CODE, order.reference, PaymentEventKind.CONFIRMED, paid, 0, name
            )
            self._progress.receive_one(connection, order, rows, event)
            self._mint.count(connection, change, key)
            return signed

        return self._once(request, (b"pay", *_name_of(own), text.encode()), change, deed)

    def collect(
        self, token: ActivationToken, wanted: Sequence[Wanted], request: RequestName
    ) -> list[Signed]:
        """Sign what an order of codes paid for; the token is used up.

        Raises:
            TokenUnknownError: wrong, used, or of an order for something else.
            TokenNotReadyError: the payment can still be taken back.
            CodeRequestError: it does not come to the price exactly.
        """
        hashed = self._premises.veils.hashed("token", token)
        worth = self._worth(wanted)

        def deed(connection: sa.Connection) -> list[Signed]:
            order = order_store.find_by_token(connection, hashed, to_change=True)
            if order is None or not order.is_deliverable:
                raise TokenUnknownError
            if order_rules.receiver_of(order.product) is not Receiver.CODES:
                raise TokenUnknownError
            if order.state is not OrderState.FINAL:
                raise TokenNotReadyError
            if worth != order.terms.price_cents:
                raise CodeRequestError
            signed = self._mint.sign(connection, wanted)
            self._book(connection, order, LedgerAccount.CODES_OWED, LedgerAccount.CODES)
            taken = replace(order, token_state=TokenState.TAKEN)
            order_store.save(connection, taken)
            self._progress.advance(connection, taken)
            return signed

        return self._once(request, (b"collect", token), wanted, deed)

    def exchange(
        self, text: str, asker: bytes, wanted: Sequence[Wanted], request: RequestName
    ) -> list[Signed]:
        """Spend a code for fresh ones of the same worth: older copies of it are worth nothing.

        Raises:
            CodeTypingError, CodeRefusedError, CodeEndedError, CodeRequestError, ExhaustedError.
        """
        code = read_code(text)
        worth = self._worth(wanted)
        key = self._recognised(code, asker)
        if worth != key.value_cents:
            raise CodeRequestError
        signed = self._mint.presign(wanted)

        def deed(connection: sa.Connection) -> list[Signed]:
            self._spend(connection, code, key)
            self._mint.count(connection, wanted, key)
            return signed

        return self._once(request, (b"exchange", text.encode()), wanted, deed)

    def take_refund(
        self,
        secret: str,
        wanted: Sequence[Wanted],
        request: RequestName,
        leave: BuyersLeave | None = None,
    ) -> list[Signed]:
        """Take what is owed back as codes; the claim is used up.

        A buyer's PIN gives ``leave`` for these very codes: the secret, the request's name and
        each blinded element are what it authorises, so that nobody else's are signed with it.

        Raises:
            ClaimUnknownError: wrong, used, too old or somebody else's.
            CodeRequestError: it does not come to what is owed, but for less than one EUR.
            CodesNotNowError: the PIN was entered under duress; or what the PIN's keeper refuses.
        """
        worth = self._worth(wanted)
        if leave is not None:
            blinded = (element for each in wanted for element in each.blinded)
            if not leave.pin.spend(CLAIM_ACTION, Refunds.decoded(secret), request, *blinded):
                # A code is money wherever it is shown, and the browser would notice one that is
                # none. So nothing can be shown that looks alike: it seems to be out of order.
                raise CodesNotNowError

        def deed(connection: sa.Connection) -> list[Signed]:
            buyer = None if leave is None else leave.buyer
            cents = self._refunds.take_as_codes(connection, secret, buyer)
            rest = cents - worth
            if not 0 <= rest < rules.SMALLEST_CENTS:
                raise CodeRequestError
            if rest:
                entries = (
                    Entry(LedgerAccount.CODES, rest, Currency.EUR),
                    Entry(LedgerAccount.ROUNDING, -rest, Currency.EUR),
                )
                hashed = self._premises.veils.hashed("code request", request)
                posting = Posting(f"rest of {hashed.hex()}", "rounding", entries)
                self._books.post(connection, posting)
            return self._mint.sign(connection, wanted)

        return self._once(request, (b"refund", secret.encode()), wanted, deed)

    def answered(self, request: RequestName) -> list[Signed] | None:
        """Return what a request was answered, where it was made within the last day."""
        name = self._premises.veils.hashed("code request", request)
        with self._premises.database.read() as connection:
            known = store.answer_to(connection, name)
        return None if known is None else self._opened(known.answer, name)

    def _recognised(self, code: Code, asker: bytes) -> CodeKey:
        """Return the key of a code of ours. No transaction is held for a guess."""
        self._tries.take(asker)
        if code.kind is CodeKind.PRINTED:
            # Before it is looked at: a limit on wrong ones alone would let the right guess through.
            self._printed.take(_EVERYBODY)
        expected = self._mint.expected_tag(code)
        if expected is None or not same_tag(expected[1], code.tag):
            raise CodeRefusedError
        return expected[0]

    def _spend(self, connection: sa.Connection, code: Code, key: CodeKey) -> bytes:
        """Mark a code as spent, which ``Mint.count`` counts; return the name of its spending."""
        number = key.number.to_bytes(4)
        nullifier = self._premises.veils.hashed("spent", number, code.nonce)
        ends_at = key.redeem_until + SPENT_GRACE_SECONDS
        if not store.is_first_spending(connection, nullifier, ends_at):
            raise CodeRefusedError
        return nullifier

    def _worth(self, wanted: Sequence[Wanted]) -> int:
        """Return what is asked for, in cents; keys are made here, before any transaction."""
        if not wanted:
            return 0
        worth = rules.worth_of(wanted, self._mint.values())
        if worth is None:
            raise CodeRequestError
        return worth

    def _book(
        self, connection: sa.Connection, order: Order, debit: LedgerAccount, credit: LedgerAccount
    ) -> None:
        cents = order.terms.price_cents
        entries = (Entry(debit, cents, Currency.EUR), Entry(credit, -cents, Currency.EUR))
        reference = self._books.reference_of(connection, order.order_id)
        key = f"collected {order.order_id.hex()}"
        self._books.post(connection, Posting(key, "codes", entries, reference))

    def _once(
        self,
        request: RequestName | None,
        content: Sequence[bytes],
        wanted: Sequence[Wanted],
        deed: Deed,
    ) -> list[Signed]:
        """Do a request once; the same one again gets the answer that was lost on the way."""
        if request is None:
            if wanted:
                raise CodeRequestError
            return self._premises.database.together(deed)
        veils = self._premises.veils
        name = veils.hashed("code request", request)
        said = hashlib.sha256(msgspec.msgpack.encode((content, wanted))).digest()

        def once(connection: sa.Connection) -> list[Signed]:
            known = store.answer_to(connection, name)
            if known is not None:
                if known.content_hash != said:
                    raise CodeRequestReusedError
                return self._opened(known.answer, name)
            signed = deed(connection)
            sealed = veils.seal("code_answer.answer", msgspec.msgpack.encode(signed), name)
            ends_at = self._premises.today_at + ANSWER_SECONDS
            if not store.keep_answer(connection, name, said, sealed, ends_at):
                raise CodeRequestReusedError
            return signed

        return self._premises.database.together(once)

    def _opened(self, sealed: bytes, name: bytes) -> list[Signed]:
        opened = self._premises.veils.open("code_answer.answer", sealed, name)
        return msgspec.msgpack.decode(opened, type=list[Signed])


def _name_of(own: OwnOrder) -> tuple[bytes, ...]:
    """Return by what an order is asked for."""
    if isinstance(own, BuyersOrder):
        return own.buyer, own.order_id
    return (own.comeback.encode(),)


def _missing(order: Order, rows: Sequence[PaymentRow]) -> int:
    """Return what is still to be paid by code: what is owed to an order is no change."""
    if (
        order.method is not MethodName.CODE
        or order.decided is not None
        or order.state not in _PAYABLE
    ):
        raise OrderStateError
    return max(0, order.terms.due - sum(row.payment.amount for row in rows))
