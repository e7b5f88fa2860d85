"""The delivery part alone, for measuring it apart from the rest of the service."""

from __future__ import annotations

import sys

import uvicorn

from enigm.crypto import tokens
from enigm.domains.messaging.actions.service import Delivery
from enigm.domains.messaging.routes import delivery_app
from enigm.domains.messaging.store import DESIGN
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.keyfile import Keys
from enigm.foundation.settings import load_settings
from enigm.foundation.stores import open_store
from enigm.wire.delivery import MESSAGE_BYTES_MAX

KEYS = Keys(bytes(range(32)))


def issuer() -> tokens.TokenIssuer:
    """Return the issuer of admission tokens."""
    return tokens.TokenIssuer.from_seed(KEYS.derive("messaging", "tokens"))


def print_tokens(count: int) -> None:
    """Issue tokens as the account path would, and print them."""
    entropy = SystemEntropy()
    while count > 0:
        some = min(count, tokens.BATCH_MAX)
        state, blinded = tokens.blind(some, entropy)
        answer = issuer().evaluate(blinded)
        for token in tokens.finalize(state, answer.elements, answer.proof, issuer().public_key):
            sys.stdout.write(token.hex() + "\n")
        count -= some


def serve() -> None:
    """Serve delivery until a signal comes."""
    settings = load_settings()
    service = Delivery(
        database=open_store(DESIGN, settings, KEYS),
        clock=SystemClock(),
        entropy=SystemEntropy(),
        admission=issuer(),
        limits=settings.limits,
    )
    inner = delivery_app(service)

    async def app(scope, receive, send):  # noqa: ANN001, ANN202
        if scope["type"] != "lifespan":
            await inner(scope, receive, send)
            return
        await receive()
        await service.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await service.close()
        await send({"type": "lifespan.shutdown.complete"})

    uvicorn.run(
        app,
        host=settings.listen_host,
        port=settings.listen_port,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=MESSAGE_BYTES_MAX,
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    if "--tokens" in sys.argv:
        print_tokens(int(sys.argv[-1]))
    else:
        serve()
