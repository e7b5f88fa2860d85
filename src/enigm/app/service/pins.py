"""The PIN's requests on the account path (docs/protocol.md §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from enigm.app.errors import LyingServiceError
from enigm.app.service.answers import (
    OpaqueAnswer,
    PinAnswer,
    PinGrantAnswer,
    PinStartAnswer,
    PinStarted,
)
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.wire.device_chain import fingerprint_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.app.service.accounts import AccountPath

_PATH = "/accounts/v1/pin"


class PinPath:
    """Asks the service about the PIN; every request is signed by this device."""

    def __init__(self, accounts: AccountPath) -> None:
        """Speak through an account path."""
        self._accounts = accounts

    async def state(self) -> PinAnswer:
        """Ask whether a PIN is set."""
        return await self._accounts.protected("GET", _PATH, PinAnswer)

    async def start(
        self, action: str, parameters: bytes, requests: Sequence[bytes]
    ) -> PinStartAnswer:
        """Send OPAQUE's first message for each place; raises ``accounts.pin_locked``."""
        content = {
            "action": action,
            "parameters": base64url_encode(parameters),
            "opaque_requests": [base64url_encode(request) for request in requests],
        }
        started = await self._accounts.protected("POST", f"{_PATH}/start", PinStarted, content)
        if len(started.opaque_responses) != len(requests):
            raise LyingServiceError("The service's part of the PIN's entry is malformed.")
        return PinStartAnswer(
            started.attempt,
            tuple(base64url_decode(response) for response in started.opaque_responses),
            started.tries_left,
            started.retry_after_seconds,
        )

    async def finish(self, attempt: str, place: int, finalization: bytes) -> str:
        """Send OPAQUE's last message; return the grant."""
        content = {
            "attempt": attempt,
            "place": place,
            "opaque_finalization": base64url_encode(finalization),
        }
        answer = await self._accounts.protected("POST", f"{_PATH}/finish", PinGrantAnswer, content)
        return answer.grant

    async def register(self, request: bytes) -> bytes:
        """Send the first message of a new PIN's registration."""
        content = {"opaque_request": base64url_encode(request)}
        answer = await self._accounts.protected("POST", f"{_PATH}/register", OpaqueAnswer, content)
        return base64url_decode(answer.opaque_response)

    async def set(self, record: bytes, duress_record: bytes) -> None:
        """Set a first PIN under a session that has just begun."""
        content = {
            "opaque_record": base64url_encode(record),
            "duress_record": base64url_encode(duress_record),
        }
        await self._accounts.protected("PUT", _PATH, msgspec.Raw, content)

    async def change(self, record: bytes, grant: str) -> None:
        """Replace the PIN."""
        await self._replace("change", record, grant)

    async def change_duress(self, record: bytes, grant: str) -> None:
        """Replace the duress PIN."""
        await self._replace("duress", record, grant)

    async def remove(self, grant: str) -> None:
        """Remove both PINs."""
        await self._accounts.protected("DELETE", _PATH, msgspec.Raw, grant=grant)

    async def reset(
        self, root_public: bytes, challenge: bytes, signature: bytes, record: bytes
    ) -> None:
        """Set a new PIN by the root key's word."""
        content = {
            "fingerprint": base64url_encode(fingerprint_of(root_public)),
            "challenge": base64url_encode(challenge),
            "signature": base64url_encode(signature),
            "root_public": base64url_encode(root_public),
            "opaque_record": base64url_encode(record),
        }
        await self._accounts.protected("POST", f"{_PATH}/reset", msgspec.Raw, content)

    async def _replace(self, which: str, record: bytes, grant: str) -> None:
        content = {"opaque_record": base64url_encode(record)}
        await self._accounts.protected(
            "POST", f"{_PATH}/{which}", msgspec.Raw, content, grant=grant
        )
