"""`enigm agent`: this machine's posture and attestation, for the person who sits at it."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cyclopts import App, Parameter

from enigm.agent.mode import ManagedMode
from enigm.agent.posture.collect import collect
from enigm.agent.posture.machine import this_machine
from enigm.agent.posture.readings import minimise
from enigm.agent.posture.telling import told_lines, told_readings
from enigm.foundation.clock import SystemClock
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import InvalidError, SetupError
from enigm.wire.posture_report import (
    HANDLE_BYTES,
    NONCE_BYTES,
    Signal,
    sign_report,
    signal_named,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

# Where Linux shows the firmware's log (security/tpm in the kernel's documentation).
EVENT_LOG = Path("/sys/kernel/security/tpm0/binary_bios_measurements")

app = App(
    name="enigm agent",
    help="Look at this machine's safety; take part in a managed fleet if you want to.",
    help_format="plaintext",
    version_flags=[],
    result_action="return_value",
)
attest = App(name="attest", help="Check that this machine's TPM can vouch for it.")
app.command(attest)

Tcti = Annotated[
    str, Parameter(help="Which TPM: device:/dev/tpmrm0, or swtpm:host=127.0.0.1,port=...")
]


@app.command
def posture(
    *,
    json: Annotated[bool, Parameter(negative="", help="For programs.")] = False,
) -> int:
    """Show what is well on this machine, what is not, why it matters and what to do."""
    seen = collect(this_machine(), SystemClock())
    if json:
        _say(msgspec.json.encode(told_readings(seen)).decode())
    else:
        _say(*told_lines(seen))
    return 0


@app.command
def report(
    *,
    signals: Annotated[str, Parameter(help="The signals that the policy names, by commas.")],
    handle: Annotated[str, Parameter(help="The handle the service gave: 20 bytes, base64url.")],
    nonce: Annotated[str, Parameter(help="The service's challenge: 16 bytes, base64url.")],
) -> int:
    """Print a signed report with nothing but the states of the named signals."""
    key = ManagedMode.of(os.environ).device_key()
    wanted = _signals(signals)
    sent = minimise(
        collect(this_machine(), SystemClock()),
        wanted,
        handle=_octets(handle, HANDLE_BYTES, "handle"),
        nonce=_octets(nonce, NONCE_BYTES, "nonce"),
    )
    _say(base64url_encode(sign_report(sent, key)))
    states = ", ".join(f"{s.word}: {state.word}" for s, state in sorted(sent.states.items()))
    sys.stderr.write(f"This report says: {states}. Nothing else.\n")
    return 0


@app.command(name="on")
def turn_on() -> int:
    """Turn managed mode on: from now on the agent may report what a policy asks for."""
    mode = ManagedMode.of(os.environ)
    mode.turn_on(SystemClock(), SystemEntropy())
    _say(
        "Managed mode is on.",
        f"This device's key: {base64url_encode(mode.device_key().public)}",
    )
    return 0


@app.command(name="off")
def turn_off() -> int:
    """Turn managed mode off and forget its keys. Enigm App works the same either way."""
    ManagedMode.of(os.environ).turn_off()
    _say("Managed mode is off; its keys are deleted.")
    return 0


@app.command
def status() -> int:
    """Say whether managed mode is on."""
    since = ManagedMode.of(os.environ).since()
    if since is None:
        _say("Managed mode is off. Nothing about this machine leaves it.")
    else:
        _say(f"Managed mode is on since {datetime.fromtimestamp(since, UTC):%Y-%m-%d %H:%M} UTC.")
    return 0


@attest.command
def enrol(
    *,
    root: Annotated[list[Path], Parameter(help="The TPM maker's root certificates (PEM).")],
    intermediate: Annotated[
        list[Path] | None, Parameter(help="Certificates between the TPM's and the root (PEM).")
    ] = None,
    tcti: Tcti = "device:/dev/tpmrm0",
) -> int:
    """Make an attestation key and check, as a service would, that it lives in a genuine TPM."""
    mode = ManagedMode.of(os.environ)
    mode.require_on()
    # Only here: the part that speaks to a TPM need not be installed.
    from enigm.agent.attestation.check import Trust, enrol  # noqa: PLC0415
    from enigm.agent.attestation.tpm import open_tpm  # noqa: PLC0415

    between = tuple(c.public_bytes(Encoding.DER) for c in _certificates(intermediate or ()))
    trust = Trust(_certificates(root), between)
    with open_tpm(tcti) as tpm:
        key = enrol(tpm, mode, trust, clock=SystemClock(), entropy=SystemEntropy())
    _say(
        "The endorsement certificate leads to a given root, and the TPM opened the challenge.",
        f"Attestation key: {base64url_encode(key.name)}",
    )
    return 0


@attest.command
def quote(
    *,
    tcti: Tcti = "device:/dev/tpmrm0",
    event_log: Annotated[
        Path | None, Parameter(help="The firmware's log; this machine's own unless told.")
    ] = None,
) -> int:
    """Quote the TPM's registers over a fresh nonce, and check the quote as a service would."""
    mode = ManagedMode.of(os.environ)
    mode.require_on()
    from enigm.agent.attestation.check import quote  # noqa: PLC0415
    from enigm.agent.attestation.tpm import open_tpm  # noqa: PLC0415

    log = _event_log(event_log)
    with open_tpm(tcti) as tpm:
        verified, events = quote(tpm, mode, SystemEntropy(), log)
    _say("The quote holds: fresh nonce, all agreed registers, signed by the attestation key.")
    _say(*(f"  PCR {index:>2}  {value.hex()}" for index, value in verified.pcr_values.items()))
    if log is None:
        _say("No event log is here: the values are signed, but nothing explains them.")
    else:
        _say(f"The event log explains the firmware's registers with {len(events)} events.")
    return 0


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _signals(words: str) -> list[Signal]:
    found = {word.strip(): signal_named(word.strip()) for word in words.split(",")}
    unheard = [word for word, signal in found.items() if signal is None]
    if unheard:
        known = ", ".join(signal.word for signal in Signal)
        raise InvalidError("agent.signal", f"There is no signal {unheard[0]}. There are: {known}.")
    return [signal for signal in found.values() if signal is not None]


def _octets(text: str, length_bytes: int, name: str) -> bytes:
    octets = base64url_decode(text)
    if len(octets) != length_bytes:
        raise InvalidError("agent.length", f"The {name} is {length_bytes} bytes in base64url.")
    return octets


def _certificates(paths: Iterable[Path]) -> list[x509.Certificate]:
    found: list[x509.Certificate] = []
    for path in paths:
        try:
            found += x509.load_pem_x509_certificates(path.read_bytes())
        except (OSError, ValueError) as error:
            raise SetupError(f"{path} holds no certificate in PEM form.") from error
    return found


def _event_log(path: Path | None) -> bytes | None:
    try:
        return (path or EVENT_LOG).read_bytes()
    except OSError as error:
        if path is None:
            return None
        raise SetupError(f"{path} cannot be read.") from error
