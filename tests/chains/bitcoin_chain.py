"""A Bitcoin chain of one's own: bcoin as the node, electrumx as its Electrum server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.vectors import ROOT
from tests.support.waiting import wait_until

_KEY = "of this chain alone"
_LAUNCHER = Path(__file__).with_name("bitcoin_node.cjs")
_ELECTRUM_SERVER = Path(__file__).with_name("electrum_server.py")
# Segwit is active from block 432 on; what is mined can be spent 100 blocks later.
BLOCKS_BEFORE = 450
_LOOPBACK = "127.0.0.1"
_START_SECONDS_MAX = 40


def bitcoin_is_missing() -> str:
    """Return what to install, or nothing where everything is there."""
    if shutil.which("node") is None or not (ROOT / "node_modules/bcoin").is_dir():
        return "bcoin is not installed: scripts/setup.sh test"
    found = Path(sys.executable).with_name("electrumx_server").exists()
    return "" if found else "electrumx is not installed: scripts/setup.sh test"


def _free_port() -> int:
    with socket.create_server((_LOOPBACK, 0)) as probe:
        return int(probe.getsockname()[1])


class BitcoinChain:
    """A node with a wallet that pays, and an Electrum server that follows it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []
        self._node_port, self._wallet_port = _free_port(), _free_port()
        self._electrum_port = _free_port()
        self._http = httpx.Client(auth=("x", _KEY), timeout=60, trust_env=False)

    @property
    def electrum_url(self) -> str:
        return f"tcp://{_LOOPBACK}:{self._electrum_port}"

    def start(self) -> None:
        ports = (str(self._node_port), str(self._wallet_port))
        # The key is one word in the server's setting, so it is escaped there.
        self._run(["node", str(_LAUNCHER), *ports], {"CHAIN_API_KEY": _KEY})
        wait_until(self._answers, _START_SECONDS_MAX)
        self.mine(BLOCKS_BEFORE)
        escaped = _KEY.replace(" ", "%20")
        settings = {
            "COIN": "Bitcoin",
            "NET": "regtest",
            "DB_ENGINE": "leveldb",
            "DB_DIRECTORY": str(self._folder),
            "DAEMON_URL": f"http://x:{escaped}@{_LOOPBACK}:{self._node_port}/",
            "SERVICES": f"{self.electrum_url},rpc://{_LOOPBACK}:{_free_port()}",
            "REPORT_SERVICES": "",
            "PEER_DISCOVERY": "",
            "PEER_ANNOUNCE": "",
            "ALLOW_ROOT": "1",
            "COST_SOFT_LIMIT": "0",
            "COST_HARD_LIMIT": "0",
            "REORG_LIMIT": "200",
            # Milliseconds: it looks every five seconds otherwise.
            "DAEMON_POLL_INTERVAL_BLOCKS": "200",
            "DAEMON_POLL_INTERVAL_MEMPOOL": "200",
        }
        self._run([sys.executable, str(_ELECTRUM_SERVER)], settings)
        wait_until(self._serves, _START_SECONDS_MAX)

    def stop(self) -> None:
        self._http.close()
        for process in reversed(self._running):
            process.terminate()
        for process in reversed(self._running):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()

    def ask(self, method: str, *parameters: Any) -> Any:
        """Ask the node by JSON-RPC."""
        question = {"method": method, "params": list(parameters)}
        answer = self._http.post(f"http://{_LOOPBACK}:{self._node_port}/", json=question).json()
        assert answer["error"] is None, answer["error"]
        return answer["result"]

    @property
    def height(self) -> int:
        return self.ask("getblockcount")

    def mine(self, blocks: int = 1) -> None:
        """Add blocks whose reward goes to the node's own wallet."""
        address = self._wallet("address", {"account": "default"})["address"]
        self.ask("generatetoaddress", blocks, address)

    def pay(self, address: str | None, satoshi: int, rate: int = 10_000) -> str:
        """Send from the node's wallet; return the transaction's name."""
        output = {"address": address, "value": satoshi}
        name = self._wallet("send", {"rate": rate, "outputs": [output]})["hash"]
        # The wallet hands it to the node a moment later; a block mined before would not hold it.
        wait_until(lambda: name in self.ask("getrawmempool"))
        return name

    def raw(self, name: str) -> str:
        """Return a transaction as it goes over the wire."""
        return self.ask("getrawtransaction", name)

    def replace(self, blocks: int) -> None:
        """Replace the newest blocks by one more that hold nothing, and lose what they held."""
        self.ask("invalidateblock", self.ask("getblockhash", self.height - blocks + 1))
        # The node puts their transactions back among those that wait.
        url = f"http://{_LOOPBACK}:{self._node_port}/hook/forget"
        self._http.get(url).raise_for_status()
        self._wallet("zap", {"age": 1, "account": "default"})
        self.mine(blocks + 1)

    def _wallet(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        url = f"http://{_LOOPBACK}:{self._wallet_port}/wallet/primary/{path}"
        answer = self._http.post(url, json=content).json()
        assert "error" not in answer, answer
        return answer

    def _run(self, command: list[str], settings: dict[str, str]) -> None:
        log = (self._folder / f"{Path(command[1]).stem}.log").open("wb")
        with log:
            self._running.append(
                subprocess.Popen(
                    command,
                    env={**os.environ, **settings},
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                )
            )

    def _answers(self) -> bool:
        if self._running[-1].poll() is not None:
            pytest.fail((self._folder / "bitcoin_node.log").read_text())
        try:
            return self.ask("getblockcount") == 0
        except httpx.TransportError:
            return False

    def _serves(self) -> bool:
        if self._running[-1].poll() is not None:
            pytest.fail((self._folder / "electrum_server.log").read_text())
        with socket.socket() as probe:
            return probe.connect_ex((_LOOPBACK, self._electrum_port)) == 0
