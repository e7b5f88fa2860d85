"""Orders profiles from an SM-DP+ by ES2+ over mutual TLS (GSMA SGP.22 §§5.3, 6.5).

The SM-DP+ learns which kind of profile is wanted and when; nothing of who wants it. One requester
identifier stands for the whole shop, call identifiers are random, and no device's EID is given.
"""

from __future__ import annotations

import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec

from enigm.domains.esim.errors import ProviderRefusedError, ProviderUnavailableError, Refused
from enigm.domains.esim.model import Iccid, Notice
from enigm.foundation.errors import InvalidError, SetupError
from enigm.wire import es2plus
from enigm.wire.activation_code import ActivationCode, ActivationCodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

TIMEOUT_SECONDS: Final = 20
# An answer has a header and four short fields.
ANSWER_BYTES_MAX: Final = 16 * 1024
# A lost connection is tried again at once, under the same call identifier; then the holder decides.
TRIES: Final = 2

_REFUSALS: Final = {
    ("8.2.5", "3.7"): Refused.NO_PROFILE,
    ("8.2.1", "3.3"): Refused.IN_USE,
    ("8.2.1", "3.5"): Refused.WRONG_STATE,
    ("8.2.1", "3.9"): Refused.UNKNOWN,
    ("8.2.6", "3.3"): Refused.MATCHING_ID_TAKEN,
}


def mutual_tls(authority: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """Return a context that trusts this private authority alone and shows this certificate.

    Raises:
        SetupError: a file is missing or holds something else.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cafile=authority)
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise SetupError(
            "The eSIM provider's authority, or our certificate or key for it, cannot be used: "
            f"{error.strerror or error}. See docs/esim.md."
        ) from error
    return context


class Es2Plus:
    """One SM-DP+. Provides ``esim.needs.Provider``; safe to share between threads."""

    name = "es2plus"

    def __init__(
        self,
        url: str,
        requester: str,
        tls: ssl.SSLContext,
        on_dropped: Callable[[int], None],
        *,
        address: str = "",
    ) -> None:
        """Keep the address of its ES2+ side and of its phones' side, the same unless told."""
        # Proxies and authorities from the environment would undo the private authority.
        self._client = httpx.Client(
            base_url=url, verify=tls, timeout=TIMEOUT_SECONDS, trust_env=False
        )
        self._requester = requester
        self._on_dropped = on_dropped
        self._address = address or urlsplit(url).hostname or ""

    def order(self, item: str, call: bytes) -> Iccid:
        """Reserve a profile of a type (DownloadOrder)."""
        answer = self._call("downloadOrder", {"profileType": item}, call)
        try:
            return Iccid(es2plus.plain_iccid(answer.iccid))
        except InvalidError as error:
            raise ProviderUnavailableError("downloadOrder: no ICCID") from error

    def confirm(
        self, iccid: Iccid, matching_id: str, call: bytes, *, may_be_confirmed: bool
    ) -> ActivationCode:
        """Bind it to our random matching id, without releasing it (ConfirmOrder)."""
        body = {"iccid": iccid, "matchingId": matching_id, "releaseFlag": False}
        try:
            answer = self._call("confirmOrder", body, call)
        except ProviderRefusedError as refused:
            if not (may_be_confirmed and refused.why is Refused.WRONG_STATE):
                raise
            return ActivationCode(self._address, matching_id)
        try:
            return ActivationCode(
                answer.smdp_address or self._address, answer.matching_id or matching_id
            )
        except ActivationCodeError as error:
            raise ProviderUnavailableError("confirmOrder: no code") from error

    def release(self, iccid: Iccid, call: bytes) -> None:
        """Let a phone fetch it (ReleaseProfile); released before is done."""
        try:
            self._call("releaseProfile", {"iccid": iccid}, call)
        except ProviderRefusedError as refused:
            # It was confirmed, so that the only state it can wrongly be in is a later one.
            if refused.why is not Refused.WRONG_STATE:
                raise

    def cancel(self, iccid: Iccid, call: bytes) -> None:
        """Take it back for good (CancelOrder)."""
        body = {"iccid": iccid, "finalProfileStatusIndicator": "Unavailable"}
        self._call("cancelOrder", body, call)

    def end(self, iccid: Iccid, call: bytes) -> None:
        """Do nothing: ES2+ cannot take a profile from a phone. Its user can."""

    def ask(self, iccid: Iccid) -> Sequence[Notice]:
        """Return nothing: ES2+ has no question about a state, only reports that may come."""
        _ = iccid
        return ()

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def _call(self, function: str, body: dict[str, Any], call: bytes) -> es2plus.Response:
        header = {
            "functionRequesterIdentifier": self._requester,
            "functionCallIdentifier": call.hex().upper(),
        }
        content = msgspec.json.encode({"header": header, **body})
        answer = self._post(function, content)
        status = answer.header.function_execution_status
        if status.status in es2plus.SUCCESS:
            return answer
        code = (status.status_code_data.subject_code, status.status_code_data.reason_code)
        raise ProviderRefusedError(_REFUSALS.get(code, Refused.OTHER), f"{function}: {code!r}")

    def _post(self, function: str, content: bytes) -> es2plus.Response:
        headers = {
            "Content-Type": es2plus.MEDIA_TYPE,
            es2plus.PROTOCOL_HEADER: es2plus.PROTOCOL,
        }
        answer = self._sent(function, content, headers, TRIES)
        if answer.status_code != HTTPStatus.OK or len(answer.content) > ANSWER_BYTES_MAX:
            raise ProviderUnavailableError(f"{function}: HTTP {answer.status_code}")
        try:
            raw = msgspec.json.decode(answer.content, type=dict[str, Any])
            taken = msgspec.convert(raw, es2plus.Response)
        except msgspec.MsgspecError as error:
            raise ProviderUnavailableError(f"{function}: not an answer") from error
        self._on_dropped(len(raw.keys() - es2plus.RESPONSE_FIELDS))
        return taken

    def _sent(
        self, function: str, content: bytes, headers: dict[str, str], tries: int
    ) -> httpx.Response:
        try:
            path = es2plus.FUNCTIONS_PATH + function
            return self._client.post(path, content=content, headers=headers)
        except httpx.HTTPError as error:
            if tries <= 1:
                raise ProviderUnavailableError(f"{function}: {type(error).__name__}") from error
        return self._sent(function, content, headers, tries - 1)
