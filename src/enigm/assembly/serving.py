"""`enigm serve`: runs the service's parts in this process until it is asked to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

import msgspec
import uvicorn
import uvloop

import enigm
from enigm.assembly.asgi_server import SignallessServer
from enigm.assembly.exits import Exit
from enigm.assembly.places import settings_of_this_machine
from enigm.assembly.service import ROLES, build_service
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import SetupError
from enigm.foundation.log import EventLog, route_libraries
from enigm.wire.delivery import MESSAGE_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Generator

    from enigm.assembly.command import CommandService
    from enigm.assembly.service import Role, Service
    from enigm.domains.messaging.needs import Fanout
    from enigm.foundation.clock import Clock
    from enigm.foundation.settings import Settings

# Its pages share no process with the rest: ``assembly.command_process``.
COMMAND_ROLE = "command"
# What hears eSIM providers, on addresses of its own: ``assembly.esim_process``.
ESIM_ROLE = "esim"
# Streams that are open when the service stops are cut; clients come back by themselves.
STOP_SECONDS_MAX = 3
# Many clients that come back at once after a restart wait here, not in their own retries.
WAITING_CONNECTIONS_MAX = 2048
# A batch of messages makes thousands of objects that go by themselves; 700 is Python's default.
COLLECT_AFTER_OBJECTS = 20_000


def serve(role: str, host: str | None, port: int | None) -> int:
    """Run until SIGTERM or Ctrl-C.

    Raises:
        SetupError: a setting, the key file, a store or the address cannot be used.
    """
    clock = SystemClock()
    log = EventLog(sys.stderr, clock, strict=False)
    route_libraries(log)
    if role.strip() == ESIM_ROLE:
        from enigm.assembly.esim_process import run_esim

        log.event("service.starting", version=f"v{enigm.__version__}")
        run_esim(settings_of_this_machine(host, port), clock, log)
        return Exit.DONE
    is_command = role.strip() == COMMAND_ROLE
    # A wrong word is said before anything is begun.
    roles: frozenset[Role] = frozenset() if is_command else _roles(role)
    settings = _settings(host, port, is_command=is_command)
    with _listening(settings) as listener:
        log.event("service.starting", version=f"v{enigm.__version__}", port=settings.listen_port)
        service = (
            _open_command(settings, clock, log)
            if is_command
            else build_service(
                settings,
                clock,
                SystemEntropy(),
                roles=roles,
                log=log,
                fanout=_fanout(settings),
            )
        )
        _spare_the_collector()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_until_stopped(service, listener))
    return Exit.DONE


def _settings(host: str | None, port: int | None, *, is_command: bool) -> Settings:
    """Read the settings; Command's port is its own."""
    if not is_command:
        return settings_of_this_machine(host, port)
    settings = settings_of_this_machine(host)
    chosen = settings.command_port if port is None else port
    return msgspec.structs.replace(settings, listen_port=chosen, command_port=chosen)


def _open_command(settings: Settings, clock: Clock, log: EventLog) -> CommandService:
    # Loaded only where it is used: the other roles know nothing of Command.
    from enigm.assembly.command_process import open_command

    return open_command(settings, clock, SystemEntropy(), log)


def _spare_the_collector() -> None:
    """Keep the garbage collector from looking again and again at what was made while starting.

    Under load it took an eighth of the service's time (docs/benchmarks-delivery.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_OBJECTS)


def _roles(role: str) -> frozenset[Role]:
    wanted = frozenset(word.strip() for word in role.split(",") if word.strip())
    if unknown := wanted - ROLES:
        raise SetupError(
            f"There is no role {', '.join(sorted(unknown))}: there are {', '.join(sorted(ROLES))}, "
            "and command and esim, each in a process of its own."
        )
    return frozenset(known for known in ROLES if known in wanted) or ROLES


def _fanout(settings: Settings) -> Fanout | None:
    """Return what tells the service's other processes of new records; one process needs none."""
    if not settings.nats_url:
        return None
    # Loaded only where it is used: a service on one machine starts without it.
    from enigm.outside.nats import NatsFanout

    return NatsFanout(settings.nats_url)


@contextlib.contextmanager
def _listening(settings: Settings) -> Generator[socket.socket]:
    address = (settings.listen_host, settings.listen_port)
    family = socket.AF_INET6 if ":" in settings.listen_host else socket.AF_INET
    try:
        listener = socket.create_server(address, family=family, backlog=WAITING_CONNECTIONS_MAX)
    except (OSError, OverflowError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise SetupError(
            f"The service cannot listen on {settings.listen_host}, port {settings.listen_port}: "
            f"{reason}. Choose another with --port."
        ) from error
    with listener:
        yield listener


async def _until_stopped(service: Service | CommandService, listener: socket.socket) -> None:
    config = uvicorn.Config(
        service,  # pyright: ignore[reportArgumentType] - a plain ASGI callable
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # An address that a proxy reports is an address that nobody here wants.
        proxy_headers=False,
        ws="websockets-sansio",
        ws_max_size=MESSAGE_BYTES_MAX,
        # Ciphertext does not shrink.
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=STOP_SECONDS_MAX,
    )
    server = SignallessServer(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    await server.serve(sockets=[listener])
    if not server.started:
        raise SetupError("The service could not start; its log says why.")
