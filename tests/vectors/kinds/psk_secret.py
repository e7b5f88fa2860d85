"""Adding pre-shared keys up (psk_secret.json)."""

from __future__ import annotations

from enigm.crypto.mls.psk import ExternalPsk, PskId, psk_secret
from tests.vectors.reading import Vector, raw, suite_of


def check(vector: Vector) -> None:
    keys = [
        (PskId(ExternalPsk(raw(psk["psk_id"])), raw(psk["psk_nonce"])), raw(psk["psk"]))
        for psk in vector["psks"]
    ]
    assert psk_secret(suite_of(vector), keys) == raw(vector["psk_secret"])
