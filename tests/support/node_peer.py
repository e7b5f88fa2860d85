"""A Node program that answers one line of JSON for each line of JSON."""

from __future__ import annotations

import json
import select
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.vectors import ROOT

if TYPE_CHECKING:
    from pathlib import Path

# Pure JavaScript at 1,000 members is slow; silence beyond this is a hang.
ANSWER_SECONDS_MAX = 120


class PeerRefusedError(Exception):
    """The peer answered with an error: its library refused."""


class NodePeer:
    """One process for many questions; binary values travel as hex."""

    def __init__(self, script: Path) -> None:
        node = shutil.which("node")
        if node is None or not (ROOT / "node_modules").is_dir():
            pytest.skip("Node or node_modules is not here: run `make test`, which installs them")
        self._process = subprocess.Popen(
            [node, str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Send one command; raises PeerRefusedError with the peer's words."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        question = {"command": command} | {k: _plain(v) for k, v in arguments.items()}
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], ANSWER_SECONDS_MAX)
        if not ready:
            self.close()
            pytest.fail(f"the peer did not answer {command} in {ANSWER_SECONDS_MAX} s")
        answer = json.loads(self._process.stdout.readline() or b'{"error": "the peer ended"}')
        if "error" in answer:
            raise PeerRefusedError(answer["error"])
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.terminate()
        self._process.wait(timeout=10)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
