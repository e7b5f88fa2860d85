"""A private NATS server for a test: a free port on loopback, nothing stored."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from enigm.foundation.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Generator

_START_SECONDS_MAX = 60


class NatsServer:
    """A server that a test may stop and start again at the same port."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port: int = probe.getsockname()[1]

    @property
    def url(self) -> str:
        """Return the server's address."""
        return f"nats://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start and wait until it listens."""
        self._process = subprocess.Popen(
            [self._program, "-a", "127.0.0.1", "-p", str(self._port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        clock = SystemClock()
        deadline = clock.monotonic_seconds() + _START_SECONDS_MAX
        while clock.monotonic_seconds() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("nats-server does not listen")

    def stop(self) -> None:
        """Kill it, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=10)
            self._process = None


@contextmanager
def running_nats() -> Generator[NatsServer]:
    """Start a server and stop it afterwards; skips, saying why, where there is none."""
    program = shutil.which("nats-server")
    if program is None:
        pytest.skip("NATS is not installed: apt-get install nats-server")
    server = NatsServer(program)
    server.start()
    try:
        yield server
    finally:
        server.stop()
