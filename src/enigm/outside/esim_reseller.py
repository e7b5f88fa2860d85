"""Orders eSIMs from a reseller by a JSON interface with OAuth or a key.

The reseller learns which package is wanted and when. It is never given an e-mail address to send
codes to, though such interfaces offer that, nor a name, nor a device. Usage is never asked for:
how much somebody transferred is the carrier's record and none of ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec

from enigm.domains.esim.errors import ProviderRefusedError, ProviderUnavailableError, Refused
from enigm.domains.esim.model import Iccid, Notice, Told
from enigm.foundation.errors import InvalidError
from enigm.wire.activation_code import ActivationCode, ActivationCodeError
from enigm.wire.es2plus import plain_iccid
from enigm.wire.esim_report import Report, ReportMalformedError, read_report

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

TIMEOUT_SECONDS: Final = 20
ANSWER_BYTES_MAX: Final = 64 * 1024
# A lost connection is tried again at once, under the same idempotency key.
TRIES: Final = 2

_REFUSALS: Final = {
    "out_of_stock": Refused.NO_PROFILE,
    "already_installed": Refused.WRONG_STATE,
    "in_use": Refused.IN_USE,
}
# Deleted is not terminal everywhere: with some a deleted or withdrawn profile is released anew.
_PROFILE_WORDS: Final = {
    "available": Told.RESET,
    "released": Told.RESET,
    "downloaded": Told.DOWNLOADED,
    "installed": Told.INSTALLED,
    "enabled": Told.ENABLED,
    "disabled": Told.DISABLED,
    "deleted": Told.DELETED,
    "error": Told.DOWNLOAD_FAILED,
    "unavailable": Told.WITHDRAWN,
}
_PLAN_WORDS: Final = {
    "active": Told.PLAN_ACTIVE,
    "suspended": Told.PLAN_SUSPENDED,
    "used_up": Told.PLAN_USED_UP,
    "expired": Told.PLAN_EXPIRED,
}


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What the reseller knows the shop by: OAuth's client id and secret, or only a key."""

    client_id: str
    secret: str = field(repr=False)


def notices_of(report: Report, now_seconds: int) -> list[Notice]:
    """Return what a report tells. Without a time of the provider's, it is so as of now.

    A profile that is released without a time is not heard: it could have been so all along.
    """
    words = (
        (_PROFILE_WORDS.get(report.profile_status.lower()), report.profile_at),
        (_PLAN_WORDS.get(report.plan_status.lower()), report.plan_at),
    )
    iccid = Iccid(report.iccid)
    return [
        Notice(iccid, told, now_seconds if at is None else at)
        for told, at in words
        if told is not None and not (told is Told.RESET and at is None)
    ]


class EsimReseller:
    """One reseller. Provides ``esim.needs.Provider``; safe to share between threads."""

    name = "reseller"

    def __init__(
        self,
        url: str,
        credentials: ClientCredentials,
        tls: ssl.SSLContext,
        on_dropped: Callable[[int], None],
        now: Callable[[], int],
    ) -> None:
        """Keep the address and credentials; without a client id the secret is a key."""
        self._client = httpx.Client(
            base_url=url, verify=tls, timeout=TIMEOUT_SECONDS, trust_env=False
        )
        self._credentials = credentials
        self._on_dropped = on_dropped
        self._now = now
        self._bearer = ""

    def order(self, item: str, call: bytes) -> Iccid:
        """Order one eSIM of a package."""
        body = {"package": item, "quantity": 1, "type": "transaction"}
        answer = self._ask("POST", "/v1/orders", body, call)
        try:
            raw = msgspec.json.decode(answer, type=dict[str, Any])
            (esim,) = msgspec.convert(raw["esims"], list[dict[str, Any]])
            iccid = plain_iccid(str(esim["iccid"]))
        except (msgspec.MsgspecError, KeyError, ValueError, InvalidError) as error:
            raise ProviderUnavailableError("orders: not an answer") from error
        self._on_dropped(len(raw.keys() - {"esims"}))
        return Iccid(iccid)

    def confirm(
        self, iccid: Iccid, matching_id: str, call: bytes, *, may_be_confirmed: bool
    ) -> ActivationCode:
        """Return the code that the reseller made; there is nothing to confirm."""
        _ = matching_id, call, may_be_confirmed
        report = self._report(iccid)
        try:
            return ActivationCode(report.smdp_address, report.matching_id)
        except ActivationCodeError as error:
            raise ProviderUnavailableError("esims: no code") from error

    def release(self, iccid: Iccid, call: bytes) -> None:
        """Do nothing: a reseller's profile is released when it is ordered."""

    def cancel(self, iccid: Iccid, call: bytes) -> None:
        """Give back a profile that no phone has fetched."""
        self._ask("POST", f"/v1/esims/{iccid}/revoke", {}, call)

    def end(self, iccid: Iccid, call: bytes) -> None:
        """End the plan of a profile that a phone has."""
        self._ask("POST", f"/v1/esims/{iccid}/end", {}, call)

    def ask(self, iccid: Iccid) -> Sequence[Notice]:
        """Return the two statuses; usage is not asked for, and is dropped where it is sent."""
        return notices_of(self._report(iccid), self._now())

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def _report(self, iccid: Iccid) -> Report:
        try:
            report = read_report(self._ask("GET", f"/v1/esims/{iccid}", None, b""))
        except ReportMalformedError as error:
            raise ProviderUnavailableError("esims: not a report") from error
        self._on_dropped(report.dropped)
        return report

    def _ask(self, method: str, path: str, body: dict[str, Any] | None, call: bytes) -> bytes:
        answer = self._send(method, path, body, call)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and self._bearer:
            # The token ran out; a fresh one is asked for once.
            self._bearer = ""
            answer = self._send(method, path, body, call)
        if answer.status_code < HTTPStatus.MULTIPLE_CHOICES:
            return answer.content
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise ProviderRefusedError(Refused.UNKNOWN)
        if answer.status_code == HTTPStatus.CONFLICT:
            raise ProviderRefusedError(_REFUSALS.get(_code(answer.content), Refused.OTHER))
        raise ProviderUnavailableError(f"HTTP {answer.status_code}")

    def _send(
        self, method: str, path: str, body: dict[str, Any] | None, call: bytes
    ) -> httpx.Response:
        headers = self._authorization()
        if call:
            headers["Idempotency-Key"] = call.hex()
        return self._exchange(method, path, headers=headers, json=body)

    def _authorization(self) -> dict[str, str]:
        if not self._credentials.client_id:
            return {"X-API-Key": self._credentials.secret}
        if not self._bearer:
            form = {
                "grant_type": "client_credentials",
                "client_id": self._credentials.client_id,
                "client_secret": self._credentials.secret,
            }
            answer = self._exchange("POST", "/v1/token", data=form)
            try:
                self._bearer = msgspec.json.decode(answer.content, type=_Token).access_token
            except msgspec.MsgspecError as error:
                raise ProviderUnavailableError("token: not an answer") from error
        return {"Authorization": f"Bearer {self._bearer}"}

    def _exchange(self, method: str, path: str, **parts: Any) -> httpx.Response:
        answer = self._sent(method, path, TRIES, parts)
        if len(answer.content) > ANSWER_BYTES_MAX:
            raise ProviderUnavailableError("the answer is too long")
        return answer

    def _sent(self, method: str, path: str, tries: int, parts: dict[str, Any]) -> httpx.Response:
        try:
            return self._client.request(method, path, **parts)
        except httpx.HTTPError as error:
            if tries <= 1:
                raise ProviderUnavailableError(type(error).__name__) from error
        return self._sent(method, path, tries - 1, parts)


class _Token(msgspec.Struct, frozen=True):
    access_token: str

    def __repr__(self) -> str:
        """Leave the secret out."""
        return "_Token(…)"


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""


def _code(content: bytes) -> str:
    try:
        return msgspec.json.decode(content, type=_Problem).code
    except msgspec.MsgspecError:
        return ""
