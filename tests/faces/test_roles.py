"""Parts run apart: who serves delivery opens no store that knows an account or a device."""

from __future__ import annotations

import io
from pathlib import Path

import httpx

from enigm.assembly.service import Role, build_service
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.log import EventLog
from enigm.wire import delivery
from tests.support.clock import FakeClock
from tests.support.service import settings_of_tests


async def _statuses(folder: Path, role: Role) -> tuple[set[str], dict[str, int]]:
    """Return which stores a role opens, and how each path answers."""
    clock = FakeClock()
    log = EventLog(io.StringIO(), clock, strict=True)
    settings = settings_of_tests(folder)
    service = build_service(settings, clock, SystemEntropy(), roles=frozenset([role]), log=log)
    await service.start()
    try:
        transport = httpx.ASGITransport(service)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            asked = {
                "accounts": await client.get("/accounts/v1/registration"),
                "delivery": await client.post(
                    delivery.EXCHANGE_PATH,
                    content=delivery.encode(delivery.Ping(1)),
                    headers={"Content-Type": delivery.MEDIA_TYPE},
                ),
            }
        return set(service.databases), {name: a.status_code for name, a in asked.items()}
    finally:
        await service.stop()


async def test_delivery_alone_knows_no_account(tmp_path: Path) -> None:
    stores, statuses = await _statuses(tmp_path, "delivery")
    assert stores == {"messaging"}
    assert statuses == {"accounts": 404, "delivery": 200}
    files = {path.name for path in settings_of_tests(tmp_path).stores_folder.glob("*.db")}
    assert files == {"messaging.db"}


async def test_the_api_alone_delivers_nothing(tmp_path: Path) -> None:
    stores, statuses = await _statuses(tmp_path, "api")
    assert {"accounts", "devices"} <= stores
    assert statuses == {"accounts": 200, "delivery": 404}
