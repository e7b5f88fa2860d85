# SPDX-License-Identifier: AGPL-3.0-or-later
"""Glue, run in Osmocom's Python: an ES2+ side for their SM-DP+, with SGP.22's states.

It is started as a program of its own beside their programs and is imported by nothing of Enigm's.
Releasing publishes a test profile under the matching id, cancelling withdraws it.
"""

# pyright: basic, reportMissingImports=false
from __future__ import annotations

import sys
from pathlib import Path

from pySim.esim import es2p

PROFILE = "TS48v5_SAIP2.1A_NoBERTLV.der"


class States(es2p.Es2pApiServerHandlerSmdpp):
    """Profiles by ICCID."""

    def __init__(self, folder: Path, stock: int) -> None:
        self._folder = folder
        self._free = [f"89490000000000{number:05d}" for number in range(stock)]
        self._held: dict[str, dict[str, str]] = {}

    def call_downloadOrder(self, data: dict) -> tuple[dict, str | None]:  # noqa: N802 - their name
        if data.get("profileType") != "data" or not self._free:
            return _failed("8.2.5", "3.7")
        iccid = self._free.pop()
        self._held[iccid] = {"state": "Allocated", "id": ""}
        return {"iccid": iccid}, "Executed-Success"

    def call_confirmOrder(self, data: dict) -> tuple[dict, str | None]:  # noqa: N802 - their name
        held = self._held.get(data["iccid"])
        if held is None:
            return _failed("8.2.1", "3.9")
        if held["state"] != "Allocated":
            return _failed("8.2.1", "3.5")
        if any(each["id"] == data["matchingId"] for each in self._held.values()):
            return _failed("8.2.6", "3.3")
        held.update(state="Confirmed", id=Path(data["matchingId"]).name)
        return {"matchingId": data["matchingId"]}, "Executed-Success"

    def call_releaseProfile(self, data: dict) -> tuple[dict, str | None]:  # noqa: N802 - their name
        held = self._held.get(data["iccid"])
        if held is None:
            return _failed("8.2.1", "3.9")
        if held["state"] != "Confirmed":
            return _failed("8.2.1", "3.5")
        held["state"] = "Released"
        (self._folder / f"{held['id']}.der").symlink_to(self._folder / PROFILE)
        return {}, "Executed-Success"

    def call_cancelOrder(self, data: dict) -> tuple[dict, str | None]:  # noqa: N802 - their name
        held = self._held.get(data["iccid"])
        if held is None:
            return _failed("8.2.1", "3.9")
        held["state"] = data["finalProfileStatusIndicator"]
        (self._folder / f"{held['id']}.der").unlink(missing_ok=True)
        return {}, "Executed-Success"


def _failed(subject: str, reason: str) -> tuple[dict, None]:
    code = {"subjectCode": subject, "reasonCode": reason, "message": "refused"}
    return {
        "header": {"functionExecutionStatus": {"status": "Failed", "statusCodeData": code}}
    }, None


if __name__ == "__main__":
    port, server, authority, published = sys.argv[1:]
    es2p.Es2pApiServerSmdpp(int(port), "127.0.0.1", States(Path(published), 5), server, authority)
