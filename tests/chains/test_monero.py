"""Paying in Monero, on a real regtest chain with Monero's own programs."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from enigm.domains.commerce.model import MethodName, PaymentReference, Quote
from enigm.foundation.clock import SystemClock
from enigm.foundation.errors import SetupError
from enigm.outside.wallet_errors import (
    RefundDestinationError,
    RefundNotedError,
    WalletUnavailableError,
)
from tests.chains.conftest import xmr
from tests.chains.till import Till
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chains.conftest import MoneroShop

pytestmark = [pytest.mark.slow, pytest.mark.requirement("PAY-06")]
PRICE = xmr(50)


def test_a_payment_is_seen_before_any_block_and_then_counts_blocks(monero: MoneroShop) -> None:
    till = monero.till()
    reference, instruction = monero.counter.open(PRICE)
    assert instruction.uri == f"monero:{instruction.address}?tx_amount=0.05"
    monero.pay(instruction.address, PRICE.amount)
    clock = SystemClock()
    sent_at = clock.monotonic_seconds()
    wait_until(till.poll)
    assert clock.monotonic_seconds() - sent_at < 2
    assert till.kinds(reference) == ["seen"]
    for depth in (1, 2):
        monero.mine()
        till.poll()
        assert till.paid(reference, depth) == PRICE.amount
    assert till.kinds(reference) == ["seen", "confirmed", "confirmed"]
    assert not till.poll()


def test_each_order_has_its_own_address_and_asking_again_changes_nothing(
    monero: MoneroShop,
) -> None:
    opened = [monero.counter.open(PRICE) for _ in range(5)]
    opened += [monero.counter.open(PRICE, "esim") for _ in range(2)]
    assert len({instruction.address for _, instruction in opened}) == 7
    accounts = [monero.addresses.issued[reference].account for reference, _ in opened]
    assert accounts == [0] * 5 + [1] * 2
    quote = Quote("later", xmr(70), 1_795_009_999)
    for reference, instruction in opened:
        assert monero.standing.open(reference, quote).address == instruction.address


def test_two_requests_for_one_order_at_once_get_one_address(monero: MoneroShop) -> None:
    method, reference = monero.standing, PaymentReference(b"asked many times")
    quote = Quote("rate", PRICE, 1_795_000_900)
    with ThreadPoolExecutor(8) as at_once:
        opened = list(at_once.map(lambda _: method.open(reference, quote), range(8)))
    assert len({instruction.address for instruction in opened}) == 1


def test_parts_top_ups_and_double_payments_are_summed(monero: MoneroShop) -> None:
    till = monero.till()
    under, first = monero.counter.open(PRICE)
    over, second = monero.counter.open(PRICE, "esim")
    monero.pay(first.address, xmr(30).amount)
    monero.pay(second.address, xmr(80).amount)
    monero.mine()
    till.poll()
    assert (till.paid(under, 1), till.paid(over, 1)) == (xmr(30).amount, xmr(80).amount)
    monero.pay(first.address, xmr(20).amount)
    monero.pay(second.address, xmr(50).amount)
    monero.mine()
    till.poll()
    assert (till.paid(under, 1), till.paid(over, 1)) == (PRICE.amount, xmr(130).amount)
    assert len(till.latest(under)) == len(till.latest(over)) == 2


def test_a_late_payment_is_told_after_a_restart(monero: MoneroShop) -> None:
    till = monero.till()
    reference = PaymentReference(b"long since over!")
    instruction = monero.method().open(reference, Quote("rate", PRICE, expires_at=1))
    monero.mine(3)
    till.poll()
    monero.pay(instruction.address, PRICE.amount)
    monero.mine()
    restarted = Till(monero.method(), till.cursor)
    restarted.poll()
    assert restarted.paid(reference, 1) == PRICE.amount


def test_a_payment_id_names_the_order_where_that_was_chosen(monero: MoneroShop) -> None:
    method = monero.method(integrated_addresses=True)
    till = Till(method)
    reference = PaymentReference(b"by a payment id!")
    instruction = method.open(reference, Quote("rate", PRICE, 1_795_000_900))
    assert instruction.address is not None
    assert len(instruction.address) == 106
    monero.pay(instruction.address, PRICE.amount)
    monero.mine()
    till.poll()
    assert till.paid(reference, 1) == PRICE.amount


@pytest.mark.parametrize("forget", [False, True], ids=["mined again", "lost for good"])
def test_a_reorganisation_takes_back_what_was_confirmed(
    monero: MoneroShop, *, forget: bool
) -> None:
    till = monero.till()
    earlier, before = monero.counter.open(PRICE)
    monero.pay(before.address, PRICE.amount)
    monero.mine()
    reference, instruction = monero.counter.open(PRICE)
    monero.pay(instruction.address, PRICE.amount)
    monero.mine(5)
    till.poll()
    assert till.paid(reference, 5) == PRICE.amount
    monero.reorganise(5, 8, forget=forget)
    till.poll()
    if forget:
        assert till.kinds(reference)[-1] == "conflicted"
        assert till.paid(reference) == 0
    else:
        assert till.paid(reference, 7) == PRICE.amount
    assert till.paid(earlier, 9) == PRICE.amount
    assert "reverted" not in till.kinds(earlier)


def test_a_payment_whose_block_is_gone_waits_again_and_is_confirmed_anew(
    monero: MoneroShop,
) -> None:
    till = monero.till()
    reference, instruction = monero.counter.open(PRICE)
    monero.pay(instruction.address, PRICE.amount)
    monero.mine(3)
    till.poll()
    monero.reorganise(3, 0, forget=False)
    # The wallet believes in a shorter chain only when a longer one has come.
    wait_until(lambda: till.poll() or monero.mine())
    assert till.kinds(reference)[:2] == ["confirmed", "reverted"]
    monero.mine(4)
    till.poll()
    assert till.paid(reference, 4) == PRICE.amount
    assert len(till.keys) == len(till.events)


def test_what_a_payer_has_locked_does_not_count(monero: MoneroShop) -> None:
    till = monero.till()
    reference, instruction = monero.counter.open(PRICE)
    monero.pay(instruction.address, PRICE.amount, unlock_time=400_000_000)
    monero.mine()
    till.poll()
    assert till.kinds(reference) == []
    assert any("locked by the payer" in line for line in till.method.health().says)


def test_a_refund_is_noted_here_and_signed_elsewhere(monero: MoneroShop) -> None:
    till = monero.till()
    reference, instruction = monero.counter.open(PRICE)
    monero.pay(instruction.address, xmr(90).amount)
    monero.mine(11)
    till.poll()
    method = monero.standing
    own = monero.customer.ask("create_address", account_index=0)["address"]
    named = method.refund(reference, xmr(40), own)
    assert method.refund(reference, xmr(40), own) == named
    with pytest.raises(RefundNotedError):
        method.refund(reference, xmr(90), own)
    for wrong in ("not an address", "9" * 95, str(instruction.address), own[:-1] + "1"):
        with pytest.raises(RefundDestinationError):
            method.refund(PaymentReference(b"another refund.."), xmr(1), wrong)
    batch = json.loads(method.export_refunds())
    mine = next(refund for refund in batch["refunds"] if refund["destination"] == own)
    assert (mine["amount"], mine["shown"]) == (xmr(40).amount, "0.04")
    _catch_up(monero, batch["addresses_issued"]["0"])
    signer = monero.wallet.signer
    sent = {"address": mine["destination"], "amount": mine["amount"]}
    name = signer.ask("transfer", destinations=[sent])["tx_hash"]
    monero.mine()
    monero.customer.ask("refresh")
    received = monero.customer.ask("get_transfer_by_txid", txid=name)["transfer"]
    assert received["amount"] == xmr(40).amount
    here = monero.wallet.program.ask("transfer", destinations=[sent])
    assert here["unsigned_txset"], "the shop's wallet prepares what it cannot sign"
    assert not monero.is_known(here["tx_hash"]), "the shop's wallet has sent money"


def test_the_signer_finds_money_beyond_what_it_looks_ahead(monero: MoneroShop) -> None:
    # An earlier wallet gave out 447 addresses; the signer looks 200 ahead.
    account = monero.addresses.highest
    account[0] = max(447, account.get(0, 0))
    till = monero.till()
    reference, instruction = monero.counter.open(PRICE)
    number = monero.addresses.issued[reference].number
    assert number >= 448
    name = monero.pay(instruction.address, PRICE.amount)
    monero.mine()
    till.poll()
    assert till.paid(reference, 1) == PRICE.amount
    batch = json.loads(monero.standing.export_refunds())
    assert batch["addresses_issued"]["0"] == number
    assert any("Account 0" in alarm for alarm in batch["alarms"])
    assert any("Account 0" in line for line in monero.standing.health().says)
    _catch_up(monero, number)
    found = monero.wallet.signer.ask("get_transfer_by_txid", txid=name)["transfer"]
    assert found["amount"] == PRICE.amount
    assert found["subaddr_index"]["minor"] == number


def test_a_wallet_made_anew_gives_out_no_address_twice(monero: MoneroShop) -> None:
    before = [monero.counter.open(PRICE) for _ in range(3)]
    given = {issued.address for issued in monero.addresses.issued.values()}
    program = monero.wallet.program
    view_key = program.ask("query_key", key_type="view_key")["key"]
    program.ask("close_wallet")
    program.ask(
        "generate_from_keys",
        filename="anew",
        password="",
        address=monero.wallet.primary_address,
        viewkey=view_key,
        restore_height=0,
    )
    _, fresh = monero.counter.open(PRICE)
    assert fresh.address not in given
    reference, old = before[0]
    monero.standing.verify_configuration()
    assert monero.standing.open(reference, Quote("r", PRICE, 0)).address == old.address
    till = monero.till()
    monero.pay(old.address, PRICE.amount)
    wait_until(till.poll)
    assert till.paid(reference) == PRICE.amount


def test_a_wallet_that_can_spend_is_refused(monero: MoneroShop) -> None:
    signer = monero.wallet.signer
    spend_key = signer.ask("query_key", key_type="spend_key")["key"]
    method = monero.method(wallet_url=signer.url, wallet_login_file=None)
    with pytest.raises(SetupError, match="holds a spending key") as refused:
        method.verify_configuration()
    assert spend_key not in str(refused.value)
    with pytest.raises(Exception, match="code -29"):
        monero.wallet.program.ask("query_key", key_type="spend_key")


def test_a_wrong_network_wallet_or_login_is_refused(monero: MoneroShop, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="another network"):
        monero.method(network="mainnet").verify_configuration()
    with pytest.raises(SetupError, match="another network"):
        monero.method(network="stagenet").verify_configuration()
    with pytest.raises(SetupError, match="is not that of"):
        monero.method(primary_address=monero.stranger).verify_configuration()
    login = tmp_path / "login"
    login.write_text("enigm:another password")
    login.chmod(0o644)
    with pytest.raises(SetupError, match="may be read by others"):
        monero.method(wallet_login_file=login)
    login.chmod(0o600)
    wrong = monero.method(wallet_login_file=login)
    with pytest.raises(SetupError, match="status 401") as refused:
        wrong.verify_configuration()
    assert "another password" not in str(refused.value)
    with pytest.raises(WalletUnavailableError):
        wrong.poll("")
    assert not wrong.health().works
    assert wrong.health().name is MethodName.MONERO


def _catch_up(monero: MoneroShop, number: int) -> None:
    """Extend the signing wallet as docs/payments.md tells its owner."""
    signer = monero.wallet.signer
    signer.ask("refresh")
    known = len(signer.ask("get_address", account_index=0)["addresses"])
    while known <= number:
        count = min(64, number + 1 - known)
        signer.ask("create_address", account_index=0, count=count)
        known += count
    # Soft: a hard one would forget the addresses that were just made.
    signer.ask("rescan_blockchain", hard=False)
    signer.ask("refresh")
