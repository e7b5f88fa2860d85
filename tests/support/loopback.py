"""A scripted App behind a real loopback port, and a client that knows how to knock."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from enigm.app.loopback.daemon import RunningDaemon, serving
from enigm.app.options import Options
from tests.support.scripted_app import ScriptedApp

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from enigm.app.views import Stage


@dataclass(frozen=True)
class Loopback:
    """What a test of the loopback server holds: the App, the daemon, a client with a session."""

    app: ScriptedApp
    daemon: RunningDaemon
    client: httpx.AsyncClient
    session: str

    @property
    def origin(self) -> str:
        """The page's own origin."""
        return f"http://127.0.0.1:{self.daemon.port}"

    @property
    def as_page(self) -> dict[str, str]:
        """The headers that the page's own requests carry."""
        return {
            "Origin": self.origin,
            "Sec-Fetch-Site": "same-origin",
            "X-Enigm-Session": self.session,
            "Content-Type": "application/json",
        }


@asynccontextmanager
async def scripted_loopback(stage: Stage = "ready") -> AsyncGenerator[Loopback]:
    """Serve a scripted App, with one session already open."""
    app = ScriptedApp(stage)
    async with serving(app, Options()) as daemon:
        base = f"http://127.0.0.1:{daemon.port}"
        session = daemon.door.exchange(daemon.door.token)
        assert session is not None
        async with httpx.AsyncClient(base_url=base, trust_env=False) as client:
            yield Loopback(app, daemon, client, session)
