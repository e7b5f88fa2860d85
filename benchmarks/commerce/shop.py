"""A shop to be measured: its store, codes of its own making, and orders that wait for them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from enigm.assembly.commerce import Commerce, Outsiders, build_commerce, premises_of
from enigm.assembly.surroundings import Surroundings
from enigm.crypto.codes import BLIND_NONCE_BYTES, blind_nonces, finish_tags
from enigm.crypto.tokens import Evaluation
from enigm.domains.commerce.actions.code_payment import CodePayment
from enigm.domains.commerce.actions.taxing import EuropeanVat
from enigm.domains.commerce.model import MethodName
from enigm.domains.commerce.model.codes import Wanted
from enigm.domains.commerce.model.orders import Buyer, BuyersOrder
from enigm.domains.commerce.store import DESIGN
from enigm.foundation.clock import SystemClock
from enigm.foundation.database import Database
from enigm.foundation.encoding import base64url_decode
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.keyfile import Keys
from enigm.foundation.log import EventLog
from enigm.foundation.migrations import migrate
from enigm.foundation.postgres import open_postgres
from enigm.foundation.provision import provision
from enigm.foundation.settings import Settings
from enigm.foundation.sqlcipher import open_sqlcipher
from enigm.wire.code_coin import Code, CodeKind, write_code
from tests.support.postgres import running_postgres

PRICE_CENTS = 20_00
SKU = "app-3m"
BATCH = 64
KEYS = Keys(bytes(32))
# Unlike a test's, this server forces its writes.
FORCED = "-c fsync=on -c full_page_writes=on"
# Whoever measures opens more orders than a flood of guests may.
ROOM_FOR_GUESTS = {
    "commerce.free_guest_orders": 10**9,
    "commerce.guest_orders": 10**9,
    "commerce.open_guest_orders": 10**9,
}


class NobodyAsks:
    """An audit that is not measured here."""

    def record(self, *_told: object) -> None:
        """Keep nothing."""

    def newest_number(self) -> int:
        """Return that nothing was kept."""
        return 0


class MeasuredShop:
    """A shop with a purse: whoever measures is its only customer."""

    def __init__(self, database: Database) -> None:
        """Migrate the store and build the shop over it, as the service does."""
        migrate(database, DESIGN.metadata, DESIGN.versions)
        clock, entropy = SystemClock(), SystemEntropy()
        log = EventLog(sys.stderr, clock, strict=False)
        settings = Settings(data_folder=Path("unused"), limits=ROOM_FOR_GUESTS)
        around = Surroundings(settings, KEYS, clock, entropy, log)
        methods, nobody = {MethodName.CODE: CodePayment()}, NobodyAsks()
        outsiders = Outsiders(methods, (), EuropeanVat(), nobody, nobody)
        self.database = database
        self.commerce: Commerce = build_commerce(around, premises_of(around, database), outsiders)
        self.random_bytes = entropy.random_bytes
        self._numbers = {key.value_cents: key.number for key in self.commerce.mint.ready()}
        self._public = _public_keys(self.commerce)

    def codes(self, count: int) -> list[str]:
        """Make codes, blind, in batches of one commit each."""
        made: list[str] = []
        while len(made) < count:
            nonces = [self.random_bytes(BLIND_NONCE_BYTES) for _ in range(BATCH)]
            state, blinded = blind_nonces(nonces)
            wanted = Wanted(self._numbers[PRICE_CENTS], tuple(blinded))
            with self.database.begin() as connection:
                (signed,) = self.commerce.mint.sign(connection, [wanted])
            answer = Evaluation(list(signed.elements), signed.proof)
            tags = finish_tags(state, answer, self._public[wanted.key])
            made += [
                write_code(Code(CodeKind.BLIND, wanted.key, nonce, tag))
                for nonce, tag in zip(nonces, tags, strict=True)
            ]
        return made[:count]

    def wanted(self) -> Wanted:
        """Return a blinded nonce to be signed for a code of the same worth."""
        _, blinded = blind_nonces([self.random_bytes(BLIND_NONCE_BYTES)])
        return Wanted(self._numbers[PRICE_CENTS], tuple(blinded))

    def order(self) -> BuyersOrder:
        """Open an order at the price of one code, for a buyer who has no other."""
        buyer = Buyer(self.random_bytes(32))
        opened = self.commerce.ordering.open_order(buyer, SKU, "EE", MethodName.CODE)
        return BuyersOrder(buyer, opened.order_id)


@contextmanager
def shop_on_sqlcipher(folder: Path) -> Iterator[MeasuredShop]:
    """Open a shop over an encrypted file."""
    key = KEYS.derive("commerce", "store")
    database = open_sqlcipher(
        folder / "commerce.db", key, domain="commerce", page_bytes=DESIGN.page_bytes
    )
    yield MeasuredShop(database)
    database.close()


@contextmanager
def shop_on_postgres() -> Iterator[tuple[MeasuredShop, str]]:
    """Open a shop over a server of its own, and name another database for the comparison."""
    with running_postgres(FORCED) as server:
        for name in ("measured", "plain"):
            server.create_database(name)
        provision(server.admin_url("measured"), ["commerce"], KEYS)
        database = open_postgres(server.url("measured"), KEYS, domain="commerce")
        yield MeasuredShop(database), server.admin_url("plain")
        database.close()


def _public_keys(commerce: Commerce) -> dict[int, bytes]:
    found = [line.text.split() for line in commerce.mint.published("keys")]
    return {int(words[1]): base64url_decode(words[9]) for words in found if words[8] == "public"}
