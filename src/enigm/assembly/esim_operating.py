"""`enigm esim`: what an operator sees and does; counts and states, and nobody's name."""

from __future__ import annotations

import dataclasses
import datetime as dt
import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import App, Parameter

from enigm.assembly.esim import EsimParts, NoTokens, build_esim
from enigm.assembly.exits import Exit, say
from enigm.assembly.places import settings_of_this_machine
from enigm.assembly.stores import open_stores
from enigm.assembly.surroundings import Surroundings
from enigm.assembly.trust import build_trust
from enigm.domains.esim.model import Iccid
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import SetupError
from enigm.foundation.keyfile import load_or_create_keys
from enigm.foundation.log import EventLog
from enigm.foundation.retention import erase_deleted_bytes
from enigm.wire.es2plus import plain_iccid

if TYPE_CHECKING:
    from collections.abc import Generator

    from enigm.foundation.database import Database

app = App(
    name="enigm esim",
    help="eSIMs by counts and states: profiles, support notes, disclosure, retirement.",
    help_format="plaintext",
    result_action="return_value",
)
ProfileNumber = Annotated[str, Parameter(name="--iccid", help="What the provider calls it.")]
STORES = ("audit", "esim", "handles", "policy")


@app.command
def profiles() -> int:
    """Print how many eSIMs there are by product and state, and what was counted each month."""
    with _esim_of_this_machine() as parts:
        answering = parts.esims.answering
        for (product, step, standing, is_linked), count in sorted(answering.counts().items()):
            linked = "linked" if is_linked else "unlinked"
            say(f"{count:6} {product}: {step}, {standing}, {linked}")
        say(f"{answering.waiting():6} profiles that a provider is still to be told of")
        for period, provider, event, amount in answering.tallies():
            day = dt.datetime.fromtimestamp(period, dt.UTC).date()
            say(f"{amount:6} {event}, {provider}, thirty days from {day}")
    return Exit.DONE


@app.command
def support(reference: Annotated[str, Parameter(help="What the person quotes.")]) -> int:
    """Print the support note under a reference, as JSON."""
    with _esim_of_this_machine() as parts:
        say(_json(parts.esims.answering.note(reference)))
    return Exit.DONE


@app.command
def disclosure(
    *,
    iccid: Annotated[str, Parameter(help="The profile that a request names.")] = "",
    reference: Annotated[str, Parameter(help="The support note that a request names.")] = "",
) -> int:
    """Print all that a request for disclosure can be answered with, as JSON. It is recorded."""
    if not iccid and not reference:
        raise SetupError("Name what the request names: --iccid or --reference.")
    wanted = Iccid(plain_iccid(iccid)) if iccid else None
    with _esim_of_this_machine() as parts:
        say(_json(parts.esims.answering.disclose(wanted, reference or None)))
    return Exit.DONE


@app.command
def retire(*, iccid: ProfileNumber) -> int:
    """End an eSIM that its provider names; its record goes thirty days later."""
    with _esim_of_this_machine() as parts:
        status = parts.esims.ending.retire_as_operator(Iccid(plain_iccid(iccid)))
        say(f"{status.product}: {status.commercial}")
    return Exit.DONE


@app.command(name="take-back")
def take_back(*, iccid: ProfileNumber) -> int:
    """Take back a profile that no phone has, before the shop refunds it."""
    with _esim_of_this_machine() as parts:
        status = parts.esims.ending.take_back_as_operator(Iccid(plain_iccid(iccid)))
        say(f"{status.product}: {status.commercial}")
    return Exit.DONE


@contextmanager
def _esim_of_this_machine() -> Generator[EsimParts]:
    """Open the eSIMs beside a service that may be running.

    Raises:
        SetupError: a setting, the key file or a store cannot be used.
    """
    settings, clock, entropy = settings_of_this_machine(), SystemClock(), SystemEntropy()
    keys = load_or_create_keys(settings.key_file, entropy)
    log = EventLog(sys.stderr, clock, strict=False)
    around = Surroundings(settings, keys, clock, entropy, log)
    databases = open_stores(settings, keys, list(STORES))
    parts = build_esim(
        around,
        databases["esim"],
        build_trust(around, databases),
        NoTokens(),
        partial(_erase, databases["esim"]),
    )
    try:
        yield parts
    finally:
        parts.close()
        for database in databases.values():
            database.close()


def _erase(database: Database) -> None:
    erase_deleted_bytes(database)


def _json(answer: object) -> str:
    plain = dataclasses.asdict(answer)  # pyright: ignore[reportArgumentType] - a dataclass
    return msgspec.json.format(msgspec.json.encode(plain), indent=1).decode()
