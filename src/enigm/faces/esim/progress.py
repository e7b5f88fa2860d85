"""ES2+ HandleDownloadProgressInfo: the SM-DP+ tells how a download went (SGP.22 §5.3.5).

Whoever reaches this has shown a client certificate of the provider's authority: the listener is
opened with no other. It answers 204 to whatever it can read, also about profiles that are no
longer known, so that nobody learns which are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from enigm.domains.esim.model import Iccid, Notice, Told
from enigm.faces.esim.listening import listener
from enigm.wire.es2plus import PROGRESS_PATH, Point, read_progress

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from enigm.domains.esim.actions.counting import Door
    from enigm.domains.esim.actions.hearing import Hearing

PROVIDER: Final = "es2plus"
# An eligibility or confirmation check that went well means nothing yet: the download follows.
_TOLD: Final = {
    (Point.ELIGIBILITY, False): Told.NOT_ELIGIBLE,
    (Point.CONFIRMATION, False): Told.CODE_FAILED,
    (Point.DOWNLOAD, True): Told.DOWNLOADED,
    (Point.DOWNLOAD, False): Told.DOWNLOAD_FAILED,
    (Point.INSTALLATION, True): Told.INSTALLED,
    (Point.INSTALLATION, False): Told.INSTALL_FAILED,
}


def progress_listener(hearing: Hearing, door: Door) -> Callable[[Any, Any, Any], Awaitable[None]]:
    """Return the application for a listener that demands client certificates."""

    def hear(content: bytes, _header: Callable[[str], str]) -> None:
        progress = read_progress(content)
        door.count(PROVIDER, progress.dropped)
        if progress.point is None:
            return
        told = _TOLD.get((progress.point, progress.has_succeeded))
        if told is not None:
            hearing.take(PROVIDER, Notice(Iccid(progress.iccid), told, progress.at))

    return listener(PROGRESS_PATH, hear)
