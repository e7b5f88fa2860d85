"""`enigm agent report` and `enigm agent attest send`: a managed device and a real service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from enigm.agent.mode import ManagedMode, ManagedModeOffError
from enigm.app.app import App
from enigm.app.options import Options
from enigm.faces.cli.agent import app as agent_app
from enigm.faces.cli.session import PASSWORD_VARIABLE
from enigm.foundation.clock import SystemClock
from enigm.wire.posture_report import Signal
from tests.app.test_security import ASKS, operator
from tests.support.app_world import PASSWORD, World, register, until, world
from tests.support.attesting import set_up
from tests.support.evidence import Operator
from tests.support.swtpm import SoftwareTpm, running_swtpm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["operator", "world"]

pytestmark = pytest.mark.requirement("OSM-01")


@pytest.fixture
async def profile(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A registered profile, closed, as the command line finds it."""
    folder = world.folder / "data"
    monkeypatch.setenv("ENIGM_DATA", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(world.folder / "config"))
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    app = App(Options("alice", world.service.address, folder / "app"))
    await app.start()
    await register(app, "alice")
    await app.close()
    return ["--profile", "alice"]


@pytest.fixture(scope="module")
def software_tpm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftwareTpm]:
    with running_swtpm(tmp_path_factory.mktemp("swtpm")) as software_tpm:
        yield software_tpm


async def run(*words: str) -> object:
    """Run a command as its own program would, beside the service in this loop."""
    return await asyncio.to_thread(agent_app, words)


async def test_a_device_reports_this_very_machine_once_its_user_turned_it_on(
    world: World, profile: list[str], operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.enforce(ASKS)
    with pytest.raises(ManagedModeOffError):
        await run("report", *profile)
    assert await run("on", *profile) == 0

    async def is_reported() -> bool:
        # The service looks for a new policy every second.
        return await run("report", *profile) == 0

    await until(is_reported)
    said = capsys.readouterr().out
    assert "Sent: disk_encryption: " in said
    assert "Nothing else." in said
    (row,) = operator.evidence.posture_review.overview(b"o" * 20).rows
    assert row.states.keys() == {Signal.DISK_ENCRYPTION, Signal.FIREWALL}
    assert f"The device stands: {row.standing.value}." in said


@pytest.mark.requirement("ATT-01")
async def test_a_device_attests_to_its_service_and_enrols_by_itself(
    world: World,
    profile: list[str],
    operator: Operator,
    software_tpm: SoftwareTpm,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("tpm2_pytss", reason="tpm2-pytss is not here: `make test` builds it")
    from enigm.agent.attestation.tpm import open_tpm

    with open_tpm(software_tpm.tcti) as tpm:
        registers = tpm.registers()
    now = SystemClock().now_seconds()
    set_up(operator.evidence.setup, software_tpm.roots, now, this_laptop=registers)
    between = tmp_path / "between.pem"
    between.write_bytes(software_tpm.intermediates[0].public_bytes(Encoding.PEM))
    send = ["attest", "send", "--tcti", software_tpm.tcti, "--intermediate", str(between)]
    with pytest.raises(ManagedModeOffError):
        await run(*send, *profile)
    mode = ManagedMode(world.folder / "config" / "enigm" / "agent" / "alice")
    mode.turn_on(SystemClock())
    key = mode.folder / "attestation-key.json"
    keys: list[bytes] = []
    for more in ([], [], ["--anew"]):
        assert await run(*send, *more, *profile) == 0
        keys.append(key.read_bytes())
        assert "The service knows this state: this_laptop." in capsys.readouterr().out
    assert keys[0] == keys[1] != keys[2]
    (row,) = operator.evidence.attestation_review.overview(b"o" * 20).rows
    assert (row.standing.value, row.state) == ("good", "this_laptop")
