"""The demo's attack on the shop finds what is there: a name, a second, a token that did not die."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from rich.console import Console

from enigm.assembly.demo.buyers import look_for_buyers
from enigm.assembly.demo.claims import Ledger
from enigm.assembly.demo.stores import Column, Table

NOON = 1_795_176_000
DAY = NOON - NOON % 86_400


def name(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def table(domain: str, title: str, **columns: tuple[Any, ...]) -> Table:
    made = tuple(Column(domain, title, column, values) for column, values in columns.items())
    return Table(domain, title, len(next(iter(columns.values()))), made, keeps_order=False)


def stores(**changes: tuple[Any, ...]) -> list[Table]:
    order: dict[str, tuple[Any, ...]] = {
        "buyer": (name("buyer"), None),
        "sku": ("app-1y", "app-3m"),
        "method": ("monero", "card"),
        "country": ("EE", "EE"),
        "state": ("final", "settled"),
        "standing": ("final", "active"),
        "token": (None, name("a token")),
        "expires_at": (DAY, DAY),
    }
    held = {
        "holder": (name("holder"), name("another")),
        "product": ("enigm", "enigm"),
        "state": ("active", "active"),
    }
    return [
        table("accounts", "account", account_id=(name("account"),), at=(NOON + 7,)),
        table("commerce", "shop_order", **order | changes),
        table("entitlements", "entitlement", **held),
        table("entitlements", "handover", token_hash=(name("hash of a token"),)),
    ]


def failures(tables: list[Table]) -> list[str]:
    ledger = Ledger(Console(file=io.StringIO()))
    look_for_buyers(ledger, tables)
    return [claim.sentence for claim in ledger.claims if not claim.holds]


@pytest.mark.requirement("PAY-03")
def test_a_shop_that_keeps_apart_passes() -> None:
    assert failures(stores()) == []


@pytest.mark.requirement("PAY-03")
@pytest.mark.parametrize(
    ("changes", "by"),
    [
        ({"buyer": (name("account"), None)}, "by the same bytes"),
        ({"buyer": (name("holder"), None)}, "by the same bytes"),
        ({"buyer": (hashlib.sha256(name("account")).digest(), None)}, "by a hash"),
        ({"expires_at": (NOON + 9, DAY)}, "by fine times"),
        ({"token": (name("one"), name("a token"))}, "dies when the payment is final"),
    ],
    ids=["an account's name", "a holder's name", "its hash", "a second", "a token"],
)
def test_what_joins_is_told(changes: dict[str, tuple[Any, ...]], by: str) -> None:
    (sentence,) = failures(stores(**changes))
    assert by in sentence
