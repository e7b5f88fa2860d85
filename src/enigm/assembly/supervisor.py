"""Starts processes of Enigm, waits until they answer, and ends them when their parent goes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

from enigm.foundation.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from enigm.foundation.clock import Clock

LOOPBACK = "127.0.0.1"
# A cold start takes a second or two; a machine that swaps may take far longer.
START_SECONDS_MAX = 60.0
# After this a process that was asked to stop is killed; stores survive that by design.
STOP_SECONDS_MAX = 10.0
_POLL_SECONDS = 0.05
_ANSWER_SECONDS = 2.0
_LOG_LINES_SHOWN = 12
_STANDARD_INPUT = 0
# Tells a child that its standard input is a line to its parent, which ends when the parent does.
_SUPERVISED_VARIABLE = "ENIGM_SUPERVISED"


class Child:
    """One process of Enigm, in a group of its own so that Ctrl-C reaches only the parent."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        log: Path | None = None,
    ) -> None:
        """Start ``enigm <arguments>``; its output goes to the log, or where the parent's goes."""
        self.name = name
        self._log = log
        output: Any = None
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "enigm.assembly.main", *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env={**environment, _SUPERVISED_VARIABLE: "1"},
            process_group=0,
        )
        if output is not None:
            os.close(output)

    @property
    def exit_code(self) -> int | None:
        """The number it ended with, or None while it runs."""
        return self._process.poll()

    @property
    def process_id(self) -> int:
        """The operating system's number for it."""
        return self._process.pid

    def wait_until(self, ready: Callable[[], bool], clock: Clock) -> None:
        """Wait until it answers.

        Raises:
            SetupError: it ended first, or took longer than anything reasonable.
        """
        ends_at = clock.monotonic_seconds() + START_SECONDS_MAX
        pause = threading.Event()
        while not ready():
            if self.exit_code is not None:
                raise SetupError(f"{self.name} ended while starting.{self._last_words()}")
            if clock.monotonic_seconds() > ends_at:
                raise SetupError(
                    f"{self.name} did not answer in {START_SECONDS_MAX:.0f} seconds."
                    f"{self._last_words()}"
                )
            pause.wait(_POLL_SECONDS)

    def said(self, words: str) -> bool:
        """Tell whether these words stand in its log."""
        return self._log is not None and words in self._log.read_text(errors="replace")

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Ask it to end, wait, and make it end if it does not."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self.exit_code is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.kill()

    def _last_words(self) -> str:
        if self._log is None or not self._log.exists():
            return ""
        lines = self._log.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:]
        return "\n".join(["", *(f"  {line}" for line in lines), f"  (all of it: {self._log})"])


def answers(port: int) -> bool:
    """Tell whether an HTTP server answers on this port of this machine, with whatever status."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=_ANSWER_SECONDS) as connection:
            # A socket accepts before its server is ready: only an answer shows that it is.
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return bool(connection.recv(1))
    except OSError:
        return False


def port_is_free(port: int) -> bool:
    """Tell whether a service could listen on this port now."""
    with socket.socket() as probe:
        # As the service will: a port in TIME_WAIT after a restart is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.create_server((LOOPBACK, 0)) as probe:
        return int(probe.getsockname()[1])


def end_with_parent(environment: Mapping[str, str]) -> None:
    """In a child: stop as if asked to when the parent is gone, however it went."""
    if environment.get(_SUPERVISED_VARIABLE) != "1":
        return

    def watch() -> None:
        # Nothing is ever written: a read that returns is the other end closing.
        os.read(_STANDARD_INPUT, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
