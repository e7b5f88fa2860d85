"""A whole service in this process, on a test's clock and dice, on either engine."""

from __future__ import annotations

import io
import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from enigm.assembly.service import build_service
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.log import EventLog
from enigm.foundation.settings import Settings
from tests.support.clock import FakeClock
from tests.support.journey import Journey

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from enigm.assembly.service import Service
    from enigm.foundation.clock import Clock

# Work that takes no time: tests of its price ask for more.
EASY_LIMITS = {"accounts.proof_difficulty_bits": 1}


def settings_of_tests(folder: Path, **changes: Any) -> Settings:
    """Return settings for a service under a test's folder."""
    given: dict[str, Any] = {"data_folder": folder, "limits": EASY_LIMITS}
    return Settings(**(given | changes))


class Running:
    """A started service, who talks to it, and what it logged."""

    def __init__(
        self, service: Service, journey: Journey, log: io.StringIO, settings: Settings
    ) -> None:
        self.settings = settings
        self.service = service
        self.journey = journey
        self.clock = journey.clock
        self.log = log


@asynccontextmanager
async def running_service(
    settings: Settings, clock: FakeClock | None = None
) -> AsyncGenerator[Running]:
    """Build and start a service; stop it at the end."""
    ticking, sink = clock or FakeClock(), io.StringIO()
    entropy = SystemEntropy()
    log = EventLog(sink, ticking, strict=True)
    service = build_service(settings, ticking, entropy, log=log)
    await service.start()
    journey = Journey(service, ticking, entropy)
    try:
        yield Running(service, journey, sink, settings)
    finally:
        await journey.http.aclose()
        await service.stop()


@pytest.fixture(scope="session")
def prepared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service's folder as the first start leaves it: keys, tables, OPAQUE secrets.

    Made once, because making six encrypted files anew costs most of a small test's time.
    """
    return _first_start(tmp_path_factory.mktemp("prepared"), FakeClock())


@pytest.fixture(scope="session")
def prepared_today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service's folder as a first start on this machine's own clock leaves it."""
    return _first_start(tmp_path_factory.mktemp("prepared-today"), SystemClock())


def _first_start(folder: Path, clock: Clock) -> Path:
    log = EventLog(io.StringIO(), clock, strict=True)
    service = build_service(settings_of_tests(folder), clock, SystemEntropy(), log=log)
    for database in service.databases.values():
        database.close()
    return folder


@pytest.fixture
async def running(tmp_path: Path, prepared_folder: Path) -> AsyncGenerator[Running]:
    """A started embedded service that only this test knows."""
    shutil.copytree(prepared_folder, tmp_path, dirs_exist_ok=True)
    async with running_service(settings_of_tests(tmp_path)) as started:
        yield started


@pytest.fixture
def journey(running: Running) -> Journey:
    """Who talks to the running service."""
    return running.journey
