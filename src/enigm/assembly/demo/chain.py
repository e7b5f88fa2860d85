"""A Monero chain of one's own (regtest), with real programs, so that a purchase can be shown."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from enigm.assembly.demo.person import DemoError
from enigm.assembly.supervisor import LOOPBACK, free_port
from enigm.outside.monero_rpc import MoneroRpc, RpcRefusedError
from enigm.outside.wallet_errors import WalletUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from enigm.foundation.clock import Clock

_NODE = "monerod"
_WALLET = "monero-wallet-rpc"
_CEREMONY = "monero-wallet-cli"
# Each takes a second or two; on a machine with ten times the work, most of a minute.
_START_SECONDS_MAX = 120.0
_STOP_SECONDS_MAX = 10.0
_POLL_SECONDS = 0.05
# A mined coin can be spent after 60 blocks, and hides among 15 others that can be spent, too.
_BLOCKS_UNTIL_SPENDABLE = 90
# On a busy machine a block takes a second, and an answer must come within a minute.
_BLOCKS_AT_ONCE = 10
_LOGIN = "enigm:a password of this chain alone"
# Each new address derives this many after it anew: by the default of 200 a hundred addresses take a
# second. The signer keeps the default, as signers do; docs/payments.md says what to choose.
_ADDRESSES_AHEAD = 20
_ADDRESSES_AHEAD_OF_SIGNER = 200


def monero_is_missing() -> str:
    """Return what to install, or nothing where both programs are there."""
    missing = [name for name in (_NODE, _WALLET, _CEREMONY) if shutil.which(name) is None]
    return f"{' and '.join(missing)} not installed: apt-get install monero" if missing else ""


@dataclass(frozen=True)
class MoneroProgram:
    """A wallet program that runs, and how to reach it."""

    url: str
    rpc: MoneroRpc
    folder: Path
    login_file: Path | None = None

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the wallet anything."""
        return self.rpc.ask(method, dict[str, Any], parameters)


@dataclass(frozen=True)
class ShopWallet:
    """What a key ceremony gives the shop: a view-only wallet; the signer's key is elsewhere."""

    program: MoneroProgram
    signer: MoneroProgram
    primary_address: str


class MoneroChain:
    """A node and wallets in one folder, all on loopback, ended together."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Choose a port; nothing is started yet."""
        self._folder = folder
        self._clock = clock
        self._running: list[subprocess.Popen[bytes]] = []
        self._stopped = threading.Event()
        # What is started while everything is ended must be ended, too.
        self._starting = threading.Lock()
        self._asked: list[MoneroRpc] = []
        port = free_port()
        self.node_url = f"http://{LOOPBACK}:{port}"
        self._port = port
        self.node = self._rpc(self.node_url)

    def start(self) -> None:
        """Start the node with a chain that is empty but for its first block."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # fmt: off
        self._run(_NODE, "--regtest", "--offline", "--fixed-difficulty", "1", "--keep-fakechain",
            "--no-igd", "--no-zmq", "--disable-dns-checkpoints", "--check-updates", "disabled",
            "--data-dir", str(self._folder / "node"), "--log-level", "0", "--non-interactive",
            "--rpc-bind-ip", LOOPBACK, "--rpc-bind-port", str(self._port),
            "--p2p-bind-ip", LOOPBACK, "--p2p-bind-port", str(free_port()))
        # fmt: on
        self._wait(lambda: self.node.ask("get_info", dict[str, Any]))

    def start_wallet(self, name: str, *, login: bool = False) -> MoneroProgram:
        """Start a wallet program that has no wallet open yet."""
        folder = self._folder_of(name)
        port = free_port()
        url = f"http://{LOOPBACK}:{port}"
        access = ["--rpc-login", _LOGIN] if login else ["--disable-rpc-login"]
        # fmt: off
        self._run(_WALLET, "--daemon-address", f"{LOOPBACK}:{self._port}", "--trusted-daemon",
            "--no-dns", "--rpc-bind-ip", LOOPBACK, "--rpc-bind-port", str(port), *access,
            "--wallet-dir", str(folder), "--log-file", str(folder / "wallet.log"),
            "--log-level", "0", "--non-interactive")
        # fmt: on
        rpc = self._rpc(url, _LOGIN if login else "")
        self._wait(lambda: rpc.ask("get_version", dict[str, Any]))
        return MoneroProgram(url, rpc, folder, self._login_file(folder) if login else None)

    def start_purse(self, name: str, addresses_ahead: int = _ADDRESSES_AHEAD) -> MoneroProgram:
        """Start a wallet of somebody who pays, with a wallet in it."""
        wanted = ("--generate-new-wallet", "--mnemonic-language", "English")
        self._make_wallet(name, addresses_ahead, *wanted)
        return self._open(self.start_wallet(name), name)

    def make_shop_wallet(self) -> ShopWallet:
        """Hold a key ceremony: address and view key leave the signer, nothing else does."""
        signer = self.start_purse("signer", _ADDRESSES_AHEAD_OF_SIGNER)
        address = signer.ask("get_address", account_index=0)["address"]
        view_key = signer.ask("query_key", key_type="view_key")["key"]
        wanted = ("--generate-from-view-key", "--restore-height", "0")
        self._make_wallet("shop", _ADDRESSES_AHEAD, *wanted, typed=f"{address}\n{view_key}\n")
        shop = self._open(self.start_wallet("shop", login=True), "shop")
        return ShopWallet(shop, signer, address)

    def mine(self, blocks: int, address: str) -> None:
        """Add blocks whose reward goes to an address."""
        for done in range(0, blocks, _BLOCKS_AT_ONCE):
            count = min(_BLOCKS_AT_ONCE, blocks - done)
            wanted = {"amount_of_blocks": count, "wallet_address": address}
            self.node.ask("generateblocks", dict[str, Any], wanted)

    def fill(self, purse: MoneroProgram) -> None:
        """Give a wallet coins that it can spend at once."""
        self.mine(_BLOCKS_UNTIL_SPENDABLE, purse.ask("get_address", account_index=0)["address"])
        purse.ask("refresh")

    def pay(self, purse: MoneroProgram, address: str, amount: int, **more: Any) -> str:
        """Send from a wallet; return the transaction's name once the next block may take it."""
        purse.ask("refresh")
        sent = {"address": address, "amount": amount}
        name = str(purse.ask("transfer", destinations=[sent], **more)["tx_hash"])
        self._wait(self._relay)
        return name

    def _relay(self) -> None:
        """Look whether the node has passed on all that waits: before, no block takes it."""
        answer = httpx.post(f"{self.node_url}/get_transaction_pool", trust_env=False)
        waiting: list[dict[str, Any]] = answer.json().get("transactions", [])
        if not all(transaction["relayed"] for transaction in waiting):
            raise WalletUnavailableError("a transaction is not passed on yet")

    def stop(self) -> None:
        """End every program, and whatever waits for one; wallets first, they write to disk."""
        with self._starting:
            self._stopped.set()
        for rpc in self._asked:
            rpc.close()
        for process in reversed(self._running):
            process.terminate()
        for process in reversed(self._running):
            try:
                process.wait(_STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()

    def _folder_of(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _make_wallet(self, name: str, ahead: int, how: str, *more: str, typed: str = "") -> None:
        """Make a wallet's files as a person does: only so can one say how far it looks ahead."""
        folder = self._folder_of(name)
        # fmt: off
        process = self._run(_CEREMONY, how, str(folder / name), *more,
            "--daemon-address", f"{LOOPBACK}:{self._port}", "--trusted-daemon", "--no-dns",
            "--subaddress-lookahead", f"2:{ahead}", "--password", "",
            "--log-file", str(folder / "ceremony.log"), "--command", "address",
            stdin=subprocess.PIPE)
        # fmt: on
        try:
            process.communicate(typed.encode(), _START_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
        if process.wait() or not (folder / f"{name}.keys").exists():
            raise DemoError(f"{_CEREMONY} made no wallet for the {name}: look at {folder}.")

    @staticmethod
    def _open(program: MoneroProgram, name: str) -> MoneroProgram:
        program.ask("open_wallet", filename=name, password="")
        return program

    def _rpc(self, url: str, login: str = "") -> MoneroRpc:
        rpc = MoneroRpc(url, login)
        self._asked.append(rpc)
        return rpc

    def _login_file(self, folder: Path) -> Path:
        path = folder / "login"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(_LOGIN)
        return path

    def _run(
        self, program: str, *arguments: str, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        found = shutil.which(program)
        if found is None:
            raise DemoError(monero_is_missing())
        with self._starting:
            if self._stopped.is_set():
                raise DemoError("The chain was stopped.")
            process = subprocess.Popen(
                [found, *arguments],
                # The wallet writes a file of its login where it is started.
                cwd=self._folder,
                stdin=stdin,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                process_group=0,
            )
            self._running.append(process)
        return process

    def _wait(self, answers: Callable[[], object]) -> None:
        ends_at = self._clock.monotonic_seconds() + _START_SECONDS_MAX
        while True:
            try:
                answers()
            except (WalletUnavailableError, RpcRefusedError) as error:
                if self._clock.monotonic_seconds() > ends_at:
                    raise DemoError(f"A program of Monero's does not answer: {error}") from error
                if self._stopped.wait(_POLL_SECONDS):
                    raise DemoError("The chain was stopped.") from error
            else:
                return
