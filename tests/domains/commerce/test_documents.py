"""The catalogue and the policy that hold can be asked for at any moment, also by whoever writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.shop import open_shop

if TYPE_CHECKING:
    from tests.support.databases import OpenDatabase


def test_a_writer_that_looks_up_what_holds_does_not_wait_for_itself(
    open_database: OpenDatabase,
) -> None:
    shop = open_shop(open_database("commerce"))
    before = shop.commerce.documents.in_force()
    shop.clock.advance(5)
    with shop.database.begin():
        assert shop.commerce.documents.in_force().catalogue == before.catalogue
