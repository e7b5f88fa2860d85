"""One HTTP client with a memory for nothing: no cookies, no proxies from the environment, caps."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from enigm.app.errors import InvalidProfileError, LyingServiceError, OfflineError
from enigm.app.service.problems import refusal_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

Answer = TypeVar("Answer")

# The largest honest answer is a directory page of 32 devices with their key packages.
ANSWER_BYTES_MAX = 4 * 1024 * 1024
# Argon2id on a busy small server takes most of a second; half a minute is an outage.
TIMEOUT_SECONDS = 30.0


def check_service(address: str) -> str:
    """Return a service's address in one spelling; raises InvalidProfileError.

    Plain HTTP is for the same machine only: elsewhere a listener would see who asks.
    """
    parts = urlsplit(address.strip().rstrip("/"))
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.path:
        raise InvalidProfileError("A service is an address such as https://example.org.")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise InvalidProfileError("A service on another machine needs an https address.")
    return f"{parts.scheme}://{parts.netloc}"


class PlainHttp:
    """JSON in, JSON out, over one connection pool that nothing else shares."""

    def __init__(self, service: str) -> None:
        """Aim at a checked service address; nothing is opened yet."""
        self._client = httpx.AsyncClient(
            base_url=service,
            verify=_certificates(),
            trust_env=False,
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
            headers={"User-Agent": "enigm", "Accept": "application/json"},
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def send(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        """Return status and body; raises OfflineError, LyingServiceError."""
        try:
            async with self._client.stream(
                method, path, content=body or None, headers=dict(headers)
            ) as answer:
                received = bytearray()
                async for chunk in answer.aiter_bytes():
                    received += chunk
                    if len(received) > ANSWER_BYTES_MAX:
                        raise LyingServiceError("The service's answer is too long.")
        except httpx.HTTPError as error:
            raise OfflineError(type(error).__name__) from error
        return answer.status_code, bytes(received)

    async def ask(
        self,
        method: str,
        path: str,
        kind: type[Answer],
        content: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Send JSON and read JSON of this kind; raises a Refusal."""
        body = b"" if content is None else msgspec.json.encode(content)
        headers = {"Content-Type": "application/json"} if body else {}
        return read_answer(kind, *await self.send(method, path, body, headers))


def read_answer(kind: type[Answer], status: int, body: bytes) -> Answer:
    """Parse an answer; raises the service's own refusal, or LyingServiceError."""
    if status >= httpx.codes.BAD_REQUEST:
        raise refusal_of(status, body)
    try:
        return msgspec.json.decode(body or b"null", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise LyingServiceError("The service's answer cannot be read.") from error


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """Read whom to trust once; each path would take 30 ms of the start for it.

    Connections share no more than that: a client's sessions are not kept for another connection.
    """
    return httpx.create_ssl_context(trust_env=False)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
