"""Bytes in a parametrised test are named by their parameter: random ones would differ by worker."""

from __future__ import annotations


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by what they are for; leave everything else to pytest."""
    return argname if isinstance(val, bytes | bytearray) else None
