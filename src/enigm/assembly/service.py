"""Builds the service: stores, domains, faces and upkeep, as one ASGI application.

No state that must last stands in memory: several processes on one PostgreSQL are one service.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from enigm.assembly.account_path import AccountPath, build_account_path
from enigm.assembly.lifespan import live
from enigm.assembly.stores import DESIGNS, open_stores
from enigm.assembly.surroundings import Surroundings
from enigm.assembly.trust import build_trust
from enigm.assembly.upkeep import Upkeep
from enigm.crossings.account_receives_tokens import AccountReceivesTokens
from enigm.crypto.tokens import TokenIssuer
from enigm.domains.accounts import store as accounts_store
from enigm.domains.accounts.actions.guard import create_invite
from enigm.domains.messaging.actions.service import Delivery
from enigm.domains.messaging.routes import delivery_app
from enigm.foundation.backup_keys import keys_of_backups
from enigm.foundation.encoding import base64url_encode
from enigm.foundation.keyfile import load_or_create_keys
from enigm.foundation.log import EventLog
from enigm.foundation.retention import RetentionJob

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from enigm.domains.messaging.needs import Fanout
    from enigm.foundation.clock import Clock
    from enigm.foundation.database import Database
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.settings import Settings

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

Role = Literal["api", "delivery"]
ROLES: Final[frozenset[Role]] = frozenset(("api", "delivery"))
DELIVERY_PREFIX: Final = "/delivery/"

# Which stores a role opens. Delivery opens no store that knows an account or a device.
_OPENED_BY: Final[dict[Role, tuple[str, ...]]] = {
    "api": (
        "accounts",
        "attestation",
        "audit",
        "commerce",
        "devices",
        "entitlements",
        "esim",
        "handles",
        "messaging",
        "policy",
        "posture",
    ),
    "delivery": ("messaging",),
}


@dataclass(slots=True)
class Service:
    """A built service. Call it as an ASGI application; its lifespan starts and stops it."""

    databases: dict[str, Database]
    delivery: Delivery
    account_path: AccountPath | None
    upkeep: Upkeep
    serves_delivery: bool
    log: EventLog = field(repr=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a connection to the half that its path belongs to."""
        if scope["type"] == "lifespan":
            await live(self, receive, send)
        elif scope["path"].startswith(DELIVERY_PREFIX) and self.serves_delivery:
            await delivery_app(self.delivery)(scope, receive, send)
        elif self.account_path is not None and scope["type"] == "http":
            application: Any = self.account_path.application
            await application(scope, receive, send)
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await receive()
            await send({"type": "websocket.close"})

    async def start(self) -> None:
        """Begin to write, listen and look after what is kept."""
        await self.delivery.start()
        await self.upkeep.start()
        self.log.event("service.ready")

    async def stop(self) -> None:
        """Stop with everything written."""
        self.log.event("service.stopping")
        await self.upkeep.stop()
        await self.delivery.close()
        for database in self.databases.values():
            database.close()
        self.log.event("service.stopped")


def build_service(
    settings: Settings,
    clock: Clock,
    entropy: Entropy,
    *,
    roles: frozenset[Role] = ROLES,
    log: EventLog | None = None,
    fanout: Fanout | None = None,
) -> Service:
    """Open what the roles need and put it together; nothing runs until ``start``.

    Raises:
        SetupError: the key file, a store or the database cannot be used; it says why.
    """
    keys = load_or_create_keys(settings.key_file, entropy)
    around = Surroundings(
        settings, keys, clock, entropy, log or EventLog(sys.stderr, clock, strict=False)
    )
    names = sorted({name for role in roles for name in _OPENED_BY[role]})
    databases = open_stores(settings, keys, names)
    issuer = TokenIssuer.from_seed(keys.derive("tokens", "issuer"))
    delivery = Delivery(
        database=databases["messaging"],
        clock=clock,
        entropy=entropy,
        admission=AccountReceivesTokens(issuer),
        fanout=fanout,
        limits=settings.limits,
        on_trouble=lambda error: around.log.failure("job.failed", error, kind="delivery"),
    )
    retention = RetentionJob(
        [(databases[name], DESIGNS[name].metadata) for name in names],
        clock,
        _days_for(names, settings),
    )
    upkeep = Upkeep([], retention, around.log)
    upkeep.jobs.append(keys_of_backups(settings.data_folder, keys, clock, entropy))
    account_path = None
    if "api" in roles:
        # The audit log is evidence that stays; messages are of nobody; policies, too.
        stays = ("audit", "messaging", "policy")
        erased = [databases[name] for name in _OPENED_BY["api"] if name not in stays]
        trusting = build_trust(around, databases)
        account_path = build_account_path(
            around, databases, delivery, issuer, lambda: upkeep.scrub(erased), trusting
        )
        upkeep.jobs.append(trusting.publishing)
        upkeep.couriers.append(account_path.courier)
    return Service(databases, delivery, account_path, upkeep, "delivery" in roles, log=around.log)


def _days_for(names: list[str], settings: Settings) -> dict[str, int]:
    """Return the shortened retentions of the stores that are open here, and of none there is."""
    elsewhere = set(DESIGNS) - set(names)
    return {
        place: days
        for place, days in settings.retention_days.items()
        if place.partition(".")[0] not in elsewhere
    }


def make_invite(settings: Settings, clock: Clock, entropy: Entropy) -> str:
    """Return a fresh invite for one registration, as people pass it on."""
    keys = load_or_create_keys(settings.key_file, entropy)
    (database,) = open_stores(settings, keys, ["accounts"]).values()
    try:
        store = accounts_store.AccountStore(database, keys, entropy)
        return base64url_encode(create_invite(store, clock, entropy).secret)
    finally:
        database.close()
