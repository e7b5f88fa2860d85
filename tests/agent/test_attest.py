"""The agent checks, as a service would, that this machine's TPM can vouch for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from enigm.agent.attestation.errors import NotEnrolledError
from enigm.agent.mode import ManagedMode
from enigm.crypto.attestation.errors import AttestationRefusedError
from enigm.faces.cli.agent import app as agent_app
from enigm.foundation.errors import SetupError
from tests.crypto.attestation.paper_tpm import Maker, event_log
from tests.support.clock import FakeClock
from tests.support.swtpm import SoftwareTpm, running_swtpm

pytest.importorskip("tpm2_pytss", reason="tpm2-pytss is not here: `make test` builds it")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def software_tpm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftwareTpm]:
    with running_swtpm(tmp_path_factory.mktemp("swtpm")) as software_tpm:
        yield software_tpm


@pytest.fixture
def mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ManagedMode:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    mode = ManagedMode.of({"XDG_CONFIG_HOME": str(tmp_path)})
    mode.turn_on(FakeClock())
    return mode


def enrolment(software_tpm: SoftwareTpm, folder: Path, *, root: bytes | None = None) -> list[str]:
    roots, between = folder / "roots.pem", folder / "between.pem"
    roots.write_bytes(root or software_tpm.roots[0].public_bytes(Encoding.PEM))
    between.write_bytes(software_tpm.intermediates[0].public_bytes(Encoding.PEM))
    return [
        *("attest", "enrol", "--root", str(roots), "--intermediate", str(between)),
        *("--tcti", software_tpm.tcti),
    ]


@pytest.mark.requirement("ATT-01", "OSM-01")
def test_a_managed_machine_enrols_its_tpm_and_checks_its_own_quote(
    software_tpm: SoftwareTpm,
    mode: ManagedMode,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert agent_app(enrolment(software_tpm, tmp_path)) == 0
    assert "the TPM opened the challenge" in capsys.readouterr().out
    assert agent_app(["attest", "quote", "--tcti", software_tpm.tcti]) == 0
    assert "The quote holds" in capsys.readouterr().out
    log = tmp_path / "log"
    log.write_bytes(event_log([]))
    assert agent_app(["attest", "quote", "--tcti", software_tpm.tcti, "--event-log", str(log)]) == 0
    log.write_bytes(event_log([(0, 8, b"what the firmware never measured")]))
    with pytest.raises(AttestationRefusedError):
        agent_app(["attest", "quote", "--tcti", software_tpm.tcti, "--event-log", str(log)])


def test_a_tpm_of_a_maker_that_was_not_given_is_refused(
    software_tpm: SoftwareTpm, mode: ManagedMode, tmp_path: Path
) -> None:
    other = Maker().root.public_bytes(Encoding.PEM)
    with pytest.raises(AttestationRefusedError):
        agent_app(enrolment(software_tpm, tmp_path, root=other))
    with pytest.raises(NotEnrolledError):
        agent_app(["attest", "quote", "--tcti", software_tpm.tcti])


def test_files_that_are_not_what_they_should_be_are_named(
    software_tpm: SoftwareTpm, mode: ManagedMode, tmp_path: Path
) -> None:
    with pytest.raises(SetupError, match=r"roots\.pem"):
        agent_app(enrolment(software_tpm, tmp_path, root=b"no certificate"))
    with pytest.raises(SetupError, match="absent"):
        agent_app(["attest", "quote", "--event-log", str(tmp_path / "absent")])
