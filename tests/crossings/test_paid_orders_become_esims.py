"""A final order's token becomes one eSIM; then nothing joins the order and the profile."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from enigm.crossings.paid_order_becomes_esim import PaidOrderBecomesEsim
from enigm.domains.commerce.errors import TokenNotReadyError, TokenUnknownError
from enigm.domains.commerce.model import PaymentEventKind
from enigm.domains.commerce.store.tables import shop_order
from enigm.domains.esim.actions import esims_of
from enigm.domains.esim.model import ProfileState
from tests.support.esim_world import ADA, BEN, certificates, esim_world, smdp
from tests.support.shop import open_shop

if TYPE_CHECKING:
    from enigm.domains.commerce.model.orders import OpenedOrder
    from tests.support.databases import OpenDatabase
    from tests.support.esim_world import EsimWorld
    from tests.support.shop import Shop

__all__ = ["certificates", "esim_world", "smdp"]


@pytest.fixture
def shop(open_sqlcipher_database: OpenDatabase) -> Shop:
    return open_shop(open_sqlcipher_database("commerce"))


@pytest.fixture
def world(esim_world: EsimWorld, shop: Shop) -> EsimWorld:
    """The eSIMs, fed by the real shop."""
    tokens = PaidOrderBecomesEsim(shop.commerce.hand_over)
    provided = dataclasses.replace(esim_world.desk.provided, tokens=tokens)
    desk = dataclasses.replace(esim_world.desk, provided=provided)
    return dataclasses.replace(esim_world, esims=esims_of(desk, {}, lambda: None), desk=desk)


def token_of(shop: Shop, opened: OpenedOrder) -> bytes:
    shown = shop.view(opened).token
    assert shown is not None
    return shown


@pytest.mark.requirement("SIM-01", "PAY-03")
def test_a_final_orders_token_becomes_one_and_the_link_dies(world: EsimWorld, shop: Shop) -> None:
    opened = shop.order("sim-5")
    shop.tell(opened, PaymentEventKind.CONFIRMED, 25)
    token = token_of(shop, opened)
    status = world.esims.purchasing.purchase(ADA, token, 1)
    assert status.product == "sim-5"
    assert status.profile is ProfileState.ALLOCATED
    for holder in (ADA, BEN):
        with pytest.raises(TokenUnknownError):
            world.esims.purchasing.purchase(holder, token, 1)
    with shop.database.read() as connection:
        assert connection.execute(sa.select(shop_order.c.token_hash)).scalars().all() == [None]
    with world.database.read() as connection:
        hashes = connection.exec_driver_sql("SELECT token_hash FROM esim").scalars().all()
    assert hashes == [None]


@pytest.mark.requirement("PAY-03")
def test_what_can_still_be_taken_back_is_no_profile_yet(world: EsimWorld, shop: Shop) -> None:
    opened = shop.order("sim-5")
    shop.tell(opened, PaymentEventKind.CONFIRMED, 10)
    with pytest.raises(TokenNotReadyError):
        world.esims.purchasing.purchase(ADA, token_of(shop, opened), 1)
    assert world.smdp.heard == []
    assert world.esims.reading.all_of(ADA) == []


def test_a_token_for_something_else_is_none(world: EsimWorld, shop: Shop) -> None:
    opened = shop.order("app-1y")
    shop.tell(opened, PaymentEventKind.CONFIRMED, 25)
    for token in (token_of(shop, opened), b"", b"x" * 32):
        with pytest.raises(TokenUnknownError):
            world.esims.purchasing.purchase(ADA, token, 1)
