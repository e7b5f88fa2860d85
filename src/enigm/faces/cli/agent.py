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
from enigm.agent.posture.telling import told_lines, told_readings
from enigm.faces.cli.local_agent import agent_of
from enigm.faces.cli.session import Common, opened, run
from enigm.foundation.clock import SystemClock
from enigm.foundation.encoding import base64url_encode
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import SetupError, UnavailableError

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
_COMMON = Common()
Profile = Annotated[str, Parameter(help="Whose wish it is: which person on this machine.")]


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
def report(*, common: Common = _COMMON) -> int:
    """Send what the service's policy asks about this machine, and print every word of it."""
    agent = agent_of(common.profile)
    agent.mode.require_on()

    async def deed() -> int:
        async with opened(common, is_fresh=False, agent=agent) as app:
            sending = (await app.set_sending(on=True)).sending
        if sending.sent is None or sending.problem:
            raise UnavailableError("agent.not_sent", sending.problem or "Nothing was sent.")
        states = ", ".join(f"{word}: {state}" for word, state in sending.sent.states.items())
        _say(f"Sent: {states}. Nothing else.", f"The device stands: {sending.sent.standing}.")
        return 0

    return run(common, deed)


@app.command(name="on")
def turn_on(*, profile: Profile = "default") -> int:
    """Turn managed mode on: from now on this machine may report what a policy asks for."""
    ManagedMode.of(os.environ, profile).turn_on(SystemClock())
    _say(
        "Managed mode is on. Nothing was sent yet.",
        "See what would be sent, and agree to it, on the App's page Security, or run: "
        "enigm agent report",
    )
    return 0


@app.command(name="off")
def turn_off(*, profile: Profile = "default") -> int:
    """Turn managed mode off and forget what it kept. Enigm App works the same either way."""
    ManagedMode.of(os.environ, profile).turn_off()
    _say("Managed mode is off; the service is told to forget when the App next runs.")
    return 0


@app.command
def status(*, profile: Profile = "default") -> int:
    """Say whether managed mode is on."""
    since = ManagedMode.of(os.environ, profile).since()
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
    profile: Profile = "default",
) -> int:
    """Make an attestation key and check, as a service would, that it lives in a genuine TPM."""
    mode = ManagedMode.of(os.environ, profile)
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
    profile: Profile = "default",
) -> int:
    """Quote the TPM's registers over a fresh nonce, and check the quote as a service would."""
    mode = ManagedMode.of(os.environ, profile)
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


@attest.command
def send(
    *,
    common: Common = _COMMON,
    tcti: Tcti = "device:/dev/tpmrm0",
    intermediate: Annotated[
        list[Path] | None, Parameter(help="Certificates between the TPM's and its maker's root.")
    ] = None,
    event_log: Annotated[
        Path | None, Parameter(help="Send this firmware log along; none goes unless told.")
    ] = None,
    anew: Annotated[
        bool, Parameter(negative="", help="With a fresh key, such as after the TPM was cleared.")
    ] = False,
) -> int:
    """Attest this machine to the service: enrol where needed, quote, and print the verdict."""
    mode = ManagedMode.of(os.environ, common.profile)
    mode.require_on()
    # Only here: the part that speaks to a TPM need not be installed.
    from enigm.agent.attestation.check import forget_key  # noqa: PLC0415
    from enigm.agent.attestation.tpm import open_tpm  # noqa: PLC0415
    from enigm.faces.cli.attesting import attest_to_service  # noqa: PLC0415

    between = tuple(c.public_bytes(Encoding.DER) for c in _certificates(intermediate or ()))
    log = None if event_log is None else _event_log(event_log)

    async def deed() -> int:
        async with opened(common, is_fresh=False) as app:
            with open_tpm(tcti) as tpm:
                if anew:
                    forget_key(mode)
                verdict = await attest_to_service(app.evidence(), tpm, mode, between, log)
        until = datetime.fromtimestamp(verdict.expires_at, UTC)
        _say(f"The service knows this state: {verdict.state}. It counts until {until:%H:%M} UTC.")
        return 0

    return run(common, deed)


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


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
