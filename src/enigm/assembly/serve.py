"""Runs the service under uvicorn until it is asked to stop."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from enigm.assembly.service import ROLES, build_service
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import SetupError
from enigm.foundation.log import EventLog, route_libraries
from enigm.wire.delivery import MESSAGE_BYTES_MAX

if TYPE_CHECKING:
    from enigm.assembly.service import Role
    from enigm.foundation.settings import Settings

# A client that reads slowly is given this long at a stop; its messages are stored anyway.
STOP_SECONDS_MAX: Final = 5
# Pings find connections that are gone without a word (a phone that changed networks).
PING_SECONDS: Final = 25


def read_roles(words: str) -> frozenset[Role]:
    """Return the roles named, by commas; all for none. Raises SetupError for another word."""
    named = {word.strip() for word in words.split(",") if word.strip()}
    chosen: frozenset[Role] = frozenset(role for role in ROLES if role in named)
    if len(chosen) != len(named):
        msg = f"A role is one of {', '.join(sorted(ROLES))}."
        raise SetupError(msg)
    return chosen or ROLES


def serve(settings: Settings, roles: frozenset[Role] = ROLES) -> None:
    """Build the service and run it; returns after SIGINT or SIGTERM.

    Raises:
        SetupError: something that is needed to start cannot be used; it says why.
    """
    clock = SystemClock()
    log = EventLog(sys.stderr, clock, strict=False)
    route_libraries(log)
    log.event("service.starting", port=settings.listen_port)
    service = build_service(settings, clock, SystemEntropy(), roles=roles, log=log)
    uvicorn.Server(configuration(service, settings)).run()


def configuration(service: Any, settings: Settings) -> uvicorn.Config:
    """Return how the service listens: no log of who came, no header that tells a version."""
    return uvicorn.Config(
        service,
        host=settings.listen_host,
        port=settings.listen_port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=MESSAGE_BYTES_MAX,
        ws_per_message_deflate=False,
        ws_ping_interval=PING_SECONDS,
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_SECONDS_MAX,
    )
