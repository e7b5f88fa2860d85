"""Measure addresses per second and polls on real regtest chains; write docs/benchmarks-payments.md.

Run ``python -m benchmarks.payments.run`` (a minute). With ``--quick`` nothing is written.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

import bdkpython as bdk
from embit import bip32
from embit import script as embit_script
from embit.networks import NETWORKS as EMBIT_NETWORKS

from enigm.assembly.demo.chain import MoneroChain, monero_is_missing
from enigm.domains.commerce.model import PaymentReference, Quote
from enigm.foundation.clock import SystemClock
from enigm.foundation.payment_settings import BitcoinSettings, MoneroSettings
from enigm.outside.bitcoin import BitcoinWallet
from enigm.outside.monero import MoneroWallet
from tests.chains.bitcoin_chain import BitcoinChain, bitcoin_is_missing
from tests.chains.books import Addresses, Refunds
from tests.chains.conftest import ceremony, write_secret, xmr
from tests.chains.till import Till

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "docs" / "benchmarks-payments.md"
REPETITIONS = 5


class Figure(NamedTuple):
    """One line of the report."""

    what: str
    value: str
    bar: str


def seconds(deed: Callable[[], object]) -> float:
    """Return the median time of a deed."""
    times: list[float] = []
    for _ in range(REPETITIONS):
        began = time.perf_counter()
        deed()
        times.append(time.perf_counter() - began)
    return median(times)


def derivations() -> list[Figure]:
    """Compare bdk, which the shop uses, with embit, which the tests check it by."""
    public = str(ceremony(bdk.NetworkKind.TEST))
    descriptor = bdk.Descriptor(public, bdk.NetworkKind.TEST)
    memory = bdk.Persister.new_in_memory()
    wallet = bdk.Wallet.create_single(descriptor, bdk.Network.REGTEST, memory)
    xpub = public[public.index("]") + 1 : public.index("/0/*")]
    key = bip32.HDKey.from_string(xpub).derive([0])

    def ours() -> None:
        for number in range(1000):
            str(wallet.peek_address(bdk.KeychainKind.EXTERNAL, number).address)

    def theirs() -> None:
        for number in range(1000):
            embit_script.p2wpkh(key.derive([number])).address(EMBIT_NETWORKS["regtest"])

    return [
        Figure("Bitcoin addresses derived (bdkpython)", f"{1000 / seconds(ours):,.0f} /s", "3,000"),
        Figure("the same by embit", f"{1000 / seconds(theirs):,.0f} /s", ""),
    ]


def polls(folder: Path) -> list[Figure]:
    """Measure a poll of Bitcoin with few and many addresses given out."""
    chain, addresses = BitcoinChain(folder), Addresses()
    try:
        chain.start()
        file = write_secret(folder / "descriptor", str(ceremony(bdk.NetworkKind.TEST)))
        settings = BitcoinSettings(
            electrum_url=chain.electrum_url, descriptor_file=file, network="regtest"
        )
        found: list[Figure] = []
        for given in (10, 1000, 10_000):
            addresses.highest[0] = given - 1
            till = Till(BitcoinWallet(settings, addresses, Refunds()))
            began = time.perf_counter()
            till.poll()
            first = time.perf_counter() - began
            again = f"{seconds(till.poll) * 1000:,.0f} ms (the first {first * 1000:,.0f} ms)"
            found.append(Figure(f"Bitcoin poll, {given:,} addresses given out", again, ""))
        return found
    finally:
        chain.stop()


def subaddresses(folder: Path) -> list[Figure]:
    """Measure orders opened, a payment seen, and a poll, on a Monero chain."""
    chain = MoneroChain(folder, SystemClock())
    try:
        chain.start()
        wallet, customer = chain.make_shop_wallet(), chain.start_purse("customer")
        chain.fill(customer)
        settings = MoneroSettings(
            wallet_url=wallet.program.url,
            wallet_login_file=wallet.program.login_file,
            daemon_url=chain.node_url,
            network="regtest",
            primary_address=wallet.primary_address,
        )
        method = MoneroWallet(settings, Addresses(), Refunds())
        method.verify_configuration()
        quote = Quote("rate", xmr(50), 0)
        began = time.perf_counter()
        for number in range(300):
            given = method.open(PaymentReference(number.to_bytes(16, "big")), quote)
        opened = 300 / (time.perf_counter() - began)
        till = Till(method)
        till.poll()
        chain.pay(customer, given.address or "", 10**10)
        began = time.perf_counter()
        while not till.poll():
            pass
        seen = time.perf_counter() - began
        poll = seconds(till.poll)
        method.close()
        return [
            Figure("Monero orders opened, a subaddress each", f"{opened:,.0f} /s", "100"),
            Figure("Monero payment seen after it was sent", f"{seen * 1000:,.0f} ms", "2,000 ms"),
            Figure("Monero poll", f"{poll * 1000:,.0f} ms", ""),
        ]
    finally:
        chain.stop()


def report(figures: list[Figure]) -> str:
    """Return the page."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    lines = [
        "# Paying with coins: figures",
        "",
        f"`python -m benchmarks.payments.run` on {machine}, load {os.getloadavg()[0]:.1f}; real",
        "regtest chains on the same machine, medians of 5 where something is done again and again.",
        "",
        "| what | measured | bar |",
        "|---|---|---|",
        *(f"| {figure.what} | {figure.value} | {figure.bar} |" for figure in figures),
        "",
        "The Electrum server of the tests looks for news every 0.2 s and answers at once. As",
        "delivered, electrumx looks every 5 s and fills its packets for up to 1 s: a Bitcoin",
        "payment is then seen after 5 to 10 s.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure what is installed; say what is not."""
    figures = derivations()
    with tempfile.TemporaryDirectory(prefix="enigm-bench-") as folder:
        for name, missing, measure in (
            ("bitcoin", bitcoin_is_missing(), polls),
            ("monero", monero_is_missing(), subaddresses),
        ):
            if missing:
                print(f"bench: {name} is not measured: {missing}")
                continue
            (place := Path(folder) / name).mkdir()
            figures += measure(place)
    page = report(figures)
    print(page)
    if "--quick" not in sys.argv:
        REPORT.write_text(page)


if __name__ == "__main__":
    main()
