"""Checks that a call really comes from the card processor. It is only a nudge to go and look.

Nothing in the call's body is believed or kept: what happened is read from the processor's own
list of events. So a call that is lost, doubled, late or out of order changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final

from enigm.foundation.errors import InvalidError

if TYPE_CHECKING:
    from enigm.foundation.clock import Clock

# The processor's own libraries allow as much.
TOLERANCE_SECONDS: Final = 300
_HEADER_CHARACTERS_MAX: Final = 1024
# While the secret is being replaced the header carries one signature for each.
_SIGNATURES_MAX: Final = 8
# An event with everything in it is about 5 kB.
BODY_BYTES_MAX: Final = 256 * 1024


class WebhookRefusedError(InvalidError):
    """A call that the processor did not sign, or signed too long ago."""

    def __init__(self, trace: str) -> None:
        """Answer every fault alike; the cause is for the operator."""
        super().__init__("commerce.webhook", "This call is not signed as it must be.", trace=trace)


class WebhookTooLongError(InvalidError):
    """A body that no event needs."""

    def __init__(self) -> None:
        """Name the bound."""
        super().__init__("commerce.webhook_size", "This call is longer than any event is.")


class WebhookSecret:
    """The secret that the processor signs its calls with."""

    def __init__(self, secret: str, clock: Clock) -> None:
        """Keep the secret as it stands in its file."""
        self._secret = secret.encode()
        self._clock = clock

    def check(self, body: bytes, header: str) -> None:
        """Return if ``header`` (``t=seconds,v1=hex``) signs these very bytes, a moment ago.

        Raises:
            WebhookTooLongError: more bytes than any event has.
            WebhookRefusedError: anything else that is wrong; one answer for all of it.
        """
        if len(body) > BODY_BYTES_MAX:
            raise WebhookTooLongError
        signed_at, signatures = _taken_apart(header)
        content = str(signed_at).encode() + b"." + body
        expected = hmac.new(self._secret, content, hashlib.sha256).hexdigest().encode()
        matches = [hmac.compare_digest(expected, given.encode()) for given in signatures]
        if not any(matches):
            raise WebhookRefusedError("the signature does not fit")
        # Compared after the signature, so that a clock is told to nobody who cannot sign.
        if abs(self._clock.now_seconds() - signed_at) > TOLERANCE_SECONDS:
            raise WebhookRefusedError("signed too long ago, or in the future")


def _taken_apart(header: str) -> tuple[int, list[str]]:
    if len(header) > _HEADER_CHARACTERS_MAX:
        raise WebhookRefusedError("the header is too long")
    fields = [item.partition("=") for item in header.split(",")]
    times = [value for name, _, value in fields if name.strip() == "t"]
    signatures = [value for name, _, value in fields if name.strip() == "v1"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit()):
        raise WebhookRefusedError("the header has no time")
    return int(times[0]), signatures[:_SIGNATURES_MAX]
