"""`enigm attestation`: whom the service believes, which states are good, and how machines stand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import App, Parameter

from enigm.assembly.exits import Exit, say
from enigm.assembly.machine import evidence_of_this_machine
from enigm.crossings.decision_is_audited_by_handle import operator_record
from enigm.crypto.attestation.reference import Manifest, sign_manifest
from enigm.crypto.signatures import Hybrid
from enigm.domains.attestation.model import AnchorKind, Standing
from enigm.domains.audit.model import NO_HANDLE, Act
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import SetupError

if TYPE_CHECKING:
    from enigm.domains.attestation.model import Anchor, ReferenceChange

app = App(
    name="enigm attestation",
    help="Whom to believe about machines, which states are good, and how machines stand.",
    help_format="plaintext",
    version_flags=[],
    result_action="return_value",
)
anchor = App(name="anchor", help="Makers of TPMs whose word counts, and who signs good states.")
reference = App(name="reference", help="Which states of a machine are good, signed.")
app.command(anchor)
app.command(reference)

SignedFile = Annotated[Path, Parameter(help="Signed reference values.")]


@app.command(name="list")
def list_machines() -> int:
    """Count machines by how they stand, and list them under their handles."""
    with evidence_of_this_machine() as (_, evidence):
        seen = evidence.attestation_review.overview(NO_HANDLE)
    if not seen.rows:
        say("No machine attests. They do where their users turned it on.")
    for standing in Standing:
        if count := seen.by_standing.get(standing, 0):
            say(f"{standing.value:<10}{count}")
    for row in seen.rows:
        say(f"{row.handle.hex()}  {row.standing.value:<8} {row.state}")
    return Exit.DONE


@anchor.command(name="list")
def list_anchors() -> int:
    """List whom the service believes."""
    with evidence_of_this_machine() as (_, evidence):
        found = evidence.setup.anchors()
    for each in found:
        say(_told(each))
    if not found:
        say("The service believes nobody yet: enigm attestation anchor maker ROOT.pem")
    return Exit.DONE


@anchor.command
def maker(certificates: Annotated[Path, Parameter(help="Root certificates (PEM).")]) -> int:
    """Believe a maker's roots about which endorsement keys are in its TPMs."""
    with evidence_of_this_machine() as (trust, evidence):
        trust.audit.record(operator_record(Act.ANCHOR_CHANGED))
        for each in evidence.setup.believe_makers(_read(certificates)):
            say(_told(each))
    return Exit.DONE


@anchor.command
def reference_key(public: Annotated[Path, Parameter(help="As `reference key` wrote it.")]) -> int:
    """Believe one key about which states are good, in place of another."""
    octets = base64url_decode(_read(public).decode("ascii", "replace").strip())
    with evidence_of_this_machine() as (trust, evidence):
        trust.audit.record(operator_record(Act.ANCHOR_CHANGED))
        say(_told(evidence.setup.believe_reference_key(octets)))
    return Exit.DONE


@anchor.command
def remove(name: Annotated[str, Parameter(help="As `anchor list` shows it.")]) -> int:
    """Believe one no more."""
    with evidence_of_this_machine() as (trust, evidence):
        trust.audit.record(operator_record(Act.ANCHOR_CHANGED))
        evidence.setup.remove(name)
        say("Removed.")
    return Exit.DONE


@reference.command
def key(folder: Annotated[Path, Parameter(help="Where it lies; best not on the server.")]) -> int:
    """Make a key that signs reference values: reference.key, reference.pub."""
    made = Hybrid.generate(SystemEntropy())
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(folder / "reference.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise SetupError(f"{folder} holds a key already.") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(made.private)
    (folder / "reference.pub").write_text(f"{base64url_encode(made.public)}\n")
    say(f"Wrote {folder / 'reference.key'} and {folder / 'reference.pub'}.")
    return Exit.DONE


@reference.command
def sign(
    states: Annotated[Path, Parameter(help="JSON as docs/attestation.md says.")],
    *,
    private: Annotated[Path, Parameter(name="--key", help="reference.key")],
    out: Annotated[Path, Parameter(help="Where the signed file goes.")],
) -> int:
    """Sign reference values."""
    try:
        manifest = msgspec.json.decode(_read(states), type=Manifest)
        signed = sign_manifest(manifest, Hybrid.from_seed(_read(private)))
    except (msgspec.MsgspecError, RuntimeError) as error:
        raise SetupError(f"{states} cannot be signed: {error}.") from error
    out.write_bytes(signed)
    say(f"Signed version {manifest.version} with {len(manifest.states)} states.")
    return Exit.DONE


@reference.command
def load(
    signed: SignedFile,
    *,
    dry_run: Annotated[
        bool, Parameter(negative="", help="Say what it would change, and change nothing.")
    ] = False,
) -> int:
    """Put signed reference values in force."""
    octets = _read(signed)
    with evidence_of_this_machine() as (trust, evidence):
        if dry_run:
            _tell(evidence.setup.try_reference(octets), "would be")
            return Exit.DONE
        # First tried: what is refused leaves no record of having been loaded.
        evidence.setup.try_reference(octets)
        trust.audit.record(operator_record(Act.REFERENCE_LOADED))
        _tell(evidence.setup.load_reference(octets), "is")
    return Exit.DONE


@reference.command
def show() -> int:
    """Show the states that are good now."""
    with evidence_of_this_machine() as (_, evidence):
        values = evidence.setup.reference()
    say(f"Version {values.version}")
    for state in values.states:
        say(f"  {state.label}: registers {', '.join(map(str, sorted(state.pcrs)))}")
    return Exit.DONE


def _tell(change: ReferenceChange, verb: str) -> None:
    say(f"Version {change.version} {verb} in force.")
    for label in change.added:
        say(f"  + {label}")
    for label in change.removed:
        say(f"  - {label}")
    say(f"  {change.ended_verdicts} verdicts end: those machines attest again.")


def _told(each: Anchor) -> str:
    what = "signs reference values" if each.kind is AnchorKind.REFERENCE_KEY else "TPM maker"
    return f"{each.anchor_id}  {what}"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SetupError(f"{path} cannot be read.") from error
