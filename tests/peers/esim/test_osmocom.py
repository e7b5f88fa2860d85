"""Our ES2+ client with Osmocom's ES2+ code and SM-DP+, and a phone of theirs that fetches.

Opt-in: ``make test-esim-peer DIR=checkout`` names a checkout of pySim. Their programs run as
processes of their own in their own Python (``ENIGM_ESIM_PEER_PYTHON``); nothing of theirs is
imported here, and the checkout is copied before it is written to.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from enigm.domains.esim.errors import ProviderRefusedError, ProviderUnavailableError, Refused
from enigm.foundation.clock import SystemClock
from enigm.outside.es2plus import Es2Plus, mutual_tls
from tests.support.private_authority import PrivateAuthority
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT_VARIABLE = "ENIGM_ESIM_PEER"
PYTHON_VARIABLE = "ENIGM_ESIM_PEER_PYTHON"
HERE = Path(__file__).parent
FETCH_SECONDS_MAX = 2
START_SECONDS_MAX = 60


@dataclass
class Osmocom:
    """Their side, running."""

    folder: Path
    python: str
    phones_port: int
    es2plus_port: int
    authority: PrivateAuthority
    stranger: PrivateAuthority

    def client(self, authority: PrivateAuthority, name: str) -> Es2Plus:
        """Return our adapter, known by an authority's signature."""
        shown = authority.certify(name)
        tls = mutual_tls(self.authority.file, shown.certificate, shown.key)
        url = f"https://localhost:{self.es2plus_port}"
        return Es2Plus(url, "2.999.10", tls, lambda _count: None, address="rsp.example.test")

    def fetch(self, matching_id: str, into: Path) -> subprocess.CompletedProcess[str]:
        """Let their phone fetch a profile and open what it is given."""
        into.mkdir(exist_ok=True)
        generated = self.folder / "smdpp-data" / "generated"
        arguments = {
            "--url": "http://testsmdpplus1.example.com",
            "--certificate-path": str(generated),
            "--euicc-certificate": "eUICC/CERT_EUICC_ECDSA_NIST.der",
            "--euicc-private-key": "eUICC/SK_EUICC_ECDSA_NIST.pem",
            "--eum-certificate": "EUM/CERT_EUM_ECDSA_NIST.der",
            "--ci-certificate": "CertificateIssuer/CERT_CI_ECDSA_NIST.der",
        }
        return subprocess.run(
            [
                self.python,
                str(HERE / "osmo_phone.py"),
                str(self.phones_port),
                str(self.folder / "contrib" / "es9p_client.py"),
                *(word for pair in arguments.items() for word in pair),
                "download",
                "--matchingId",
                matching_id,
                "--output-path",
                str(into),
            ],
            cwd=self.folder,
            env=_environment(self.folder),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture(scope="module")
def osmocom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Osmocom]:
    checkout = os.environ.get(CHECKOUT_VARIABLE)
    if not checkout:
        pytest.skip("opt-in: make test-esim-peer DIR=a checkout of Osmocom's pySim")
    folder = tmp_path_factory.mktemp("osmocom")
    copied = folder / "pysim"
    shutil.copytree(checkout, copied, ignore=shutil.ignore_patterns(".git"))
    python = os.environ.get(PYTHON_VARIABLE, "python3")
    _run(copied, [python, "contrib/generate_smdpp_certs.py"])
    authority, stranger = (PrivateAuthority(folder, name) for name in ("provider", "stranger"))
    server = authority.certify("smdp")
    phones_port, es2plus_port = _free_port(), _free_port()
    published = copied / "smdpp-data" / "upp"
    programs = [
        [python, "osmo-smdpp.py", "-H", "127.0.0.1", "-p", str(phones_port), "--nossl", "-m",
         "-c", "generated"],
        [python, str(HERE / "osmo_es2plus.py"), str(es2plus_port), str(server.both),
         str(authority.file), str(published)],
    ]  # fmt: skip
    with (folder / "log").open("w") as log:
        started = [
            subprocess.Popen(program, cwd=copied, env=_environment(copied), stdout=log, stderr=log)
            for program in programs
        ]
        try:
            for port, process in zip((phones_port, es2plus_port), started, strict=True):
                wait_until(lambda p=port, q=process: _answers(p, q), START_SECONDS_MAX)
            yield Osmocom(copied, python, phones_port, es2plus_port, authority, stranger)
        finally:
            for process in started:
                process.terminate()
                process.wait(10)


@pytest.mark.requirement("SIM-03")
@pytest.mark.timeout(240)
def test_a_phone_of_theirs_fetches_only_between_release_and_cancellation(
    osmocom: Osmocom, tmp_path: Path
) -> None:
    client = osmocom.client(osmocom.authority, "shop")
    iccid = client.order("data", b"first call number")
    code = client.confirm(iccid, "ENIGM-1", b"second call", may_be_confirmed=False)
    assert code.text == "LPA:1$rsp.example.test$ENIGM-1"
    _is_refused(osmocom.fetch(code.matching_id, tmp_path))
    client.release(iccid, b"third call")
    begun = SystemClock().monotonic_seconds()
    fetched = osmocom.fetch(code.matching_id, tmp_path)
    took = SystemClock().monotonic_seconds() - begun
    assert fetched.returncode == 0, fetched.stdout[-2000:] + fetched.stderr[-2000:]
    assert list(tmp_path.iterdir()), "the profile was decrypted and written"
    # A second release is refused there, and done for us.
    client.release(iccid, b"fourth call")
    client.cancel(iccid, b"fifth call")
    _is_refused(osmocom.fetch(code.matching_id, tmp_path))
    client.close()
    # Their phone's own start is most of it.
    assert took <= FETCH_SECONDS_MAX + _start_seconds(osmocom)


@pytest.mark.requirement("SIM-03")
def test_their_noes_are_ours(osmocom: Osmocom) -> None:
    client = osmocom.client(osmocom.authority, "another")
    with pytest.raises(ProviderRefusedError) as refusal:
        client.order("voice", b"a call")
    assert refusal.value.why is Refused.NO_PROFILE
    iccid = client.order("data", b"another call")
    client.confirm(iccid, "ENIGM-2", b"third call", may_be_confirmed=False)
    with pytest.raises(ProviderRefusedError) as refusal:
        client.confirm(iccid, "ENIGM-2", b"fourth call", may_be_confirmed=False)
    assert refusal.value.why is Refused.WRONG_STATE
    other = client.order("data", b"fifth call")
    with pytest.raises(ProviderRefusedError) as refusal:
        client.confirm(other, "ENIGM-2", b"sixth call", may_be_confirmed=False)
    assert refusal.value.why is Refused.MATCHING_ID_TAKEN
    client.close()


@pytest.mark.requirement("SIM-03")
def test_their_server_hears_no_stranger(osmocom: Osmocom) -> None:
    rogue = osmocom.client(osmocom.stranger, "rogue")
    with pytest.raises(ProviderUnavailableError):
        rogue.order("data", b"a call")
    rogue.close()
    url = f"https://localhost:{osmocom.es2plus_port}"
    nobody = Es2Plus(url, "2.999.10", osmocom.authority.client_context(None), lambda _count: None)
    with pytest.raises(ProviderUnavailableError):
        nobody.order("data", b"a call")
    nobody.close()


def _is_refused(fetched: subprocess.CompletedProcess[str]) -> None:
    said = fetched.stdout + fetched.stderr
    assert fetched.returncode != 0
    assert "8.2.6" in said, said[-2000:]
    assert "3.8" in said, said[-2000:]


def _start_seconds(osmocom: Osmocom) -> float:
    begun = SystemClock().monotonic_seconds()
    _run(osmocom.folder, [osmocom.python, "contrib/es9p_client.py", "--help"])
    return SystemClock().monotonic_seconds() - begun


def _environment(folder: Path) -> dict[str, str]:
    # A bundle from the environment would be believed before the private authority.
    given = {name: value for name, value in os.environ.items() if name != "REQUESTS_CA_BUNDLE"}
    places = [str(folder), *filter(None, [given.get("PYTHONPATH")])]
    return given | {"PYTHONPATH": os.pathsep.join(places)}


def _run(folder: Path, command: list[str]) -> None:
    done = subprocess.run(
        command, cwd=folder, env=_environment(folder), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stderr[-2000:]}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "one of their programs ended: see its log"
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
