"""Command as a process, with the ways to be paid and the eSIM provider that can be had here."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from enigm.assembly.demo.chain import MoneroChain, monero_is_missing
from enigm.assembly.demo.counterparties import Counterparties, tree_is_missing
from enigm.assembly.demo.visitor import Visitor
from enigm.assembly.supervisor import LOOPBACK, Child, answers, free_port

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Executor, Future
    from pathlib import Path

    from enigm.assembly.demo.chain import MoneroProgram, ShopWallet
    from enigm.assembly.demo.claims import Ledger
    from enigm.assembly.places import Places
    from enigm.foundation.clock import Clock

# Cents for one XMR: the operator's own word, so that nobody on the Internet is asked.
XMR_CENTS: Final = 150_00
# What the shop sells as this is this profile type at the provider.
ESIM_SKU: Final = "sim-5"
_ATOMIC_UNITS: Final = 10**12
# Deep enough for any order here to be beyond recall.
BLOCKS_UNTIL_FINAL: Final = 20


@dataclass
class Market:
    """What stands around the shop; whatever is missing on this machine is None."""

    ledger: Ledger
    folder: Path
    clock: Clock
    chain: MoneroChain | None = None
    wallet: ShopWallet | None = None
    purse: MoneroProgram | None = None
    others: Counterparties | None = None
    command: Child | None = None
    visitors: list[Visitor] = field(default_factory=list[Visitor])
    port: int = field(default_factory=free_port)
    _beside: Executor | None = None
    _ready: Future[tuple[ShopWallet, MoneroProgram]] | None = None

    @property
    def settings_file(self) -> Path:
        """What the operator set up."""
        return self.folder / "settings.toml"

    def prepare(self) -> None:
        """Begin to make the chain: mining its first blocks takes a while, beside other things."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not monero_is_missing():
            self.chain = MoneroChain(self.folder / "monero", self.clock)
            self._beside = ThreadPoolExecutor()
            self._ready = self._beside.submit(self._make_chain, self.chain, self._beside)

    def open(self, places: Places, environment: Mapping[str, str]) -> None:
        """Start everything else, Command last."""
        self._wait_for_chain()
        self._start_others()
        self.settings_file.write_text("\n".join(self._settings()))
        self.command = Child(
            "Command",
            ["serve", "--role=command", "--host", LOOPBACK, "--port", str(self.port)],
            {**places.environment(environment), "ENIGM_SETTINGS_FILE": str(self.settings_file)},
            log=places.service / "command.log",
        )
        self.command.wait_until(lambda: answers(self.port), self.clock)

    def visitor(self, name: str) -> Visitor:
        """Open a browser at Command."""
        visitor = Visitor(name, f"http://{LOOPBACK}:{self.port}")
        self.visitors.append(visitor)
        return visitor

    def close_command(self) -> None:
        """End Command and its visitors; what it was paid through goes on."""
        for visitor in self.visitors:
            visitor.close()
        self.visitors.clear()
        if self.command is not None:
            self.command.stop()
            self.command = None

    def close(self) -> None:
        """End everything."""
        self.close_command()
        if self.others is not None:
            self.others.stop()
        if self.chain is not None:
            self.chain.stop()
        if self._beside is not None:
            self._beside.shutdown()

    def pay(self, uri: str) -> None:
        """Do as a wallet that was shown a payment's address; no block takes it yet."""
        assert self.chain is not None
        assert self.purse is not None
        address, _, query = uri.removeprefix("monero:").partition("?")
        amount = Decimal(query.partition("tx_amount=")[2].partition("&")[0])
        self.chain.pay(self.purse, address, int(amount * _ATOMIC_UNITS))

    def mine(self, blocks: int) -> None:
        """Let blocks pass."""
        assert self.chain is not None
        assert self.purse is not None
        self.chain.mine(blocks, self.purse.ask("get_address", account_index=0)["address"])

    @staticmethod
    def _make_chain(chain: MoneroChain, beside: Executor) -> tuple[ShopWallet, MoneroProgram]:
        chain.start()
        shop = beside.submit(chain.make_shop_wallet)
        purse = chain.start_purse("customer")
        chain.fill(purse)
        return shop.result(), purse

    def _wait_for_chain(self) -> None:
        if self._ready is None:
            missing = monero_is_missing()
            self.ledger.tell(f"LEFT OUT: paying in Monero, and codes bought with it ({missing}).")
            return
        self.wallet, self.purse = self._ready.result()
        self.ledger.tell(
            "A Monero chain of its own (regtest), the shop's view-only wallet, a customer's wallet."
        )

    def _start_others(self) -> None:
        if missing := tree_is_missing():
            self.ledger.tell(f"LEFT OUT: no card processor, no eSIM provider set up: {missing}.")
            return
        self.others = Counterparties(self.folder / "counterparties")
        self.ledger.tell(
            "A card processor and an SM-DP+ (parts of the tests), in a process of their own."
        )

    def _settings(self) -> list[str]:
        lines: list[str] = []
        if self.chain is not None and self.wallet is not None:
            lines += [
                "[payments.fixed_cents]",
                f"XMR = {XMR_CENTS}",
                "[payments.monero]",
                f'wallet_url = "{self.wallet.program.url}"',
                f'wallet_login_file = "{self.wallet.program.login_file}"',
                f'daemon_url = "{self.chain.node_url}"',
                'network = "regtest"',
                f'primary_address = "{self.wallet.primary_address}"',
            ]
        if self.others is not None:
            where = self.others.addresses
            lines += [
                "[payments.card]",
                f'url = "{where.card_url}"',
                f'key_file = "{where.card_key_file}"',
                "live = false",
                f'[esim.plans."{ESIM_SKU}"]',
                'provider = "es2plus"',
                'item = "data"',
                "days = 30",
                "[esim.es2plus]",
                f'url = "{where.smdp_url}"',
                'requester = "2.999.10"',
                f'authority = "{where.authority}"',
                f'certificate = "{where.certificate}"',
                f'key = "{where.key}"',
                f'listener_certificate = "{where.certificate}"',
                f'listener_key = "{where.key}"',
            ]
        return lines
