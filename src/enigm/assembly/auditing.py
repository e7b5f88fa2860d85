"""`enigm audit`: publish, read and verify the audit log, the last with a public key alone."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from enigm.assembly.exits import Exit, complain, say
from enigm.assembly.machine import trust_of_this_machine
from enigm.crypto.tree_log.checkpoint import open_checkpoint
from enigm.crypto.tree_log.errors import EntriesMissingError, MalformedNoteError, ProofFailedError
from enigm.crypto.tree_log.signed_note import VerifierKey
from enigm.crypto.tree_log.verification import VerifiedLog, verify_growth, verify_log
from enigm.domains.audit.model import NO_HANDLE, Category, Role
from enigm.domains.audit.rules import commitment
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.errors import Refusal, SetupError

app = App(
    name="enigm audit",
    help="Decisions that can be proved to an outsider: publish, read, verify.",
    help_format="plaintext",
    result_action="return_value",
)
_COMMITMENT_AT = 6  # version, category and four bytes of period stand before it


class ReadRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of ``enigm audit read``: what ``verify --records`` holds against the log."""

    number: int
    nonce: str
    record: msgspec.Raw


@app.command
def key() -> int:
    """Print the public key that the log's checkpoints are checked with."""
    with trust_of_this_machine() as trust:
        say(str(trust.log_key.verifier))
    return Exit.DONE


@app.command
def publish() -> int:
    """Publish the log now (a running service does it every minute); print where it lies."""
    with trust_of_this_machine() as trust:
        trust.publishing.publish()
        say(f"{trust.audit.size} records: {trust.publishing.folder}")
    return Exit.DONE


@app.command
def read(
    *,
    category: Annotated[str, Parameter(help="account, device, administration or audit.")],
    role: Annotated[str, Parameter(help="operator or auditor.")] = "operator",
    start: Annotated[int, Parameter(help="The first record's number.")] = 0,
) -> int:
    """Print a category's records as JSON lines. Reading is itself recorded."""
    try:
        wanted, reader = Category[category.upper()], Role(role)
    except (KeyError, ValueError) as error:
        raise SetupError(
            "There is no such category or role: see enigm audit read --help."
        ) from error
    with trust_of_this_machine() as trust:
        for each in trust.audit.read(reader, wanted, start, NO_HANDLE):
            line = ReadRecord(each.number, base64url_encode(each.nonce), msgspec.Raw(each.payload))
            say(msgspec.json.encode(line).decode())
    return Exit.DONE


@app.command
def verify(
    folder: Annotated[Path, Parameter(help="A copy of the published log.")],
    *,
    key: Annotated[str, Parameter(help="The log's public key, as `enigm audit key` prints it.")],
    witness: Annotated[
        list[str] | None, Parameter(help="A witness's key: it must have cosigned. May be repeated.")
    ] = None,
    earlier: Annotated[
        Path | None, Parameter(help="A checkpoint kept from before: the log must continue it.")
    ] = None,
    records: Annotated[
        Path | None, Parameter(help="Records that `enigm audit read` printed, to be proved.")
    ] = None,
) -> int:
    """Check a copied log offline: every entry, every tile, the signatures, the past."""
    entries: dict[int, bytes] = {}
    log_key = VerifierKey.parse(key)

    def fetch(path: str) -> bytes:
        try:
            return (folder / path).read_bytes()
        except OSError as error:
            raise EntriesMissingError(f"The log has no readable file {path}.") from error

    try:
        witnesses = [VerifierKey.parse(each) for each in witness or ()]
        verified = verify_log(fetch, log_key, witnesses, on_entry=entries.__setitem__)
        if earlier:
            verify_growth(
                fetch, open_checkpoint(earlier.read_bytes(), log_key), verified.checkpoint
            )
        proved = _prove(records, entries) if records else 0
    except Refusal as refusal:
        complain(f"NOT verified: {refusal.detail} ({refusal.code})")
        return Exit.FAILED
    _report(verified, entries, proved)
    return Exit.DONE


def _prove(records: Path, entries: dict[int, bytes]) -> int:
    """Return how many records the log commits to; raises ProofFailedError for one it does not."""
    count = 0
    for line in records.read_bytes().splitlines():
        try:
            shown = msgspec.json.decode(line, type=ReadRecord)
        except msgspec.DecodeError as error:
            raise MalformedNoteError("A line of the records is not what was printed.") from error
        expected = commitment(base64url_decode(shown.nonce), bytes(shown.record))
        if entries.get(shown.number, b"")[_COMMITMENT_AT:] != expected:
            raise ProofFailedError(f"Record {shown.number} is not what the log commits to.")
        count += 1
    return count


def _report(verified: VerifiedLog, entries: dict[int, bytes], proved: int) -> None:
    checkpoint = verified.checkpoint
    table = Table("what", "found", title=f"Verified: {checkpoint.origin}", title_justify="left")
    table.add_row("entries", str(checkpoint.size))
    for category, count in sorted(Counter(entry[1] for entry in entries.values()).items()):
        table.add_row(f"  {Category(category).name.lower()}", str(count))
    table.add_row("root", checkpoint.root.hex())
    table.add_row("witnesses", str(len(verified.witnessed_at)))
    if proved:
        table.add_row("records proved", str(proved))
    Console(width=None if sys.stdout.isatty() else 100).print(table)
