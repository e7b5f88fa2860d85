"""How accounts are reached over HTTP: ``/accounts/v1``."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide

from enigm.domains.accounts.actions import Accounts
from enigm.domains.accounts.routes import entering, owning, pins
from enigm.domains.accounts.routes.reading import caller_of, permit_of, voucher_of

PATH = "/accounts/v1"
# A registration is the largest: a root key, a hybrid signature and a card, in base64.
BODY_BYTES_MAX = 32 * 1024


def accounts_router(accounts: Accounts) -> Router:
    """Return the account path's routes over these deeds."""

    def provided() -> Accounts:
        return accounts

    return Router(
        path=PATH,
        route_handlers=[*entering.HANDLERS, *owning.HANDLERS, *pins.HANDLERS],
        dependencies={
            "accounts": Provide(provided, sync_to_thread=False),
            "caller": Provide(caller_of, sync_to_thread=False),
            "permit": Provide(permit_of, sync_to_thread=False),
            "voucher": Provide(voucher_of),
        },
        request_max_body_size=BODY_BYTES_MAX,
        tags=["accounts"],
    )
