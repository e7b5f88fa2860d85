"""There is no field for who somebody is: not in any table, not in any request or answer."""

from __future__ import annotations

import re
from typing import Any

import pytest

from enigm.assembly.stores import DESIGNS
from tests.support.journey import Journey

IDENTITY = re.compile(
    r"e_?mail|phone|msisdn|(first|last|full|given|sur|family|display|legal|real)_?name"
    r"|address|birth|passport|national|document|gender|avatar|photo|country|postal|imei|imsi"
    r"|(^|_)ip($|_)|user_?agent|location|language|platform|model",
    re.IGNORECASE,
)


# What the shop has to know, and nothing of it is about a person but the country (PAY-02).
EXCEPTED = {
    "commerce.shop_order.country",  # the one attribute of a purchase: tax and sanctions ask it
    "commerce.issued_address.address",  # an address of our own wallet, where coins are sent to
}


def _properties(node: Any) -> set[str]:
    """Return every property and parameter name anywhere in an API description."""
    if isinstance(node, list):
        return set[str]().union(*map(_properties, node))
    if not isinstance(node, dict):
        return set()
    own = set(node["properties"]) if isinstance(node.get("properties"), dict) else set()
    if "in" in node and "name" in node:
        own.add(node["name"])
    return own.union(*map(_properties, node.values()))


@pytest.mark.requirement("APP-01")
async def test_no_request_or_answer_has_a_field_for_identity(journey: Journey) -> None:
    described = await journey.ask("GET", "/openapi/openapi.json")
    names = _properties(described)
    assert {"lookup_id", "root_public", "session_id"} <= names, "the scan sees fields"
    assert not {name for name in names if IDENTITY.search(name)}


@pytest.mark.requirement("APP-01", "PAY-02", "SIM-01")
def test_no_table_has_a_column_for_identity() -> None:
    columns = {
        f"{domain}.{table.name}.{column.name}"
        for domain, design in DESIGNS.items()
        for table in design.metadata.sorted_tables
        for column in table.columns
    }
    assert "accounts.account.name_ref" in columns, "the scan sees columns"
    named = {column for column in columns if IDENTITY.search(column.rpartition(".")[2])}
    assert named == EXCEPTED


@pytest.mark.parametrize(
    "name", ["email", "e_mail", "phone_number", "full_name", "ip", "user_agent"]
)
def test_the_scan_would_see_one(name: str) -> None:
    assert IDENTITY.search(name)
