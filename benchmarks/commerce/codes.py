"""Measures codes: made blind and finished, renewed, and spent on orders; one commit each."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from enigm.assembly.commerce import Outsiders, build_commerce, premises_of
from enigm.assembly.surroundings import Surroundings
from enigm.crypto.codes import BLIND_NONCE_BYTES, blind_nonces, finish_tags
from enigm.crypto.tokens import Evaluation
from enigm.domains.commerce.actions.code_payment import CodePayment
from enigm.domains.commerce.actions.taxing import EuropeanVat
from enigm.domains.commerce.model import MethodName
from enigm.domains.commerce.model.codes import RequestName, Wanted
from enigm.domains.commerce.model.orders import GuestsOrder
from enigm.domains.commerce.store import DESIGN
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.keyfile import load_or_create_keys
from enigm.foundation.log import EventLog
from enigm.foundation.settings import Settings
from enigm.foundation.stores import open_store
from enigm.wire.code_coin import Code, CodeKind, write_code

CODES = 2_000
BATCH = 64


class NobodyAsks:
    """An audit that is not measured here."""

    def record(self, act: str, reviewer: bytes, order: bytes) -> None:
        """Keep nothing."""


def rate(count: int, deed: Callable[[], object]) -> float:
    begun = time.perf_counter()
    deed()
    return count / (time.perf_counter() - begun)


def main(folder: Path) -> None:
    """Print the rates on an embedded store in the folder."""
    limits = {"commerce.code_tries": 10**9}
    settings = Settings(data_folder=folder, limits=limits)
    clock, entropy = SystemClock(), SystemEntropy()
    keys = load_or_create_keys(settings.key_file, entropy)
    database = open_store(DESIGN, settings, keys)
    around = Surroundings(settings, keys, clock, entropy, EventLog(sys.stderr, clock, strict=False))
    outsiders = Outsiders({MethodName.CODE: CodePayment()}, (), EuropeanVat(), NobodyAsks())
    shop = build_commerce(around, premises_of(around, database), outsiders)
    numbers = {key.value_cents: key.number for key in shop.mint.ready()}
    public = public_keys(shop.mint.published("keys"))

    def fresh(value: int, count: int) -> tuple[list[bytes], object, Wanted]:
        nonces = [entropy.random_bytes(BLIND_NONCE_BYTES) for _ in range(count)]
        state, blinded = blind_nonces(nonces)
        return nonces, state, Wanted(numbers[value], tuple(blinded))

    codes: list[str] = []

    def make(value: int) -> None:
        for _ in range(0, CODES, BATCH):
            nonces, state, wanted = fresh(value, BATCH)
            with database.begin() as connection:
                (signed,) = shop.mint.sign(connection, [wanted])
            answer = Evaluation(list(signed.elements), signed.proof)
            tags = finish_tags(state, answer, public[wanted.key])
            codes.extend(
                write_code(Code(CodeKind.BLIND, wanted.key, nonce, tag))
                for nonce, tag in zip(nonces, tags, strict=True)
            )

    print(f"made blind, both halves: {rate(CODES, lambda: make(20_00)):,.0f}/s")
    wanted = [fresh(20_00, 1)[2] for _ in codes]

    def renew() -> None:
        for code, each in zip(codes, wanted, strict=True):
            name = RequestName(entropy.random_bytes(16))
            shop.codes.exchange(code, name, [each], name)

    print(f"renewed:                 {rate(len(codes), renew):,.0f}/s")
    codes.clear()
    make(20_00)
    orders = [
        GuestsOrder(shop.ordering.open_order(None, "app-3m", "EE", MethodName.CODE).comeback)
        for _ in codes
    ]

    def spend() -> None:
        for order, code in zip(orders, codes, strict=True):
            shop.codes.pay(order, code, order.comeback.encode())

    print(f"spent on an order:       {rate(len(codes), spend):,.0f}/s")
    database.close()


def public_keys(lines: list) -> dict[int, bytes]:
    from enigm.foundation.encoding import base64url_decode

    found = [line.text.split() for line in lines]
    return {int(words[1]): base64url_decode(words[9]) for words in found if words[8] == "public"}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as chosen:
        main(Path(chosen))
