"""`enigm witness`: a witness of audit logs, to be run where the log's operator cannot reach."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvicorn

from enigm.assembly.exits import Exit, say
from enigm.crypto.tree_log.signed_note import VerifierKey
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.keyfile import load_or_create_keys
from enigm.gateways.witness.cosigning import Witness, witness_keys
from enigm.gateways.witness.server import witness_app

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_FOLDER: Final = Path("~/.local/share/enigm/witness")


def run_witness(logs: Sequence[str], folder: Path | None, host: str, port: int) -> int:
    """Run until Ctrl-C.

    Raises:
        MalformedNoteError: a log's key is not one.
        SetupError: the witness's own key file cannot be used.
    """
    place = (folder or DEFAULT_FOLDER).expanduser().absolute()
    keys = witness_keys(load_or_create_keys(place / "keys", SystemEntropy()))
    watched = [VerifierKey.parse(log) for log in logs]
    witness = Witness(keys, watched, place / "logs", SystemClock())
    say("This witness cosigns with these keys; give them to those who verify:")
    for key in keys.verifiers:
        say(f"  {key}")
    uvicorn.run(
        witness_app(witness),  # pyright: ignore[reportArgumentType] - a plain ASGI callable
        host=host,
        port=port,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
    )
    return Exit.DONE
