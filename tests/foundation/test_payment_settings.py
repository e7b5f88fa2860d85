"""Ways to be paid are off until they are set, and a wrong setting is named before anything runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from enigm.foundation.errors import SetupError
from enigm.foundation.payment_settings import BITCOIN_GAP, MONERO_LOOKAHEAD, PaymentSettings
from enigm.foundation.settings import load_settings

MONERO = {
    "wallet_url": "http://127.0.0.1:18083",
    "daemon_url": "http://127.0.0.1:18081",
    "primary_address": "4" + "A" * 94,
}
BITCOIN = {"electrum_url": "tcp://127.0.0.1:50001", "descriptor_file": "/etc/enigm/descriptor"}
CARD = {"url": "https://processor.example", "key_file": "/etc/enigm/card-key"}
SELLER = {
    "name": "Harbour Lantern OÜ",
    "street": "Kalda 3",
    "city": "Tallinn",
    "postcode": "10111",
    "country": "EE",
    "vat_id": "EE100000000",
    "registration": "12345678",
}
RATE = {"name": "one", "urls": {"XMR": "https://rates.example/xmr"}, "last": "data.amount"}

pytestmark = pytest.mark.requirement("PAY-01")


def read(**payments: Any) -> PaymentSettings:
    """Read payments as an operator sets them in a variable."""
    return load_settings({"ENIGM_PAYMENTS": json.dumps(payments)}).payments


def test_nobody_is_asked_anything_until_something_is_set() -> None:
    nothing = load_settings({}).payments
    assert nothing == read() == PaymentSettings()
    assert (nothing.monero, nothing.bitcoin, nothing.card, nothing.seller) == (None,) * 4
    assert (nothing.rates, nothing.fixed_cents) == ((), {})


def test_what_is_left_out_is_the_safe_choice() -> None:
    payments = read(monero=MONERO, bitcoin=BITCOIN, card=CARD, seller=SELLER, rates=[RATE])
    assert payments.monero is not None
    assert payments.bitcoin is not None
    assert payments.card is not None
    assert payments.seller is not None
    assert (payments.monero.network, payments.bitcoin.network) == ("mainnet", "mainnet")
    assert payments.monero.signer_addresses == MONERO_LOOKAHEAD
    assert payments.bitcoin.signer_addresses == BITCOIN_GAP
    assert not payments.monero.integrated_addresses, "they show one shop to whoever compares them"
    assert payments.card.live
    assert payments.card.webhook_secret_file is None
    assert payments.seller.keeps_years == 10
    assert payments.rates[0].proxy == ""


def test_a_file_says_the_same_as_a_variable(tmp_path: Path) -> None:
    file = tmp_path / "enigm.toml"
    file.write_text(
        "[payments.card]\n"
        f'url = "{CARD["url"]}"\nkey_file = "{CARD["key_file"]}"\n'
        "[payments.fixed_cents]\nXMR = 15000\n"
    )
    payments = load_settings({"ENIGM_SETTINGS_FILE": str(file)}).payments
    assert payments == read(card=CARD, fixed_cents={"XMR": 150_00})
    assert payments.card is not None
    assert payments.card.key_file == Path(CARD["key_file"])


@pytest.mark.parametrize(
    ("payments", "words"),
    [
        ({"paypal": {}}, "paypal"),
        ({"monero": MONERO | {"spend_key": "…"}}, "spend_key"),
        ({"monero": {"wallet_url": MONERO["wallet_url"]}}, "daemon_url"),
        ({"monero": MONERO | {"network": "main"}}, "monero.network"),
        ({"monero": MONERO | {"signer_addresses": -1}}, "monero.signer_addresses"),
        ({"monero": MONERO | {"accounts": {"esim": 2**31}}}, "monero.accounts"),
        ({"bitcoin": BITCOIN | {"seed": "…"}}, "seed"),
        ({"bitcoin": BITCOIN | {"network": "liquid"}}, "bitcoin.network"),
        ({"card": {"url": CARD["url"]}}, "key_file"),
        ({"card": CARD | {"live": "yes"}}, "card.live"),
        ({"rates": [RATE | {"urls": {"EUR": "https://rates.example"}}]}, "rates"),
        ({"fixed_cents": {"XMR": 0}}, "fixed_cents"),
        ({"fixed_cents": {"DOGE": 1}}, "fixed_cents"),
        ({"seller": SELLER | {"country": "Estonia"}}, "seller.country"),
        ({"seller": SELLER | {"vat_id": "100000000"}}, "seller.vat_id"),
        ({"seller": SELLER | {"keeps_years": 11}}, "seller.keeps_years"),
        ({"seller": SELLER | {"name": ""}}, "seller.name"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(payments: dict[str, Any], words: str) -> None:
    with pytest.raises(SetupError, match=words):
        read(**payments)
