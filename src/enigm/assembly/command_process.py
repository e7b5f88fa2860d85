"""Opens what Command works with, and nothing else: run by `enigm serve --role=command`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from enigm.assembly.command import STORES, build_command
from enigm.assembly.commerce import build_shop
from enigm.assembly.stores import DESIGNS, open_stores
from enigm.assembly.surroundings import Surroundings
from enigm.foundation.keyfile import load_or_create_keys
from enigm.foundation.log import EventLog
from enigm.foundation.retention import RetentionJob

if TYPE_CHECKING:
    from enigm.assembly.command import CommandService, ShopMaker
    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.settings import Settings

ROLE: Final = "command"


def open_command(
    settings: Settings,
    clock: Clock,
    entropy: Entropy,
    log: EventLog | None = None,
    make_shop: ShopMaker = build_shop,
) -> CommandService:
    """Open Command's stores and put it together; nothing runs until ``start``.

    Raises:
        SetupError: the key file, a store, the database or an address cannot be used.
    """
    keys = load_or_create_keys(settings.key_file, entropy)
    log = log or EventLog(sys.stderr, clock, strict=False)
    around = Surroundings(settings, keys, clock, entropy, log)
    databases = open_stores(settings, keys, list(STORES))
    retention = RetentionJob(
        [(database, DESIGNS[name].metadata) for name, database in databases.items()], clock
    )
    return build_command(around, databases, retention, make_shop)
