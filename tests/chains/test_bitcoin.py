"""Paying in Bitcoin, on a real regtest chain: bcoin's node, electrumx, and bdk's wallet here."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import bdkpython as bdk
import pytest
from embit import bip32
from embit import script as embit_script
from embit.networks import NETWORKS as EMBIT_NETWORKS

from enigm.domains.commerce.model import PaymentReference, Quote
from enigm.foundation.errors import SetupError
from enigm.outside.wallet_errors import (
    RefundDestinationError,
    RefundNotedError,
    WalletUnavailableError,
)
from tests.chains.conftest import WORDS, btc, ceremony, write_secret
from tests.chains.till import Till
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chains.conftest import BitcoinShop

pytestmark = [pytest.mark.slow, pytest.mark.requirement("PAY-06")]
PRICE = btc(2)
# Somewhere else on regtest; the example of BIP 173 with its prefix.
ELSEWHERE = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"


def _paid(till: Till, reference: PaymentReference, amount: int, confirmations: int = 0) -> None:
    def look() -> bool:
        till.poll()
        return till.paid(reference, confirmations) == amount

    wait_until(look)


def test_a_payment_is_seen_and_then_counts_blocks(bitcoin: BitcoinShop) -> None:
    bitcoin.standing.verify_configuration()
    till = bitcoin.till()
    reference, instruction = bitcoin.counter.open(PRICE)
    assert instruction.uri == f"bitcoin:{instruction.address}?amount=0.002"
    bitcoin.chain.pay(instruction.address, PRICE.amount)
    _paid(till, reference, PRICE.amount)
    assert till.kinds(reference) == ["seen"]
    bitcoin.chain.mine(2)
    _paid(till, reference, PRICE.amount, confirmations=2)
    # While a block arrives, the server may for a moment name a payment nowhere.
    assert till.kinds(reference)[0] == "seen"
    assert till.kinds(reference)[-1] == "confirmed"


def test_each_order_has_its_own_address_and_asking_again_changes_nothing(
    bitcoin: BitcoinShop,
) -> None:
    opened = [bitcoin.counter.open(PRICE) for _ in range(5)]
    assert len({instruction.address for _, instruction in opened}) == 5
    quote = Quote("later", btc(3), 1_795_009_999)
    for reference, instruction in opened:
        assert bitcoin.method().open(reference, quote).address == instruction.address


def test_parts_top_ups_and_double_payments_are_summed_also_late(bitcoin: BitcoinShop) -> None:
    till = bitcoin.till()
    reference, instruction = bitcoin.counter.open(PRICE)
    over, second = bitcoin.counter.open(PRICE)
    bitcoin.chain.pay(instruction.address, btc(1).amount)
    bitcoin.chain.pay(second.address, btc(3).amount)
    bitcoin.chain.mine()
    _paid(till, reference, btc(1).amount, confirmations=1)
    _paid(till, over, btc(3).amount, confirmations=1)
    restarted = Till(bitcoin.method(), till.cursor, till.events, till.keys)
    bitcoin.chain.pay(instruction.address, btc(1).amount)
    bitcoin.chain.pay(second.address, btc(2).amount)
    bitcoin.chain.mine()
    _paid(restarted, reference, PRICE.amount, confirmations=1)
    _paid(restarted, over, btc(5).amount, confirmations=1)
    assert len(restarted.latest(reference)) == len(restarted.latest(over)) == 2


def test_three_blocks_replaced_take_the_payment_back_within_two_polls(
    bitcoin: BitcoinShop,
) -> None:
    till = bitcoin.till()
    earlier, before = bitcoin.counter.open(PRICE)
    bitcoin.chain.pay(before.address, PRICE.amount)
    bitcoin.chain.mine()
    reference, instruction = bitcoin.counter.open(PRICE)
    name = bitcoin.chain.pay(instruction.address, PRICE.amount)
    bitcoin.chain.mine(3)
    _paid(till, reference, PRICE.amount, confirmations=3)
    raw = bitcoin.chain.raw(name)
    bitcoin.chain.replace(3)
    # The server needs a moment; from then on, two polls are enough.
    tip = bitcoin.chain.height
    wait_until(lambda: f"block {tip};" in bitcoin.standing.health().says[0])
    for _ in range(2):
        till.poll()
    assert till.kinds(reference)[-1] in {"reverted", "conflicted"}
    assert till.paid(reference, confirmations=1) == 0
    _paid(till, reference, 0)
    _paid(till, earlier, PRICE.amount, confirmations=1)
    # It comes back, and is confirmed anew: every fact has a key of its own.
    bitcoin.chain.ask("sendrawtransaction", raw)
    _paid(till, reference, PRICE.amount)
    bitcoin.chain.mine()
    _paid(till, reference, PRICE.amount, confirmations=1)
    assert len(till.keys) == len(till.events)


def test_what_waited_and_is_lost_counts_no_more(bitcoin: BitcoinShop) -> None:
    till = bitcoin.till()
    reference, instruction = bitcoin.counter.open(PRICE)
    bitcoin.chain.pay(instruction.address, PRICE.amount)
    _paid(till, reference, PRICE.amount)
    bitcoin.chain.replace(1)
    _paid(till, reference, 0)
    assert till.kinds(reference) == ["seen", "conflicted"]


def test_a_server_that_breaks_off_in_a_reorganisation_is_asked_again(
    bitcoin: BitcoinShop,
) -> None:
    reference, instruction = bitcoin.counter.open(PRICE)
    bitcoin.chain.pay(instruction.address, PRICE.amount)
    with Stumbling(bitcoin.chain.electrum_url) as (url, refusals):
        till = Till(bitcoin.method(electrum_url=url))
        till.poll()
        assert refusals == ["height 5000000 out of range"]
        _paid(till, reference, PRICE.amount)
    with pytest.raises(WalletUnavailableError):
        till.poll()
    assert not till.method.health().works


def test_a_refund_is_noted_here_and_signed_elsewhere(bitcoin: BitcoinShop) -> None:
    till = bitcoin.till()
    reference, instruction = bitcoin.counter.open(PRICE)
    bitcoin.chain.pay(instruction.address, btc(5).amount)
    bitcoin.chain.mine()
    _paid(till, reference, btc(5).amount, confirmations=1)
    method = bitcoin.standing
    named = method.refund(reference, btc(3), ELSEWHERE)
    assert method.refund(reference, btc(3), ELSEWHERE) == named
    with pytest.raises(RefundNotedError):
        method.refund(reference, btc(5), ELSEWHERE)
    mainnet = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    for wrong in ("not an address", mainnet, str(instruction.address)):
        with pytest.raises(RefundDestinationError):
            method.refund(PaymentReference(b"another refund.."), btc(1), wrong)
    batch = json.loads(method.export_refunds())
    (mine,) = batch["refunds"]
    assert (mine["destination"], mine["amount"], mine["shown"]) == (ELSEWHERE, 300_000, "0.003")
    sent = _sign(batch, bitcoin.chain.electrum_url)
    bitcoin.chain.mine()
    transaction = bitcoin.chain.ask("getrawtransaction", sent, 1)
    assert 0.003 in [output["value"] for output in transaction["vout"]]


def test_the_gap_is_told_before_the_signer_overlooks_money(bitcoin: BitcoinShop) -> None:
    while (bitcoin.addresses.highest_number(bitcoin.standing.capabilities.name, 0) or 0) < 20:
        bitcoin.counter.open(PRICE)
    assert any("Account 0" in line for line in bitcoin.standing.health().says)
    assert json.loads(bitcoin.standing.export_refunds())["alarms"]
    told = bitcoin.method(signer_addresses=1000)
    assert not json.loads(told.export_refunds())["alarms"]


def test_two_implementations_derive_the_same_thousand_addresses(bitcoin: BitcoinShop) -> None:
    public = str(ceremony(bdk.NetworkKind.TEST))
    xpub = public[public.index("]") + 1 : public.index("/0/*")]
    key = bip32.HDKey.from_string(xpub).derive([0])
    wallet = bdk.Wallet.create_single(
        bdk.Descriptor(public, bdk.NetworkKind.TEST),
        bdk.Network.REGTEST,
        bdk.Persister.new_in_memory(),
    )
    for number in range(1000):
        script = embit_script.p2wpkh(key.derive([number]))
        ours = wallet.peek_address(bdk.KeychainKind.EXTERNAL, number)
        assert str(ours.address) == script.address(EMBIT_NETWORKS["regtest"])


def test_a_key_that_can_spend_or_is_of_another_network_is_refused(
    bitcoin: BitcoinShop, tmp_path: Path
) -> None:
    signer = ceremony(bdk.NetworkKind.TEST)
    secret = signer.to_string_with_secret()
    elsewhere = ceremony(bdk.NetworkKind.MAIN)
    public = str(signer)
    two_rows = public.split("#", maxsplit=1)[0].replace("/0/*", "/<0;1>/*")
    for text, reason in (
        (secret, "holds a private key"),
        (elsewhere.to_string_with_secret(), "holds a private key"),
        (str(elsewhere), "no descriptor of the network"),
        ("wpkh(nonsense)", "no descriptor of the network"),
        (two_rows, "of the form"),
        (public.split("#", maxsplit=1)[0].replace("wpkh", "pkh"), "of the form"),
        (public.split("#", maxsplit=1)[0].replace("/*", "/7"), "of the form"),
    ):
        file = write_secret(tmp_path / "descriptor", text)
        with pytest.raises(SetupError, match=reason) as refused:
            bitcoin.method(descriptor_file=file)
        assert "tprv" not in str(refused.value)
        assert WORDS not in str(refused.value)
    readable = tmp_path / "descriptor"
    readable.chmod(0o644)
    with pytest.raises(SetupError, match="may be read by others"):
        bitcoin.method(descriptor_file=readable)


def test_a_server_of_another_network_or_in_clear_is_refused(bitcoin: BitcoinShop) -> None:
    with pytest.raises(SetupError, match="another network"):
        bitcoin.method(network="testnet").verify_configuration()
    with pytest.raises(SetupError, match="cannot be used"):
        bitcoin.method(electrum_url="tcp://127.0.0.1:1").verify_configuration()
    for url in ("tcp://electrum.example:50001", "tcp://abc.onion:50001", "http://127.0.0.1:1"):
        with pytest.raises(SetupError, match="ssl://host:port"):
            bitcoin.method(electrum_url=url)
    bitcoin.method(electrum_url="tcp://abc.onion:50001", socks_proxy="127.0.0.1:9050")


def _sign(batch: dict[str, Any], electrum_url: str) -> str:
    """Pay a batch as the signer does, who has the key and reads how many addresses there are."""
    network, kind = bdk.Network.REGTEST, bdk.NetworkKind.TEST
    # Change on the shop's own branch would stand at the address that the next order is given.
    change = ceremony(kind, bdk.KeychainKind.INTERNAL)
    wallet = bdk.Wallet(ceremony(kind), change, network, bdk.Persister.new_in_memory())
    wallet.reveal_addresses_to(bdk.KeychainKind.EXTERNAL, batch["addresses_issued"]["0"])
    client = bdk.ElectrumClient(electrum_url)
    request = wallet.start_sync_with_revealed_spks().build()
    wallet.apply_update(client.sync(request, 50, True))
    builder = bdk.TxBuilder()
    for refund in batch["refunds"]:
        script = bdk.Address(refund["destination"], network).script_pubkey()
        builder = builder.add_recipient(script, bdk.Amount.from_sat(refund["amount"]))
    psbt = builder.finish(wallet)
    assert wallet.sign(psbt)
    return str(client.transaction_broadcast(psbt.extract_tx()))


class Stumbling:
    """Stand before a server; the first request for many headers is answered as in a reorg."""

    def __init__(self, url: str) -> None:
        self._port = int(url.rsplit(":", 1)[1])
        self._refusals: list[str] = []
        self._open: list[socket.socket] = []

    def __enter__(self) -> tuple[str, list[str]]:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._open.append(self._server)
        threading.Thread(target=self._accept, daemon=True).start()
        return f"tcp://127.0.0.1:{self._server.getsockname()[1]}", self._refusals

    def __exit__(self, *_: object) -> None:
        for one in self._open:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
            finally:
                one.close()

    def _accept(self) -> None:
        while True:
            try:
                ours, _ = self._server.accept()
            except OSError:
                return
            theirs = socket.create_connection(("127.0.0.1", self._port))
            self._open += [ours, theirs]
            for source, sink in ((ours, theirs), (theirs, ours)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            with source.makefile("rb") as lines:
                for line in lines:
                    question = json.loads(line) if b"block.headers" in line else None
                    if question is None or self._refusals:
                        sink.sendall(line)
                        continue
                    self._refusals.append("height 5000000 out of range")
                    error = {"code": 1, "message": self._refusals[0]}
                    said = {"jsonrpc": "2.0", "id": question["id"], "error": error}
                    source.sendall(json.dumps(said).encode() + b"\n")
        except (OSError, ValueError):
            return
