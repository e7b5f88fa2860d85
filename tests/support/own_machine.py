"""One machine with Enigm on it: real processes of the `enigm` command, started and stopped."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/#token=\S+")
# Two busy cores start a process slowly; beyond this it hangs.
_START_SECONDS_MAX = 120
_STOP_SECONDS_MAX = 60


@dataclass
class Process:
    """A running command and what it printed."""

    name: str
    process: asyncio.subprocess.Process
    printed: str = ""
    _reading: asyncio.Task[None] | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def read_on(self) -> None:
        """Begin to keep what the process prints."""
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.printed += line.decode()
            self._news.set()
        self._news.set()

    async def says(self, pattern: re.Pattern[str]) -> str:
        """Wait until the process printed this; fail with everything it printed instead."""
        try:
            async with asyncio.timeout(_START_SECONDS_MAX):
                while not (found := pattern.search(self.printed)):
                    if self.process.returncode is not None:
                        break
                    await self._news.wait()
                    self._news.clear()
                else:
                    return found.group(0)
        except TimeoutError:
            pass
        pytest.fail(f"{self.name} did not come up: {self.printed}")

    async def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(_STOP_SECONDS_MAX):
            await self.process.wait()
        if self._reading is not None:
            await self._reading


@dataclass
class OwnMachine:
    """A folder that holds the service and every profile, and the processes that run now."""

    folder: Path
    port: int = 0
    running: list[Process] = field(default_factory=list[Process])

    async def start_service(self) -> None:
        """Run the service; a second start takes the same port and the same data."""
        if self.port == 0:
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.port = int(free.getsockname()[1])
        service = await self._start("serve", f"--port={self.port}")
        await service.says(re.compile(r"service\.ready"))

    async def start_command(self) -> str:
        """Run Command beside the service; return its address."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        command = await self._start("serve", "--role=command", f"--port={port}")
        await command.says(re.compile(r"service\.ready"))
        return f"http://127.0.0.1:{port}"

    async def start_app(self, profile: str) -> str:
        """Run one person's App; return the address that opens it once."""
        service = f"--service=http://127.0.0.1:{self.port}"
        app = await self._start("app", f"--profile={profile}", service, "--no-browser")
        return await app.says(_ADDRESS)

    async def stop_everything(self) -> None:
        """Stop the Apps first, then the service."""
        while self.running:
            await self.running.pop().stop()

    async def _start(self, *words: str) -> Process:
        plain = {n: v for n, v in os.environ.items() if not n.startswith(("ENIGM_", "DISPLAY"))}
        started = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "enigm.assembly.main", *words),
            env=plain | {"ENIGM_DATA": str(self.folder), "PYTHONUNBUFFERED": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        process = Process(f"enigm {words[0]}", started)
        process.read_on()
        self.running.append(process)
        return process
