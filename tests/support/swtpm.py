"""A software TPM for one test run: its own maker, its own state, any free ports, ended after."""

from __future__ import annotations

import shutil
import socket
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from enigm.foundation.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Generator

_START_SECONDS_MAX = 60
_POLL_SECONDS = 0.01
# Ports are taken between our looking and swtpm's binding only if another program is quick.
_START_TRIES = 5


@dataclass(frozen=True)
class SoftwareTpm:
    """A TPM that answers on this machine, and the certificates of the one who made it."""

    tcti: str
    roots: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...]


@contextmanager
def running_swtpm(folder: Path) -> Generator[SoftwareTpm]:
    """Make a TPM in an empty folder, with a maker's own authority, and start it."""
    _need_programs()
    state = folder / "state"
    state.mkdir()
    maker = _manufacture(folder, state)
    process, port = _start(state)
    try:
        yield SoftwareTpm(
            f"swtpm:host=127.0.0.1,port={port}",
            (_certificate(maker / "swtpm-localca-rootca-cert.pem"),),
            (_certificate(maker / "issuercert.pem"),),
        )
    finally:
        process.terminate()
        process.wait(timeout=_START_SECONDS_MAX)


def _need_programs() -> None:
    missing = [name for name in ("swtpm", "swtpm_setup") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not here: run `make test` as root, or install swtpm")


def _manufacture(folder: Path, state: Path) -> Path:
    """Run the maker's line: keys, an endorsement certificate, and one bank of registers."""
    maker = folder / "maker"
    maker.mkdir()
    authority = folder / "swtpm-localca.conf"
    authority.write_text(
        f"statedir = {maker}\nsigningkey = {maker}/signkey.pem\n"
        f"issuercert = {maker}/issuercert.pem\ncertserial = {maker}/certserial\n"
    )
    options = folder / "swtpm-localca.options"
    options.write_text("--tpm-manufacturer IBM\n--tpm-model swtpm-libtpms\n--tpm-version 2\n")
    setup = folder / "swtpm_setup.conf"
    setup.write_text(
        f"create_certs_tool = {shutil.which('swtpm_localca')}\n"
        f"create_certs_tool_config = {authority}\ncreate_certs_tool_options = {options}\n"
    )
    subprocess.run(
        [
            *("swtpm_setup", "--tpm2", "--tpmstate", str(state), "--config", str(setup)),
            *("--create-ek-cert", "--lock-nvram", "--pcr-banks", "sha256", "--overwrite"),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return maker


def _start(state: Path) -> tuple[subprocess.Popen[bytes], int]:
    for _ in range(_START_TRIES):
        port = _two_free_ports()
        process = subprocess.Popen(
            [
                *("swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}"),
                *("--server", f"type=tcp,port={port},bindaddr=127.0.0.1"),
                # libtss2's connector looks for the control channel one port above.
                *("--ctrl", f"type=tcp,port={port + 1},bindaddr=127.0.0.1"),
                *("--flags", "not-need-init,startup-clear"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if _answers(process, port + 1):
            return process, port
        process.kill()
        process.wait()
    pytest.fail("swtpm did not start")


def _two_free_ports() -> int:
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
    pytest.fail("no two free ports")


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    clock = SystemClock()
    deadline = clock.monotonic_seconds() + _START_SECONDS_MAX
    while clock.monotonic_seconds() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        Event().wait(_POLL_SECONDS)
    return False


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())
