"""Asks a card processor's API (Stripe's form), and reads of its answers only what is listed here.

The processor's own client library is not used: with every question it sends the host's name and
system, and it keeps whole answers. These are four questions.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import httpx
import msgspec

from enigm.outside.wallet_errors import WalletUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

_Answer = TypeVar("_Answer")

# A page of 100 events with everything that we do not read is about 0.5 MB.
ANSWER_BYTES_MAX: Final = 8 * 1024 * 1024
_CONNECT_SECONDS: Final = 5
_ANSWER_SECONDS: Final = 30
EVENTS_A_PAGE: Final = 100

Name = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_]{1,255}$")]
Cents = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**40)]


class CheckoutPage(msgspec.Struct, frozen=True):
    """A page of the processor's on which one order is paid."""

    id: Name
    url: Annotated[str, msgspec.Meta(max_length=2048)] | None = None
    payment_intent: Name | None = None


class EventObject(msgspec.Struct, frozen=True):
    """What an event is about: of a page, a charge or a dispute only this is read."""

    id: Name
    object: str
    client_reference_id: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    payment_intent: Name | None = None
    payment_status: str = ""
    currency: str = ""
    amount_total: Cents | None = None
    amount: Cents = 0
    amount_refunded: Cents = 0
    status: str = ""


class _EventBody(msgspec.Struct, frozen=True):
    object: EventObject


class CardEvent(msgspec.Struct, frozen=True):
    """One event as the processor lists it."""

    id: Name
    type: Annotated[str, msgspec.Meta(max_length=128)]
    created: Seconds
    livemode: bool
    data: _EventBody


class _LooseEvent(msgspec.Struct, frozen=True):
    """An event of any kind: its object is read only where the kind is one of ours."""

    id: Name
    type: Annotated[str, msgspec.Meta(max_length=128)]


class EventPage(msgspec.Struct, frozen=True):
    """Some events, newest first."""

    data: tuple[msgspec.Raw, ...]
    has_more: bool


class Refunded(msgspec.Struct, frozen=True):
    """A refund that the processor has taken on."""

    id: Name


class CardRefusedError(Exception):
    """The processor understood and said no; its words are left out, they may quote the payer."""

    def __init__(self, status: int) -> None:
        """Keep the status alone."""
        super().__init__(f"status {status}")
        self.status = status


class CardApi:
    """A processor's API, by its address and a key that belongs to this shop alone."""

    def __init__(self, url: str, key: str) -> None:
        """Keep the address and the key; nothing is asked yet."""
        self._client = httpx.Client(
            base_url=url,
            headers={"authorization": f"Bearer {key}", "accept-encoding": "identity"},
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
            trust_env=False,
        )

    def ask(self, path: str, wanted: type[_Answer], question: Mapping[str, str]) -> _Answer:
        """Read something; raises CardRefusedError, WalletUnavailableError."""
        return self._answer(self._client.build_request("GET", path, params=question), wanted)

    def tell(self, path: str, wanted: type[_Answer], form: Mapping[str, str], once: str) -> _Answer:
        """Change something, ``once`` whatever happens on the way.

        Raises:
            CardRefusedError: the processor said no.
            WalletUnavailableError: no answer, or one that cannot be believed.
        """
        headers = {"idempotency-key": once}
        request = self._client.build_request("POST", path, data=dict(form), headers=headers)
        return self._answer(request, wanted)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _answer(self, request: httpx.Request, wanted: type[_Answer]) -> _Answer:
        received = bytearray()
        try:
            answer = self._client.send(request, stream=True)
            try:
                for part in answer.iter_bytes():
                    received += part
                    if len(received) > ANSWER_BYTES_MAX:
                        raise WalletUnavailableError("the answer is too long")
            finally:
                answer.close()
        except httpx.HTTPError as error:
            raise WalletUnavailableError(type(error).__name__) from None
        if answer.status_code != HTTPStatus.OK:
            _refuse(answer.status_code)
        return decoded(bytes(received), wanted)


def decoded(content: bytes, wanted: type[_Answer]) -> _Answer:
    """Return what is wanted of some JSON, and nothing else; raises WalletUnavailableError."""
    try:
        return msgspec.json.decode(content, type=wanted)
    except (msgspec.DecodeError, RecursionError) as error:
        raise WalletUnavailableError(f"{wanted.__name__}: {type(error).__name__}") from None


def events_of(page: EventPage, kinds: frozenset[str]) -> list[CardEvent]:
    """Return the page's events of some kinds; others may have any form."""
    return [
        decoded(bytes(event), CardEvent)
        for event in page.data
        if decoded(bytes(event), _LooseEvent).type in kinds
    ]


def last_name(page: EventPage) -> str:
    """Return the name of the page's oldest event."""
    return decoded(bytes(page.data[-1]), _LooseEvent).id


def _refuse(status: int) -> None:
    # 409: the same question is being answered at this moment; 429: too many questions.
    passing = (HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS)
    if status in passing or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise WalletUnavailableError(f"status {status}")
    raise CardRefusedError(status)
