"""Whoever keeps every record of sales and of spendings links a code no better than by chance.

The adversary is the shop itself, with its keys: it has each blinded element, what it signed, and
the order in which it did so; later it is shown each code, the name of its spending, and where
that lies in the store. The control sells codes that are not blinded, and there it wins.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from enigm.crypto.codes import BLIND_NONCE_BYTES, CodeIssuer, blind_nonces, finish_tags
from enigm.domains.commerce.model import MethodName
from enigm.domains.commerce.store import DESIGN
from enigm.wire.code_coin import read_code
from tests.domains.commerce.test_codes import ADA, buy, guest
from tests.domains.handles.test_linkage import AUC_MAX, auc
from tests.support.coins import Purse
from tests.support.entropy import FakeEntropy
from tests.support.shop import open_shop

if TYPE_CHECKING:
    from tests.support.databases import OpenDatabase

pytestmark = pytest.mark.requirement("PAY-05")

# So many that chance alone stays within 0.02 of one half (standard error 0.0045).
CODES = 4096
BATCH = 64
ISSUER = CodeIssuer(b"\x05" * 32)


@dataclass(frozen=True)
class Sold:
    """What the shop saw of one code when it signed it."""

    blinded: bytes
    signed: bytes
    place: float


@dataclass(frozen=True)
class Spent:
    """What the shop sees of it when it is spent; ``expected`` is what its key makes of it."""

    nonce: bytes
    expected: bytes
    nullifier: bytes
    place: float


def like_what_was_sent(sold: Sold, spent: Spent) -> float:
    return -bits(sold.blinded, hashlib.sha256(spent.nonce).digest())


def like_what_was_signed(sold: Sold, spent: Spent) -> float:
    return -bits(sold.signed, hashlib.sha256(spent.expected).digest())


def shared_bytes(sold: Sold, spent: Spent) -> float:
    seen = sold.blinded + sold.signed
    shown = spent.nonce + spent.expected + spent.nullifier
    return sum(shown[i : i + 2] in seen for i in range(len(shown) - 1))


def same_place(sold: Sold, spent: Spent) -> float:
    return -abs(sold.place - spent.place)


SCORES = (like_what_was_sent, like_what_was_signed, shared_bytes, same_place)


def bits(one: bytes, two: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(two)).bit_count()


def best_auc(sold: list[Sold], spent: list[Spent]) -> float:
    same = list(zip(sold, spent, strict=True))
    different = list(zip(sold, spent[1:] + spent[:1], strict=True))
    found = [auc(score, same, different) for score in SCORES]  # type: ignore[arg-type]
    return max(max(value, 1 - value) for value in found)


def spendings(nonces: list[bytes]) -> list[Spent]:
    tags = [ISSUER.tag(nonce).to_bytes(8) for nonce in nonces]
    names = [hashlib.sha256(b"spent" + nonce).digest() for nonce in nonces]
    places = {name: place / CODES for place, name in enumerate(sorted(names))}
    return [
        Spent(nonce, tag, name, places[name])
        for nonce, tag, name in zip(nonces, tags, names, strict=True)
    ]


@pytest.fixture(scope="module")
def nonces() -> list[bytes]:
    dice = FakeEntropy(b"unlinkable")
    return [dice.random_bytes(BLIND_NONCE_BYTES) for _ in range(CODES)]


def test_sales_and_spendings_are_not_joined(nonces: list[bytes]) -> None:
    sold: list[Sold] = []
    for start in range(0, CODES, BATCH):
        batch = nonces[start : start + BATCH]
        state, blinded = blind_nonces(batch)
        signed = ISSUER.sign(blinded)
        assert finish_tags(state, signed, ISSUER.public_key) == [ISSUER.tag(n) for n in batch]
        sold += [
            Sold(sent, element, (start + number) / CODES)
            for number, (sent, element) in enumerate(zip(blinded, signed.elements, strict=True))
        ]
    assert best_auc(sold, spendings(nonces)) <= AUC_MAX


def test_without_blinding_the_same_adversary_wins(nonces: list[bytes]) -> None:
    sold = [
        Sold(nonce + bytes(22), ISSUER.tag(nonce).to_bytes(32), place / CODES)
        for place, nonce in enumerate(nonces)
    ]
    assert best_auc(sold, spendings(nonces)) > 0.99


def everything_in(shop: object) -> bytes:
    """Every value of the store, with what is sealed opened by the shop's own keys."""
    found: list[bytes] = []
    with shop.database.read() as connection:
        for table in DESIGN.metadata.sorted_tables:
            for row in connection.execute(table.select()):
                found += [v if isinstance(v, bytes) else str(v).encode() for v in row]
                if table.name == "code_answer":
                    veils = shop.commerce.premises.veils
                    found.append(veils.open("code_answer.answer", row.answer, row.request_hash))
    return b"|".join(found)


def test_nothing_that_is_spent_stood_in_the_store_that_sold_it(
    open_sqlcipher_database: OpenDatabase,
) -> None:
    shop = open_shop(open_sqlcipher_database("commerce"))
    purse = Purse(shop.commerce.mint)
    codes = buy(shop, purse, {20_00: 5})
    when_sold = everything_in(shop)
    order = shop.order("app-3m", MethodName.CODE)
    shop.commerce.codes.pay(guest(order), codes[2], ADA, purse.want({2_00: 1}), purse.request())
    when_spent = everything_in(shop)
    for text in codes:
        code = read_code(text)
        for value in (code.nonce, code.tag.to_bytes(8)[1:], text.encode()):
            assert value not in when_sold
            assert value not in when_spent
