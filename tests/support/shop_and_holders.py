"""A shop joined with entitlements, for tests of what passes between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.assembly import commerce as assembly
from enigm.domains.accounts.model import AccountId
from enigm.domains.entitlements.store import DESIGN
from enigm.foundation.encoding import base64url_encode
from enigm.foundation.migrations import migrate
from tests.support.shop import Shop, open_shop

if TYPE_CHECKING:
    from enigm.domains.commerce.model.orders import OpenedOrder
    from enigm.domains.entitlements.model import Entitlement
    from enigm.foundation.database import Database
    from enigm.foundation.entropy import Entropy
    from tests.support.clock import FakeClock

ADA = AccountId(b"ada's account id")
BEN = AccountId(b"ben's account id")


@dataclass
class Market:
    """Both sides, and the couriers between them."""

    shop: Shop
    joined: assembly.Shop
    held: Database

    def token(self, opened: OpenedOrder) -> str:
        token = self.shop.view(opened).token
        assert token is not None
        return base64url_encode(token)

    def activate(self, account: AccountId, opened: OpenedOrder) -> Entitlement:
        return self.joined.activation.activate(account, self.token(opened))

    def deliver(self) -> None:
        for _ in range(2):
            for courier in self.joined.couriers:
                courier.deliver_due()

    def holds(self, account: AccountId) -> list[tuple[str, str]]:
        return [
            (each.product, each.state.value) for each in self.joined.activation.held_by(account)
        ]


def open_market(
    commerce: Database,
    entitlements: Database,
    clock: FakeClock | None = None,
    entropy: Entropy | None = None,
) -> Market:
    """Join a shop with entitlements over their stores, which it migrates."""
    shop = open_shop(commerce, clock, entropy)
    migrate(entitlements, DESIGN.metadata, DESIGN.versions)
    joined = assembly.join_entitlements(shop.around, shop.commerce, entitlements)
    return Market(shop, joined, entitlements)
