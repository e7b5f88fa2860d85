"""Headers of variable-size vectors (deserialization.json)."""

from __future__ import annotations

from enigm.crypto.mls.codec import Reader, length_header
from tests.vectors.reading import Vector, raw


def check(vector: Vector) -> None:
    header = raw(vector["vlbytes_header"])
    reader = Reader(header)
    assert reader.length() == vector["length"]
    reader.finish()
    assert length_header(vector["length"]) == header
