"""Where the account is signed in: the App on its devices, and Command in browsers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.app.views import Session
from enigm.foundation.encoding import base64url_decode

if TYPE_CHECKING:
    from enigm.app.devices import Devices
    from enigm.app.service.accounts import AccountPath


class Sessions:
    """The deeds of a user about the account's sessions."""

    def __init__(self, accounts: AccountPath, devices: Devices) -> None:
        """Ask through an account path; the names of devices are this App's own."""
        self._accounts = accounts
        self._devices = devices

    async def all(self) -> list[Session]:
        """List the living sessions, the newest first."""
        names = {device.id: device.name for device in self._devices.all()}
        found = await self._accounts.sessions()
        return [
            Session(
                id=each.id,
                kind=each.kind,
                device=names.get(base64url_decode(each.device or "").hex(), ""),
                this=each.current,
                began_at=each.created_at,
                ends_at=each.expires_at,
            )
            for each in reversed(found)
        ]

    async def end(self, session_id: str) -> None:
        """End one; raises NotFoundError ``accounts.session_unknown``."""
        await self._accounts.end_session(session_id)
