"""A wallet program that lies or is broken is refused, not believed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.domains.commerce.model import (
    Currency,
    IssuedAddress,
    MethodName,
    Money,
    PaymentReference,
    Quote,
)
from enigm.foundation.errors import SetupError
from enigm.foundation.payment_settings import MoneroSettings
from enigm.outside.monero import MoneroWallet
from enigm.outside.monero_rpc import (
    ANSWER_BYTES_MAX,
    ChainHeight,
    MoneroRpc,
    RpcRefusedError,
    Transfers,
)
from enigm.outside.wallet_errors import WalletUnavailableError
from tests.chains.books import Addresses, Refunds
from tests.outside.answering import Answering, answering

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.requirement("PAY-06")
TRANSFER: dict[str, Any] = {
    "txid": "ab" * 32,
    "amount": 5,
    "height": 90,
    "subaddr_index": {"major": 0, "minor": 1},
    "unlock_time": 0,
    "payment_id": "0" * 16,
    "double_spend_seen": False,
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def wallet() -> Iterator[Answering]:
    with answering() as told:
        yield told


@pytest.fixture(scope="module")
def rpc(wallet: Answering) -> Iterator[MoneroRpc]:
    asked = MoneroRpc(wallet.url)
    yield asked
    asked.close()


def say(wallet: Answering, result: object) -> None:
    wallet.status, wallet.body = 200, json.dumps({"result": result}).encode()


@pytest.mark.parametrize(
    "change",
    [
        {"amount": -1},
        {"amount": 10**18 + 1},
        {"amount": 2**64},
        {"amount": 5.5},
        {"amount": "5"},
        {"amount": None},
        {"amount": True},
        {"height": -1},
        {"height": 10**12},
        {"txid": "AB" * 32},
        {"txid": "ab" * 31},
        {"subaddr_index": {"major": 0}},
        {"subaddr_index": {"major": -1, "minor": 1}},
        {"subaddr_index": {"major": 0, "minor": 2**32}},
        {"subaddr_index": [0, 1]},
        {"payment_id": "00"},
        {"unlock_time": -1},
        {"double_spend_seen": "no"},
    ],
    ids=str,
)
def test_a_transfer_of_another_form_is_refused(
    wallet: Answering, rpc: MoneroRpc, change: dict[str, object]
) -> None:
    say(wallet, {"in": [TRANSFER | change]})
    with pytest.raises(WalletUnavailableError):
        rpc.ask("get_transfers", Transfers)


def test_what_is_missing_is_not_guessed(wallet: Answering, rpc: MoneroRpc) -> None:
    for name in ("txid", "amount", "height", "subaddr_index"):
        say(wallet, {"pool": [{key: TRANSFER[key] for key in TRANSFER if key != name}]})
        with pytest.raises(WalletUnavailableError):
            rpc.ask("get_transfers", Transfers)
    say(wallet, {"in": [TRANSFER], "out": "ignored"})
    assert len(rpc.ask("get_transfers", Transfers).confirmed) == 1


@given(JSON | st.builds(lambda change: {"in": [TRANSFER | change]}, st.dictionaries(
    st.sampled_from(sorted(TRANSFER)), JSON, min_size=1)))  # fmt: skip
def test_any_answer_is_taken_apart_or_refused(
    wallet: Answering, rpc: MoneroRpc, result: object
) -> None:
    say(wallet, result)
    try:
        transfers = rpc.ask("get_transfers", Transfers)
    except WalletUnavailableError:
        return
    for transfer in (*transfers.confirmed, *transfers.waiting):
        assert 0 <= transfer.amount <= 10**18
        assert len(transfer.txid) == 64


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(wallet: Answering, rpc: MoneroRpc, body: bytes) -> None:
    wallet.status, wallet.body = 200, body
    with pytest.raises((WalletUnavailableError, RpcRefusedError)):
        rpc.ask("get_height", ChainHeight)


def test_errors_depths_lengths_and_other_states_are_refused(
    wallet: Answering, rpc: MoneroRpc
) -> None:
    wallet.status, wallet.body = 200, b'{"error": {"code": -29, "message": "secret words"}}'
    with pytest.raises(RpcRefusedError, match=r"^code -29$"):
        rpc.ask("query_key", ChainHeight)
    wallet.body = b"[" * 200_000
    with pytest.raises(WalletUnavailableError):
        rpc.ask("get_height", ChainHeight)
    wallet.body = b" " * (ANSWER_BYTES_MAX + 1)
    with pytest.raises(WalletUnavailableError, match="does not answer"):
        rpc.ask("get_height", ChainHeight)
    say(wallet, {"height": 5})
    wallet.status = 500
    with pytest.raises(WalletUnavailableError):
        rpc.ask("get_height", ChainHeight)


def _method(url: str, **changes: Any) -> MoneroWallet:
    given_: dict[str, Any] = {"wallet_url": url, "daemon_url": url, "primary_address": "4"}
    return MoneroWallet(MoneroSettings(**(given_ | changes)), Addresses(), Refunds())


def test_transfers_of_another_account_are_refused(wallet: Answering) -> None:
    method = _method(wallet.url)
    # One answer that fits every question but this one.
    foreign = TRANSFER | {"subaddr_index": {"major": 3, "minor": 1}}
    say(wallet, {"height": 100, "in": [foreign]})
    with pytest.raises(WalletUnavailableError) as refused:
        method.poll("")
    assert refused.value.trace == "get_transfers: of another account"
    method.close()


def test_an_address_counts_once_and_numbers_must_grow(wallet: Answering) -> None:
    method = _method(wallet.url)
    books = method._addresses
    books.remember(IssuedAddress(
        MethodName.MONERO, PaymentReference(b"an earlier order"), "0/9", "4" * 95, 0, 9
    ))  # fmt: skip
    say(wallet, {"addresses": ["8" * 95], "address_indices": [4]})
    quote = Quote("rate", Money(1, Currency.XMR), 0)
    with pytest.raises(WalletUnavailableError) as refused:
        method.open(PaymentReference(b"a second order.."), quote)
    assert refused.value.trace == "create_address: numbers do not grow"
    method.close()


def test_addresses_in_clear_to_another_machine_or_with_a_password_are_refused() -> None:
    for url in ("http://wallet.example:1", "http://u:secret@127.0.0.1:1", "ftp://127.0.0.1", "x"):
        with pytest.raises(SetupError) as refused:
            _method(url)
        assert "secret" not in str(refused.value)
    _method("https://wallet.example").close()
