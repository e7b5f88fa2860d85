"""`enigm serve --role=esim`: hears eSIM providers, and tells them what they are still to be told.

A process of its own: it opens the stores of eSIMs, and of handles, policy and audit beside them,
and none that holds an account, a device or a message.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from enigm.assembly.asgi_server import SignallessServer
from enigm.assembly.esim import EsimParts, NoTokens, build_esim, secret_in
from enigm.assembly.stores import DESIGNS, open_stores
from enigm.assembly.surroundings import Surroundings
from enigm.assembly.trust import build_trust
from enigm.assembly.upkeep import Upkeep
from enigm.faces.esim.progress import progress_listener
from enigm.faces.esim.reports import report_listener
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import SetupError
from enigm.foundation.keyfile import load_or_create_keys
from enigm.foundation.retention import RetentionJob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from enigm.foundation.esim_settings import Es2PlusSettings, ResellerSettings
    from enigm.foundation.log import EventLog
    from enigm.foundation.settings import Settings

STORES: Final = ("audit", "esim", "handles", "policy")
STOP_SECONDS_MAX: Final = 3


class Listener:
    """One address that one provider reports to."""

    def __init__(self, config: uvicorn.Config, host: str, port: int) -> None:
        """Take the address.

        Raises:
            SetupError: it is taken, or the certificates cannot be used.
        """
        try:
            config.load()
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._socket = socket.create_server((host, port), family=family)
        except (OSError, ssl.SSLError) as error:
            raise SetupError(
                f"eSIM reports cannot be taken on {host}, port {port}: {error.strerror or error}."
            ) from error
        self._server = SignallessServer(config)
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._socket.getsockname()[1])

    async def start(self) -> None:
        """Answer from now on; who connected before has waited at the socket."""
        serving = self._server.serve(sockets=[self._socket])
        self._task = asyncio.get_running_loop().create_task(serving)

    async def stop(self) -> None:
        """Finish what is being answered."""
        self._server.stop()
        if self._task is not None:
            await self._task
        self._socket.close()


@dataclass(slots=True)
class EsimService:
    """The process, built."""

    databases: dict[str, Database]
    parts: EsimParts
    listeners: Sequence[Listener]
    upkeep: Upkeep
    log: EventLog = field(repr=False)

    async def start(self) -> None:
        """Begin to listen and to look after what is kept."""
        for listener in self.listeners:
            await listener.start()
        await self.upkeep.start()
        self.log.event("service.ready")

    async def stop(self) -> None:
        """Stop with everything written."""
        self.log.event("service.stopping")
        for listener in self.listeners:
            await listener.stop()
        await self.upkeep.stop()
        self.parts.close()
        for database in self.databases.values():
            database.close()
        self.log.event("service.stopped")


def build_esim_service(around: Surroundings) -> EsimService:
    """Open the stores and take the addresses; nothing runs until ``start``.

    Raises:
        SetupError: no provider is set up, or something of it cannot be used.
    """
    settings = around.settings
    es2plus, reseller = settings.esim.es2plus, settings.esim.reseller
    if es2plus is None and reseller is None:
        raise SetupError("No eSIM provider is set up: set esim.es2plus or esim.reseller.")
    databases = open_stores(settings, around.keys, list(STORES))
    trusting = build_trust(around, databases)
    retention = RetentionJob(
        [(databases["esim"], DESIGNS["esim"].metadata)],
        around.clock,
        {place: days for place, days in settings.retention_days.items() if _is_ours(place)},
    )
    upkeep = Upkeep([], retention, around.log)
    parts = build_esim(
        around,
        databases["esim"],
        trusting,
        NoTokens(),
        lambda: upkeep.scrub([databases["esim"]]),
    )
    upkeep.jobs.append(parts.esims.ending)
    listeners = [
        *([] if es2plus is None else [_progress(es2plus, parts)]),
        *([] if reseller is None else _reports(reseller, parts, around.clock)),
    ]
    return EsimService(databases, parts, listeners, upkeep, around.log)


def run_esim(settings: Settings, clock: Clock, log: EventLog) -> None:
    """Run until SIGTERM or Ctrl-C; raises SetupError."""
    entropy = SystemEntropy()
    keys = load_or_create_keys(settings.key_file, entropy)
    service = build_esim_service(Surroundings(settings, keys, clock, entropy, log))
    with asyncio.Runner() as runner:
        runner.run(_until_stopped(service))


async def _until_stopped(service: EsimService) -> None:
    must_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, must_stop.set)
    await service.start()
    with contextlib.suppress(asyncio.CancelledError):
        await must_stop.wait()
    await service.stop()


def _is_ours(place: str) -> bool:
    return place.partition(".")[0] == "esim"


def _progress(settings: Es2PlusSettings, parts: EsimParts) -> Listener:
    config = _config(
        progress_listener(parts.esims.hearing, parts.door),
        # Whoever shows no certificate of the provider's authority is not even heard.
        ssl_certfile=settings.listener_certificate,
        ssl_keyfile=settings.listener_key,
        ssl_ca_certs=str(settings.authority),
        ssl_cert_reqs=ssl.CERT_REQUIRED,
    )
    return Listener(config, settings.listen_host, settings.listen_port)


def _reports(settings: ResellerSettings, parts: EsimParts, clock: Clock) -> list[Listener]:
    if settings.report_secret_file is None:
        return []
    secret = secret_in(settings.report_secret_file).encode()
    application = report_listener(parts.esims.hearing, parts.door, secret, clock)
    return [Listener(_config(application), settings.listen_host, settings.listen_port)]


def _config(application: Any, **tls: Any) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_SECONDS_MAX,
        **tls,
    )
