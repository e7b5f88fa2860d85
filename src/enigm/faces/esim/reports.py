"""A reseller's webhook: reports on eSIMs, each signed with a secret that both sides know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from enigm.faces.esim.listening import listener
from enigm.outside.esim_reseller import notices_of
from enigm.wire.esim_report import (
    REPORT_PATH,
    SIGNATURE_HEADER,
    read_report,
    require_signature,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from enigm.domains.esim.actions.counting import Door
    from enigm.domains.esim.actions.hearing import Hearing
    from enigm.foundation.clock import Clock

PROVIDER: Final = "reseller"


def report_listener(
    hearing: Hearing, door: Door, secret: bytes, clock: Clock
) -> Callable[[Any, Any, Any], Awaitable[None]]:
    """Return the application. A report that is sent again changes nothing, so none is refused."""

    def hear(content: bytes, header: Callable[[str], str]) -> None:
        require_signature(secret, content, header(SIGNATURE_HEADER))
        report = read_report(content)
        door.count(PROVIDER, report.dropped)
        for notice in notices_of(report, clock.now_seconds()):
            hearing.take(PROVIDER, notice)

    return listener(REPORT_PATH, hear)
