"""Calls of others' programs: no page, no cookie, known by what they sign."""

from __future__ import annotations

from typing import Final

from litestar import post

from enigm.domains.commerce.errors import MethodUnavailableError
from enigm.faces.command.guards import MACHINE_PREFIX
from enigm.faces.command.parts import Asked, Given
from enigm.foundation.access import Access, opened_to

PUBLIC: Final = opened_to(Access.PUBLIC)
SIGNATURE_HEADER: Final = "stripe-signature"


@post(f"{MACHINE_PREFIX}card", opt=PUBLIC, status_code=204)
async def hear_card_processor(request: Asked, parts: Given) -> None:
    """Take a card processor's call: it only says that there is something to look at."""
    if parts.shop.card_call is None:
        raise MethodUnavailableError
    parts.shop.card_call(await request.body(), request.headers.get(SIGNATURE_HEADER, ""))


HANDLERS = (hear_card_processor,)
