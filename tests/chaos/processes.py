"""Real server processes that a test kills and starts again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

from enigm.crypto import tokens
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.keyfile import load_or_create_keys
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

# The crowd of a chaos test would be refused as a flood.
NO_LIMITS = {"messaging.channel_posts": 10**9, "messaging.connection_requests": 10**9}


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ServerProcess:
    """`enigm serve --role=delivery` at one port, over one data folder."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.port = free_port()
        self.kills = 0
        self._folder = folder
        self._settings = {f"ENIGM_{name.upper()}": value for name, value in settings.items()}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; clients find out for themselves when it listens."""
        environment = {
            **os.environ,
            "ENIGM_DATA_FOLDER": str(self._folder),
            "ENIGM_LIMITS": json.dumps(NO_LIMITS),
            **self._settings,
        }
        log = (self._folder / f"server-{self.port}.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "enigm.assembly.main", "serve"),
                    *("--role=delivery", f"--port={self.port}"),
                ],
                env=environment,
                stdout=log,
                stderr=log,
            )

    def wait_until_listening(self) -> None:
        """Return when it accepts connections."""

        def listens() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, "the server ended by itself: see its log"
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        wait_until(listens)

    def kill(self) -> None:
        """End it at once, in whatever it does (SIGKILL)."""
        assert self._process is not None
        assert self._process.poll() is None, "the server ended by itself: see its log"
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(timeout=10)
        self.kills += 1

    def stop(self) -> None:
        """End it as an operator would."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(timeout=10)


def issue_tokens(folder: Path, count: int) -> list[bytes]:
    """Return admission tokens from the key that the servers of this folder use."""
    entropy = SystemEntropy()
    keys = load_or_create_keys(folder / "keys", entropy)
    issuer = tokens.TokenIssuer.from_seed(keys.derive("tokens", "issuer"))
    state, blinded = tokens.blind(count, entropy)
    answer = issuer.evaluate(blinded)
    return list(tokens.finalize(state, answer.elements, answer.proof, issuer.public_key))
