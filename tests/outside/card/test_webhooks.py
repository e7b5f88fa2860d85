"""A call of the processor's is believed only where it signed these very bytes a moment ago."""

from __future__ import annotations

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from enigm.foundation.errors import Refusal
from enigm.outside.card_webhook import (
    BODY_BYTES_MAX,
    WebhookRefusedError,
    WebhookSecret,
    WebhookTooLongError,
)
from tests.support.acquirer import WEBHOOK_SECRET, Acquirer
from tests.support.clock import FakeClock

pytestmark = pytest.mark.requirement("PAY-07")

BODY = b'{"id": "evt_1", "type": "checkout.session.completed"}'
CLOCK = FakeClock()
NOW = CLOCK.now_seconds()
SECRET = WebhookSecret(WEBHOOK_SECRET, CLOCK)
PROCESSOR = Acquirer()


def test_a_signed_call_is_taken_and_a_repeated_one_does_no_harm() -> None:
    header = PROCESSOR.signed_call(BODY, NOW)
    SECRET.check(BODY, header)
    SECRET.check(BODY, header)


def test_the_processors_own_library_signs_as_we_check_and_checks_as_we_sign() -> None:
    header = stripe.WebhookSignature.generate_signature_header(BODY.decode(), WEBHOOK_SECRET, NOW)
    SECRET.check(BODY, header)
    ours = PROCESSOR.signed_call(BODY, NOW)
    assert stripe.WebhookSignature.verify_header(BODY, ours, WEBHOOK_SECRET)


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_a_call_that_is_old_or_from_the_future_is_refused(seconds: int) -> None:
    with pytest.raises(WebhookRefusedError):
        SECRET.check(BODY, PROCESSOR.signed_call(BODY, NOW - seconds))


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_call_within_five_minutes_is_taken(seconds: int) -> None:
    SECRET.check(BODY, PROCESSOR.signed_call(BODY, NOW - seconds))


def test_either_secret_serves_while_one_is_replaced() -> None:
    old = PROCESSOR.signed_call(BODY, NOW, "whsec_old").split(",")[1]
    new = PROCESSOR.signed_call(BODY, NOW).split(",")[1]
    SECRET.check(BODY, f"t={NOW},{old},{new}")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=,v1=",
        f"t={NOW}",
        "v1=" + "0" * 64,
        f"t={NOW},v1=" + "0" * 64,
        f"t={NOW},v0=" + PROCESSOR.signed_call(BODY, NOW).split("v1=")[1][:64],
        f"t={NOW},t={NOW},v1=0",
        "t=\u0661,v1=0",
        "t=-1,v1=0",
        "x" * 2000,
        PROCESSOR.signed_call(BODY, NOW, "whsec_forged"),
        PROCESSOR.signed_call(BODY + b" ", NOW),
    ],
)
def test_a_forged_call_is_refused(header: str) -> None:
    with pytest.raises(WebhookRefusedError):
        SECRET.check(BODY, header)


def test_a_call_longer_than_events_are_is_not_even_hashed() -> None:
    body = b"x" * (BODY_BYTES_MAX + 1)
    with pytest.raises(WebhookTooLongError):
        SECRET.check(body, PROCESSOR.signed_call(body, NOW))


@given(st.binary(max_size=200), st.text(max_size=200))
def test_no_call_makes_the_check_stumble(body: bytes, header: str) -> None:
    with pytest.raises(Refusal):
        SECRET.check(body, header)
