"""Real chains on loopback: started once for a file of tests, everything ended afterwards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import bdkpython as bdk
import httpx
import pytest

from enigm.assembly.demo.chain import MoneroChain, MoneroProgram, ShopWallet, monero_is_missing
from enigm.domains.commerce.model import Currency, Money
from enigm.foundation.clock import SystemClock
from enigm.foundation.payment_settings import BitcoinSettings, MoneroSettings
from enigm.outside.bitcoin import BitcoinWallet
from enigm.outside.monero import MoneroWallet
from tests.chains.bitcoin_chain import BitcoinChain, bitcoin_is_missing
from tests.chains.books import Addresses, Refunds
from tests.chains.till import Counter, Till

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


# Where rewards go: the address at which Monero itself takes donations, as it publishes it.
STRANGER = (
    "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7ot"
    "Xft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"
)


@dataclass
class MoneroShop:
    """A shop on a chain of its own, its customer, and the signer who is elsewhere."""

    chain: MoneroChain
    wallet: ShopWallet
    customer: MoneroProgram
    stranger: str = STRANGER
    methods: list[MoneroWallet] = field(default_factory=list)
    addresses: Addresses = field(default_factory=Addresses)
    refunds: Refunds = field(default_factory=Refunds)
    counter: Counter = field(init=False)
    standing: MoneroWallet = field(init=False)

    def __post_init__(self) -> None:
        self.standing = MoneroWallet(self.settings(), self.addresses, self.refunds)
        self.counter = Counter(lambda: self.standing)

    def settings(self, **changes: Any) -> MoneroSettings:
        given: dict[str, Any] = {
            "wallet_url": self.wallet.program.url,
            "wallet_login_file": self.wallet.program.login_file,
            "daemon_url": self.chain.node_url,
            "network": "regtest",
            "primary_address": self.wallet.primary_address,
            "accounts": {"esim": 1},
        }
        return MoneroSettings(**(given | changes))

    def method(self, **changes: Any) -> MoneroWallet:
        """Return the adapter as a fresh start of the service makes it.

        The oldest are let go of: the wallet program takes some 24 connections at once.
        """
        if len(self.methods) > 8:
            self.methods.pop(0).close()
        made = MoneroWallet(self.settings(**changes), self.addresses, self.refunds)
        self.methods.append(made)
        return made

    def till(self) -> Till:
        till = Till(self.standing)
        till.poll()
        return till

    def pay(self, address: str | None, amount: int, **more: Any) -> str:
        """Send from the customer's wallet; return the transaction's name."""
        assert address is not None
        return self.chain.pay(self.customer, address, amount, **more)

    def is_known(self, name: str) -> bool:
        """Tell whether the node has heard of a transaction."""
        question = {"txs_hashes": [name]}
        answer = httpx.post(f"{self.chain.node_url}/get_transactions", json=question).json()
        return not answer.get("missed_tx")

    def mine(self, blocks: int = 1) -> None:
        self.chain.mine(blocks, self.stranger)

    def reorganise(self, popped: int, mined: int, *, forget: bool) -> None:
        """Replace the newest blocks by others; ``forget`` loses what was in them for good."""
        answer = httpx.post(f"{self.chain.node_url}/pop_blocks", json={"nblocks": popped})
        assert answer.json()["status"] == "OK"
        if forget:
            self.chain.node.ask("flush_txpool", dict)
        if mined:
            self.mine(mined)


@pytest.fixture(scope="module")
def monero(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MoneroShop]:
    if missing := monero_is_missing():
        pytest.skip(missing)
    chain = MoneroChain(tmp_path_factory.mktemp("monero"), SystemClock())
    try:
        chain.start()
        with ThreadPoolExecutor() as at_once:
            shop = at_once.submit(chain.make_shop_wallet)
            customer = chain.start_purse("customer")
            chain.fill(customer)
            wallet = shop.result()
        made = MoneroShop(chain, wallet, customer)
        made.standing.verify_configuration()
        yield made
        for method in (made.standing, *made.methods):
            method.close()
    finally:
        chain.stop()


def xmr(thousandths: int) -> Money:
    """Return an amount in XMR."""
    return Money(thousandths * 10**9, Currency.XMR)


# BIP 39's own example: whoever sends to its addresses gives the money to everybody.
WORDS = "abandon " * 11 + "about"


def ceremony(
    kind: bdk.NetworkKind, keychain: bdk.KeychainKind = bdk.KeychainKind.EXTERNAL
) -> bdk.Descriptor:
    """Return the signer's descriptor; its text is the public one, all that a shop is given."""
    secret = bdk.DescriptorSecretKey(kind, bdk.Mnemonic.from_string(WORDS), None)
    return bdk.Descriptor.new_bip84(secret, keychain, kind)


@dataclass
class BitcoinShop:
    """A shop on a chain of its own; the chain's node pays."""

    chain: BitcoinChain
    descriptor_file: Path
    addresses: Addresses = field(default_factory=Addresses)
    refunds: Refunds = field(default_factory=Refunds)
    counter: Counter = field(init=False)

    def __post_init__(self) -> None:
        self.standing = self.method()
        self.counter = Counter(lambda: self.standing)

    def settings(self, **changes: Any) -> BitcoinSettings:
        given: dict[str, Any] = {
            "electrum_url": self.chain.electrum_url,
            "descriptor_file": self.descriptor_file,
            "network": "regtest",
        }
        return BitcoinSettings(**(given | changes))

    def method(self, **changes: Any) -> BitcoinWallet:
        """Return the adapter as a fresh start of the service makes it."""
        return BitcoinWallet(self.settings(**changes), self.addresses, self.refunds)

    def till(self) -> Till:
        till = Till(self.standing)
        till.poll()
        return till


def write_secret(path: Path, text: str) -> Path:
    """Write a file that only its owner may read."""
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def bitcoin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BitcoinShop]:
    if missing := bitcoin_is_missing():
        pytest.skip(missing)
    folder = tmp_path_factory.mktemp("bitcoin")
    chain = BitcoinChain(folder)
    try:
        chain.start()
        public = str(ceremony(bdk.NetworkKind.TEST))
        yield BitcoinShop(chain, write_secret(folder / "descriptor", public))
    finally:
        chain.stop()


def btc(thousandths: int) -> Money:
    """Return an amount in BTC."""
    return Money(thousandths * 10**5, Currency.BTC)
