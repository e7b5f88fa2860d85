"""A reseller of our own: OAuth or a key, JSON, two statuses, and more fields than anybody needs.

It shares no code with the client. Like real ones it offers to mail codes to people, sends usage
that nobody asked for, and releases a deleted profile anew.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from tests.support.tls_counterparty import Lost, TlsCounterparty

if TYPE_CHECKING:
    from tests.support.private_authority import PrivateAuthority, Shown

CLIENT = ("shop", "s3cret")
KEY = "a-key"


class Reseller(TlsCounterparty):
    """Serves until closed."""

    def __init__(self, authority: PrivateAuthority, server: Shown) -> None:
        super().__init__(authority.server_context(server, asks_clients=False))
        self.heard: list[tuple[str, str, Any]] = []
        self.esims: dict[str, dict[str, Any]] = {}
        self.token = 0
        self.stock = 5
        self.is_down = False
        self._answered: dict[str, tuple[int, Any]] = {}

    def take(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        if self.is_down:
            raise Lost
        if path == "/v1/token":
            form = parse_qs(body.decode())
            if (form["client_id"][0], form["client_secret"][0]) != CLIENT:
                return 401, {}
            self.token += 1
            return 200, {"access_token": f"token-{self.token}", "expires_in": 60}
        if not self._is_known(headers):
            return 401, {"code": "unauthorized"}
        self.heard.append((method, path, json.loads(body) if body else None))
        once = headers.get("idempotency-key", "")
        if once in self._answered:
            return self._answered[once]
        answer = self._execute(method, path, body)
        if once:
            self._answered[once] = answer
        return answer

    def _is_known(self, headers: dict[str, str]) -> bool:
        bearer = f"Bearer token-{self.token}"
        return headers.get("x-api-key") == KEY or headers.get("authorization") == bearer

    def _execute(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if (method, path) == ("POST", "/v1/orders"):
            return self._order(json.loads(body))
        iccid, _, deed = path.removeprefix("/v1/esims/").partition("/")
        esim = self.esims.get(iccid)
        if esim is None:
            return 404, {"code": "not_found"}
        if method == "GET" and not deed:
            return 200, esim
        if deed == "revoke":
            if esim["profileStatus"] != "Released":
                return 409, {"code": "already_installed"}
            esim["profileStatus"] = "Unavailable"
        elif deed == "end":
            esim["planStatus"] = "Expired"
        else:
            return 404, {}
        return 200, {}

    def _order(self, request: dict[str, Any]) -> tuple[int, Any]:
        if len(self.esims) >= self.stock:
            return 409, {"code": "out_of_stock"}
        number = len(self.esims) + 1
        iccid = f"8988{number:015d}"
        self.esims[iccid] = {
            "iccid": iccid,
            "smdpAddress": "rsp.reseller.test",
            "matchingId": f"RS-{number:04d}",
            "profileStatus": "Released",
            "profileStatusAt": "2026-11-19T00:00:00Z",
            "planStatus": "Pending",
            # Nobody asked for any of this.
            "usage": {"total": 5000, "remaining": 4200},
            "imsi": "001010000000001",
            "lastSeenCountry": "XX",
            "ipAddress": "192.0.2.7",
        }
        listed = {name: self.esims[iccid][name] for name in ("iccid", "smdpAddress", "matchingId")}
        return 200, {"order_ref": f"ORDER-{number}", "esims": [listed], "apn": "internet"}


def signed(secret: bytes, message: Any) -> tuple[bytes, dict[str, str]]:
    """Return a report's content and headers, as the reseller sends them."""
    content = json.dumps(message).encode()
    signature = hmac.digest(secret, content, hashlib.sha256).hex()
    return content, {"Content-Type": "application/json", "X-Signature": signature}
