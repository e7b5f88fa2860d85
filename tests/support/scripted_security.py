"""What a scripted machine shows on the page "Security"."""

from __future__ import annotations

import msgspec

from enigm.agent.posture.readings import Reading, not_well, unknown, well
from enigm.agent.posture.telling import told
from enigm.app.security.views import SecurityView, Sending, SentReport, SignalView
from enigm.wire.posture_report import Signal
from tests.support import scripted_scene as scene

ASKED = ("disk_encryption", "firewall", "screen_lock")
NOT_SENDING = Sending(on=False, asked=ASKED, agreed=(), sent=None, problem="")

_READINGS: dict[Signal, Reading] = {
    Signal.UPDATES_PENDING: not_well(Signal.UPDATES_PENDING, "waiting", count=3, first="openssl"),
    Signal.LISTENING_SERVICES: not_well(Signal.LISTENING_SERVICES, "open", ports="22, 631"),
    Signal.FIREWALL: unknown(Signal.FIREWALL, "needs_administrator"),
    Signal.KERNEL_LOCKDOWN: unknown(Signal.KERNEL_LOCKDOWN, "not_shown"),
}


def scripted_security(sending: Sending) -> SecurityView:
    """Return the page with this said of what leaves."""
    signals = [_view(_READINGS.get(signal, well(signal, "well"))) for signal in Signal]
    return SecurityView(tuple(signals), scene.NOW_SECONDS, 43, sending)


def sent_by(sending: Sending, asked_since: tuple[str, ...] = ()) -> Sending:
    """Return the same after it was turned on, and after the service asked for more."""
    states = {"disk_encryption": "true", "firewall": "unknown", "screen_lock": "true"}
    sent = SentReport(at=scene.NOW_SECONDS - 600, states=states, standing="unknown")
    asked = (*(sending.asked or ()), *asked_since)
    return msgspec.structs.replace(sending, on=True, asked=asked, agreed=ASKED, sent=sent)


def _view(reading: Reading) -> SignalView:
    words = told(reading)
    return SignalView(
        signal=words.signal,
        state=reading.state.word,  # type: ignore[arg-type]
        title=words.title,
        found=words.found,
        promise=words.promise,
        why=words.why,
        to_do=words.to_do,
    )
