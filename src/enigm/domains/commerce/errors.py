"""How commerce says no."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.foundation.errors import (
    ConflictError,
    ExhaustedError,
    ForbiddenError,
    GoneError,
    InvalidError,
    NotFoundError,
    UnavailableError,
    UnverifiableError,
)

if TYPE_CHECKING:
    from enigm.domains.commerce.model.trade import Reason

_SENTENCES: Final = {
    "country_unknown": "There is no such country: choose one from the list.",
    "country_blocked": "We cannot sell to this country.",
    "country_reviewed": "We look at orders from this country before they can be paid.",
    "sanctions": "Sanctions forbid this sale.",
    "tax": "Tax rules forbid this sale for now.",
    "compliance": "Local rules forbid this sale.",
    "fraud": "This order looks like one that was made to cheat.",
    "product_not_sold": "This product is not sold there.",
    "method_not_taken": "This way to pay is not taken there.",
    "amount_too_large": "This is more than one order may come to: choose less.",
    "amount_reviewed": "We look at orders of this amount before they can be paid.",
    "too_many_open": "Too many orders are open: pay or cancel one first.",
    "too_much_a_day": "This is more than may be bought in a day: try again tomorrow.",
    "requested": "It was asked for.",
}


def sentence_of(reason: str) -> str:
    """Return the sentence that a reason is told with."""
    return _SENTENCES[reason]


def _minutes(seconds: int) -> str:
    minutes = max(1, -(-seconds // 60))
    return "a minute" if minutes == 1 else f"{minutes} minutes"


class PurchaseRejectedError(ForbiddenError):
    """A rule forbids this sale."""

    def __init__(self, reason: Reason) -> None:
        """Name the rule's reason."""
        super().__init__(f"commerce.{reason}", sentence_of(reason))


class PurchaseLimitedError(ExhaustedError):
    """A limit is reached."""

    def __init__(self, reason: Reason) -> None:
        """Name the limit."""
        super().__init__(f"commerce.{reason}", sentence_of(reason))


class OfferUnknownError(NotFoundError):
    """Nothing of this name is on offer."""

    def __init__(self) -> None:
        """Say no more than that."""
        super().__init__("commerce.offer_unknown", "This is not on offer: look at the catalogue.")


class NotOnSaleYetError(ConflictError):
    """It is in the catalogue, and cannot be ordered yet."""

    def __init__(self) -> None:
        """Say so; nothing about when, which nobody has promised."""
        super().__init__(
            "commerce.not_on_sale_yet", "This is not on sale yet: nothing can be ordered or paid."
        )


class MethodUnavailableError(UnavailableError):
    """The operator has not set this way to pay up, or its rate is too old to be honest."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "commerce.method_unavailable", "This way to pay is not to be had now: choose another."
        )


class GuestOrdersFullError(ExhaustedError):
    """Guests have as many orders open by this way to pay as there is room for."""

    def __init__(self, retry_after_seconds: int) -> None:
        """Say when there is room, and what goes at once."""
        super().__init__(
            "commerce.guest_orders_full",
            "Too many guests are paying this way at the moment: try again in "
            f"{_minutes(retry_after_seconds)}, choose another way, or sign in.",
            retry_after_seconds=retry_after_seconds,
        )


class GuestWorkNeededError(ExhaustedError):
    """Many guests come: each order costs the browser a little work."""

    def __init__(self, retry_after_seconds: int) -> None:
        """Say what goes without it."""
        super().__init__(
            "commerce.guest_work_needed",
            "Many guests are buying at the moment, so this browser does a little work first. "
            f"Without JavaScript: sign in, or try again in {_minutes(retry_after_seconds)}.",
            retry_after_seconds=retry_after_seconds,
        )


class OrderUnknownError(NotFoundError):
    """No such order for whoever asks: absent, erased or another's."""

    def __init__(self) -> None:
        """Say no more than that."""
        super().__init__("commerce.order_unknown", "There is no such order, or it was erased.")


class OrderStateError(ConflictError):
    """The order does not stand so that this can be done."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "commerce.order_state", "The order does not stand so that this can be done: look again."
        )


class TokenUnknownError(NotFoundError):
    """Nothing can be activated with this: wrong, used up or taken back."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "commerce.token_unknown",
            "Nothing can be activated with this: check it, or look at your order.",
        )


class TokenNotReadyError(ConflictError):
    """The payment may still be taken back, and what was bought could not."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "commerce.not_final_yet", "The payment is not final yet. Wait, then try again."
        )


class ClaimUnknownError(NotFoundError):
    """No refund waits for this link, or not any more."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("commerce.claim_unknown", "This link is used, wrong or too old.")


class DestinationInvalidError(InvalidError):
    """Nothing can be sent there."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("commerce.destination_invalid", "Nothing can be sent there: check it.")


class RefundUnavailableError(ConflictError):
    """Nothing can be given back, or not by this method."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "commerce.refund_unavailable",
            "There is nothing to give back here now. A payment is given back once it is final.",
        )


class AppealUnavailableError(ConflictError):
    """There is nothing to appeal, or it was appealed already."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("commerce.appeal_unavailable", "There is nothing to appeal here (again).")


class DocumentInvalidError(InvalidError):
    """A catalogue or trade policy does not read."""

    def __init__(self, detail: str) -> None:
        """Say what is wrong and where."""
        super().__init__("commerce.document_invalid", detail)


class DocumentUnknownError(NotFoundError):
    """No such version."""

    def __init__(self) -> None:
        """Say no more than that."""
        super().__init__("commerce.document_unknown", "There is no such version.")


class DocumentUnverifiableError(UnverifiableError):
    """A catalogue or trade policy in the store is not what was signed."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "commerce.document_unverifiable",
            "The shop is closed: its rules are not what was signed. The operator was told.",
        )


class DocumentRolledBackError(UnverifiableError):
    """Whoever writes in the store put an older catalogue or policy back, or took one away."""

    def __init__(self) -> None:
        """Say what an operator does about it."""
        super().__init__(
            "commerce.document_rolled_back",
            "The shop is closed: its rules are older than the audit log knows. An operator looks "
            "at them and lets them stand with `enigm shop confirm`.",
        )


class LedgerError(RuntimeError):
    """Our own code would book what does not balance."""


class CodeRefusedError(NotFoundError):
    """No code of ours, or spent: one answer for both, so that guessing teaches nothing."""

    def __init__(self) -> None:
        """Say what to look at."""
        super().__init__(
            "commerce.code_refused",
            "This code is not known here, or it was spent. Compare each group, and look whether "
            "somebody you share it with has used it.",
        )


class CodeEndedError(GoneError):
    """The code was good once: its time is over, or its batch was made void or never sold."""

    def __init__(self) -> None:
        """Say who can help."""
        super().__init__(
            "commerce.code_ended",
            "This code cannot be spent: its batch was not sold, was made void, or its time is "
            "over. Whoever sold it can help.",
        )


class CodeRequestError(InvalidError):
    """What is to be signed does not come to what was paid, or asks a key that signs no more."""

    def __init__(self) -> None:
        """Say what to do; nothing was spent."""
        super().__init__(
            "commerce.code_request",
            "What was asked for does not come to what was paid. Nothing was spent: reload the "
            "page and try again.",
        )


class CodeRequestReusedError(ConflictError):
    """A request's name came back with other contents."""

    def __init__(self) -> None:
        """Say what it is."""
        super().__init__(
            "commerce.code_request_reused", "This request was made before, with other contents."
        )


class CodesNotNowError(UnavailableError):
    """Nothing is signed at this moment. A PIN under duress is answered with it."""

    def __init__(self) -> None:
        """Say that nothing is lost."""
        super().__init__(
            "commerce.codes_not_now",
            "Codes cannot be made at this moment. Nothing was lost: try again later.",
        )


class CodeKeyUnknownError(NotFoundError):
    """No key or batch of that number."""

    def __init__(self) -> None:
        """Say where to look."""
        super().__init__(
            "commerce.code_key_unknown", "There is no such key: see `enigm coin keys`."
        )


class CodeKeyStateError(ConflictError):
    """The key does not stand so that this can be done."""

    def __init__(self) -> None:
        """Say where to look."""
        super().__init__(
            "commerce.code_key_state",
            "The key does not stand so that this can be done: see `enigm coin keys`.",
        )
