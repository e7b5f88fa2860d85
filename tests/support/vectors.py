"""Where the official test vectors lie, when they are there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def shared_vectors(*parts: str) -> Path:
    """Return a folder or file of official vectors; skip the test, saying why, when absent."""
    folder = Path(os.environ.get("ENIGM_VECTORS", ROOT.parent / "shared" / "vectors"))
    path = folder.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"official vectors are not here ({'/'.join(parts)}): set ENIGM_VECTORS")
    return path
