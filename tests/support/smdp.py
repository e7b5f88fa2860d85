"""An SM-DP+ of our own: its ES2+ side over real mutual TLS, its profiles' states (SGP.22 §3.1.6).

Written from the standard's text alone and shares no code with the client: it parses, names and
numbers everything itself. The ES9+ side is here only as the decision that a phone meets.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from enigm.foundation.esim_settings import Es2PlusSettings, EsimPlanSettings, EsimSettings
from tests.support.tls_counterparty import Lost, TlsCounterparty

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    from tests.support.private_authority import PrivateAuthority, Shown


class FailedCall(Exception):  # noqa: N818 - the standard's own word
    """A function that ends with status Failed."""

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(f"{subject}/{reason}")
        self.subject, self.reason = subject, reason


@dataclass
class Profile:
    iccid: str
    profile_type: str
    state: str = "Available"
    matching_id: str = ""


@dataclass
class Heard:
    """What the shop sent, for a test to look through."""

    function: str
    header: dict[str, str]
    body: dict[str, Any]


@dataclass
class Wishes:
    """What a test wants to go wrong."""

    is_down: bool = False
    loses_answers_to: set[str] = field(default_factory=set)
    adds_fields: dict[str, Any] = field(default_factory=dict)
    renames_matching_id: bool = False


class SmDp(TlsCounterparty):
    """Serves until closed."""

    def __init__(self, authority: PrivateAuthority, server: Shown, stock: dict[str, int]) -> None:
        super().__init__(authority.server_context(server, asks_clients=True))
        self.heard: list[Heard] = []
        self.wishes = Wishes()
        self.profiles: dict[str, Profile] = {}
        self._answered: dict[tuple[str, str, str], dict[str, Any]] = {}
        for kind, count in stock.items():
            self.restock(kind, count)

    def restock(self, kind: str, count: int) -> None:
        for _ in range(count):
            body = f"8949{len(self.profiles):014d}"
            iccid = body + _luhn_digit(body)
            self.profiles[iccid] = Profile(iccid, kind)

    def take(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        if self.wishes.is_down:
            raise Lost
        prefix = "/gsma/rsp2/es2plus/"
        if method != "POST" or not path.startswith(prefix):
            return 404, {}
        if not headers.get("x-admin-protocol", "").startswith("gsma/rsp/v2"):
            return 400, {}
        assert headers["content-type"].startswith("application/json")
        function = path.removeprefix(prefix)
        request = json.loads(body)
        header = request.pop("header")
        self.heard.append(Heard(function, header, request))
        call = (header["functionRequesterIdentifier"], function, header["functionCallIdentifier"])
        # The same call again is answered as before (SGP.22 §6.5.1).
        answer = self._answered.get(call)
        if answer is None:
            answer = self._answered[call] = self._execute(function, request)
        if function in self.wishes.loses_answers_to:
            self.wishes.loses_answers_to.discard(function)
            raise Lost
        return 200, {**answer, **self.wishes.adds_fields}

    def fetch(self, matching_id: str) -> str:
        """Do as a phone that scanned a code: return "Executed-Success" or the code it is shown."""
        for profile in self.profiles.values():
            if matching_id and profile.matching_id == matching_id:
                if profile.state not in ("Released", "Downloaded"):
                    return "8.2.6/3.8"
                profile.state = "Downloaded"
                return "Executed-Success"
        return "8.2.6/3.8"

    def _execute(self, function: str, request: dict[str, Any]) -> dict[str, Any]:
        known = {
            "downloadOrder": self._download_order,
            "confirmOrder": self._confirm_order,
            "releaseProfile": self._release_profile,
            "cancelOrder": self._cancel_order,
        }
        try:
            answer, status = known[function](request), {"status": "Executed-Success"}
        except FailedCall as failed:
            code = {"subjectCode": failed.subject, "reasonCode": failed.reason, "message": "no"}
            answer, status = {}, {"status": "Failed", "statusCodeData": code}
        return {"header": {"functionExecutionStatus": status}, **answer}

    def _download_order(self, request: dict[str, Any]) -> dict[str, Any]:
        if iccid := request.get("iccid"):
            profile = self._find(iccid)
            if profile.state != "Available":
                raise FailedCall("8.2.1", "3.3")
        else:
            kind = request["profileType"]
            free = [
                p for p in self.profiles.values()
                if p.profile_type == kind and p.state == "Available"
            ]  # fmt: skip
            if not free:
                raise FailedCall("8.2.5", "3.7")
            profile = free[0]
        profile.state = "Linked" if request.get("eid") else "Allocated"
        # Written as some do, with padding.
        return {"iccid": profile.iccid + "F"}

    def _confirm_order(self, request: dict[str, Any]) -> dict[str, Any]:
        profile = self._find(request["iccid"])
        if profile.state not in ("Allocated", "Linked"):
            raise FailedCall("8.2.1", "3.5")
        wanted = request.get("matchingId") or f"OWN-{len(self.heard)}"
        if any(p.matching_id == wanted for p in self.profiles.values()):
            raise FailedCall("8.2.6", "3.3")
        if self.wishes.renames_matching_id:
            wanted = f"OWN-{wanted[:8]}"
        profile.matching_id = wanted
        profile.state = "Released" if request["releaseFlag"] else "Confirmed"
        return {"matchingId": wanted, "smdpAddress": "rsp.example.test"}

    def _release_profile(self, request: dict[str, Any]) -> dict[str, Any]:
        profile = self._find(request["iccid"])
        if profile.state != "Confirmed":
            raise FailedCall("8.2.1", "3.5")
        profile.state = "Released"
        return {}

    def _cancel_order(self, request: dict[str, Any]) -> dict[str, Any]:
        profile = self._find(request["iccid"])
        if profile.state in ("Downloaded", "Installed"):
            raise FailedCall("8.2.1", "3.3")
        profile.state = request["finalProfileStatusIndicator"]
        profile.matching_id = ""
        return {}

    def _find(self, iccid: str) -> Profile:
        profile = self.profiles.get(iccid.rstrip("F"))
        if profile is None:
            raise FailedCall("8.2.1", "3.9")
        return profile


def provider_settings(url: str, authority: Path, shop: Shown) -> EsimSettings:
    """Return what an operator sets who sells this SM-DP+'s profiles as ``sim-5``."""
    provider = Es2PlusSettings(
        url=url,
        requester="2.999.10",
        authority=authority,
        certificate=shop.certificate,
        key=shop.key,
        listener_certificate=shop.certificate,
        listener_key=shop.key,
    )
    plan = EsimPlanSettings(provider="es2plus", item="data", days=30)
    return EsimSettings(plans={"sim-5": plan}, es2plus=provider)


def progress(iccid: str, point: int | str, at: str, *, status: str = "Executed-Success") -> Any:
    """Return a HandleDownloadProgressInfo as an SM-DP+ writes it."""
    return {
        "header": {
            "functionRequesterIdentifier": "2.999.20",
            "functionCallIdentifier": "TX-1",
        },
        "iccid": iccid,
        "profileType": "data",
        "timestamp": at,
        "notificationPointId": point,
        "notificationPointStatus": {"status": status},
    }


def report(url: str, context: ssl.SSLContext, message: Any) -> int:
    """Send a progress report as the SM-DP+; return the HTTP status."""
    place = urlsplit(url)
    connection = http.client.HTTPSConnection(
        place.hostname or "", place.port, context=context, timeout=10
    )
    try:
        connection.request(
            "POST",
            "/gsma/rsp2/es2plus/handleDownloadProgressInfo",
            body=json.dumps(message),
            headers={
                "Content-Type": "application/json",
                "X-Admin-Protocol": "gsma/rsp/v2.2.0",
            },
        )
        return connection.getresponse().status
    finally:
        connection.close()


def _luhn_digit(body: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)
