"""A running service, a TPM that really runs: enrol, quote, verdict, and a policy that asks."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from enigm.domains.handles.model import Purpose
from enigm.domains.handles.rules import EPOCH_SECONDS
from enigm.foundation.clock import SystemClock
from tests.support.attesting import AttestingDevice, manifest, set_up
from tests.support.clock import FakeClock
from tests.support.evidence import operator_of
from tests.support.journey import Problem
from tests.support.service import running_service, settings_of_tests
from tests.support.swtpm import running_swtpm

pytest.importorskip("tpm2_pytss", reason="tpm2-pytss is not here: `make test` builds it")

from tpm2_pytss.constants import ESYS_TR

from enigm.agent.attestation.tpm import open_tpm

if TYPE_CHECKING:
    from pathlib import Path

    from enigm.agent.attestation.tpm import KeptAttestationKey, Tpm
    from tests.support.swtpm import SoftwareTpm

NEEDS_ATTESTATION = """
permit (principal, action, resource);
@say("This needs a machine that attested itself today.")
forbid (principal, action, resource) unless { context.attestation == "good" };
"""


async def enrol(device: AttestingDevice, tpm: Tpm, made: SoftwareTpm) -> KeptAttestationKey:
    between = tuple(each.public_bytes(Encoding.DER) for each in made.intermediates)
    claim = dataclasses.replace(tpm.endorsement(), intermediates=between)
    kept = tpm.create_attestation_key()
    challenge = await device.begin(claim, kept.public_area)
    await device.finish(tpm.activate(kept, challenge))
    return kept


@pytest.mark.requirement("ATT-01", "POL-01", "TRU-02")
async def test_a_policy_that_demands_attestation_is_met_by_a_real_tpm_and_nothing_less(
    tmp_path: Path,
) -> None:
    # The software TPM's maker dates its certificates by the real clock.
    clock = FakeClock(SystemClock().now_seconds() + 60)
    (tmp_path / "tpm").mkdir()
    with running_swtpm(tmp_path / "tpm") as made, open_tpm(made.tcti) as tpm:
        async with running_service(settings_of_tests(tmp_path), clock) as running:
            operator = operator_of(running, tmp_path)
            now = clock.now_seconds()
            set_up(operator.evidence.setup, made.roots, now, as_made=tpm.registers())
            journey = running.journey
            alice = await journey.register()
            await journey.sign_in(alice)
            device = AttestingDevice(journey, alice)
            with pytest.raises(Problem, match=r"attestation\.not_enrolled"):
                await device.nonce()
            operator.enforce(NEEDS_ATTESTATION)
            clock.advance(2)
            with pytest.raises(Problem, match="attested itself today"):
                await journey.tokens(alice)

            kept = await enrol(device, tpm, made)
            verdict = await device.send(tpm.quote(kept, await device.nonce()))
            assert verdict["state"] == "as_made"
            assert await journey.tokens(alice)

            tpm._esapi.pcr_event(ESYS_TR.PCR11, b"another kernel")
            with pytest.raises(Problem, match=r"attestation\.measurement"):
                await device.send(tpm.quote(kept, await device.nonce()))
            with pytest.raises(Problem, match="attested itself today"):
                await journey.tokens(alice)

            now_good = manifest(2, clock.now_seconds(), {"updated": tpm.registers()})
            operator.evidence.setup.load_reference(now_good)
            verdict = await device.send(tpm.quote(kept, await device.nonce()))
            assert verdict["state"] == "updated"
            assert await journey.tokens(alice)

            clock.advance(24 * 3600 + 1)
            await journey.sign_in(alice)
            with pytest.raises(Problem, match="attested itself today"):
                await journey.tokens(alice)
            (row,) = operator.evidence.attestation_review.overview(b"o" * 20).rows
            device_id = alice.device.device_id
            assert row.handle == operator.trust.handles.handle(device_id, Purpose.ATTESTATION)
            assert row.handle != operator.trust.handles.handle(device_id, Purpose.POSTURE)
            clock.advance(EPOCH_SECONDS)
            await journey.sign_in(alice)
            with pytest.raises(Problem, match=r"attestation\.not_enrolled"):
                await device.nonce()
            operator.enforce("permit (principal, action, resource);")
            clock.advance(2)
            await journey.erase(alice)
            assert operator.evidence.attestation_review.overview(b"o" * 20).rows == ()
