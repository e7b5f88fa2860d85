"""Asks those whom the operator chose what a coin is worth; with nobody chosen, nobody is asked."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, DecimalException
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

import httpx
import msgspec

from enigm.foundation.errors import SetupError, UnavailableError
from enigm.outside.own_address import checked_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.domains.commerce.model import Currency
    from enigm.foundation.clock import Clock
    from enigm.foundation.payment_settings import RateSettings

# A ticker is some hundred bytes, an order book's top some thousand.
ANSWER_BYTES_MAX: Final = 64 * 1024
_TIMEOUT_SECONDS: Final = 10
# More than ten million EUR for a coin is a mistake, or a lie.
_CENTS_MAX: Final = 10**9
# Clocks differ; an answer from the future beyond that is a lie.
_AHEAD_SECONDS_MAX: Final = 300
_PATH_STEPS_MAX: Final = 8
_DIGITS_MAX: Final = 40


class RateUnavailableError(UnavailableError):
    """A source did not answer, or not with a price."""

    def __init__(self, trace: str) -> None:
        """Keep the cause for the operator."""
        super().__init__(
            "commerce.rate_unavailable",
            "No price for this coin at present: try again in a few minutes.",
            trace=trace,
        )


class HttpRates:
    """One source: an address for each coin, and where in its JSON the price stands."""

    def __init__(self, settings: RateSettings, clock: Clock) -> None:
        """Keep where to ask.

        Raises:
            SetupError: an address is not https, or it is not said where the price stands.
        """
        if not settings.last and not (settings.bid and settings.ask):
            raise SetupError(
                f"The rate source {settings.name!r} needs `last`, or `bid` and `ask`: where in "
                "the answer the price stands."
            )
        self._paths = (settings.last,) if settings.last else (settings.bid, settings.ask)
        self._time_path = settings.time
        self._urls = {
            coin: checked_url(f"payments.rates.{settings.name}.urls", url, onion=True)
            for coin, url in settings.urls.items()
        }
        self._name = settings.name
        self._clock = clock
        self._proxy = settings.proxy or None

    @property
    def name(self) -> str:
        """The operator's name for the source."""
        return self._name

    def price(self, coin: Currency) -> tuple[int, int]:
        """Return cents (EUR) for one whole coin, and when that was so (seconds since 1970).

        Raises:
            RateUnavailableError: the source does not know this coin, did not answer, or its
                answer is no price.
        """
        url = self._urls.get(coin.value)
        if url is None:
            raise RateUnavailableError("not asked for this coin")
        answer = self._get(url)
        prices = [_number_at(answer, path) for path in self._paths]
        if min(prices) <= 0 or (len(prices) > 1 and prices[0] > prices[1]):
            raise RateUnavailableError("no price")
        cents = int(
            (sum(prices, Decimal(0)) / len(prices) * 100).to_integral_value(ROUND_HALF_EVEN)
        )
        if not 0 < cents <= _CENTS_MAX:
            raise RateUnavailableError("no price that can be")
        return cents, self._time(answer)

    def _time(self, answer: Any) -> int:
        now = self._clock.now_seconds()
        if not self._time_path:
            return now
        told = int(_number_at(answer, self._time_path))
        if told > now + _AHEAD_SECONDS_MAX:
            raise RateUnavailableError("from the future")
        return told

    def _get(self, url: str) -> Any:
        """Return the JSON there; every connection is new, so that none tells how we are used."""
        ends_at = self._clock.monotonic_seconds() + _TIMEOUT_SECONDS
        received = bytearray()
        headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": ""}
        try:
            with (
                httpx.Client(
                    proxy=self._proxy, timeout=_TIMEOUT_SECONDS, trust_env=False
                ) as client,
                client.stream("GET", url, headers=headers) as answer,
            ):
                if answer.status_code != HTTPStatus.OK:
                    raise RateUnavailableError(f"status {answer.status_code}")
                for part in answer.iter_bytes():
                    received += part
                    is_late = self._clock.monotonic_seconds() > ends_at
                    if len(received) > ANSWER_BYTES_MAX or is_late:
                        raise RateUnavailableError("the answer is too long, or takes too long")
            # A fraction is never a float: it would not be the number that was sent.
            return msgspec.json.Decoder(float_hook=Decimal).decode(bytes(received))
        except (httpx.HTTPError, msgspec.DecodeError, RecursionError, DecimalException) as error:
            raise RateUnavailableError(type(error).__name__) from None


def _number_at(answer: Any, path: str) -> Decimal:
    """Return the number at ``a.b.0``, which sources send as a number or as text."""
    found = answer
    for step in path.split(".", _PATH_STEPS_MAX):
        if isinstance(found, dict):
            found = cast("dict[str, Any]", found).get(step)
        elif isinstance(found, list) and step.isdecimal():
            row = cast("list[Any]", found)
            found = row[int(step)] if int(step) < len(row) else None
        else:
            raise RateUnavailableError("nothing stands where the price should")
    if isinstance(found, bool) or not isinstance(found, (int, str, Decimal)):
        raise RateUnavailableError("no number")
    text = str(found)
    try:
        number = Decimal(text) if len(text) <= _DIGITS_MAX else Decimal("NaN")
    except DecimalException:
        raise RateUnavailableError("no number") from None
    if not number.is_finite() or abs(number.adjusted()) > _DIGITS_MAX:
        raise RateUnavailableError("no number")
    return number


def rate_sources(settings: Sequence[RateSettings], clock: Clock) -> tuple[HttpRates, ...]:
    """Return a source for each that the operator set.

    Raises:
        SetupError: two have one name, so that one would pass for two.
    """
    if len({one.name for one in settings}) < len(settings):
        raise SetupError("Two of payments.rates have the same name.")
    return tuple(HttpRates(one, clock) for one in settings)
