"""`enigm audit` and `enigm witness`, as an operator and an outsider use them."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from enigm.assembly.exits import Exit
from enigm.assembly.main import main
from tests.support.waiting import wait_until


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    exit_number: int
    out: str
    err: str


class Machine:
    """One machine's Enigm, driven by its command within this process."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capsys: Any, **env: str) -> None:
        self.folder = folder
        self._patch = patch
        self._capsys = capsys
        self._environment = {"ENIGM_DATA": str(folder), **env}

    def run(self, *words: str) -> Said:
        with self._patch.context() as patched:
            for name, value in self._environment.items():
                patched.setenv(name, value)
            patched.setattr(sys, "argv", ["enigm", *words])
            self._capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
            printed = self._capsys.readouterr()
        return Said(int(ended.value.code or 0), printed.out, printed.err)

    def said(self, *words: str) -> str:
        answer = self.run(*words)
        assert answer.exit_number == Exit.DONE, answer.err
        return answer.out.strip()


@pytest.fixture
def machine_in(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Callable[..., Machine]:
    """Make a machine whose data lies in a folder."""
    return partial(Machine, patch=monkeypatch, capsys=capsys)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.cedar"
    path.write_text("permit (principal, action, resource);")
    return path


@pytest.mark.requirement("AUD-01")
def test_an_outsider_verifies_a_copy_and_finds_any_change(
    tmp_path: Path, policy: Path, machine_in
) -> None:
    machine = machine_in(tmp_path / "operator")
    key = machine.said("audit", "key")
    machine.said("policy", "stage", str(policy))
    records = tmp_path / "records.jsonl"
    records.write_text(machine.said("audit", "read", "--category", "administration") + "\n")
    machine.said("audit", "publish")
    published = tmp_path / "operator" / "service" / "audit"
    copied = shutil.copytree(published, tmp_path / "copied")
    outsider = machine_in(tmp_path / "outsider")
    verify = ("audit", "verify", str(copied), "--key", key)
    assert "records proved" in outsider.said(*verify, "--records", str(records))
    assert not (tmp_path / "outsider" / "service").exists(), "verifying needs nothing of ours"
    kept = shutil.copy(copied / "checkpoint", tmp_path / "kept")
    machine.said("policy", "activate", "2")
    machine.said("audit", "publish")
    grown = ("audit", "verify", str(published), "--key", key)
    assert "Verified" in outsider.said(*grown, "--earlier", str(kept))

    records.write_text(records.read_text().replace("policy.staged", "policy.signed"))
    answer = outsider.run(*verify, "--records", str(records))
    assert (answer.exit_number, "tree_log.proof" in answer.err) == (Exit.FAILED, True)
    tile = next((copied / "tile" / "entries").rglob("000.p/*"))
    tile.write_bytes(bytes(reversed(tile.read_bytes())))
    assert outsider.run(*verify).exit_number == Exit.FAILED


@pytest.mark.requirement("AUD-01")
def test_a_witness_cosigns_and_its_word_is_checked(
    tmp_path: Path, policy: Path, machine_in
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    machine = machine_in(tmp_path / "operator", ENIGM_AUDIT_WITNESSES=f'["{address}"]')
    key = machine.said("audit", "key")
    command = [sys.executable, "-m", "enigm.assembly.main", "witness", "--log", key]
    places = ["--folder", str(tmp_path / "witness"), "--port", str(port)]
    with subprocess.Popen([*command, *places], stdout=subprocess.PIPE, text=True) as witness:
        try:
            assert witness.stdout
            witness.stdout.readline()
            keys = [witness.stdout.readline().strip() for _ in range(2)]
            wait_until(lambda: is_listening(port))
            machine.said("policy", "stage", str(policy))
            machine.said("audit", "publish")
        finally:
            witness.terminate()
    published = tmp_path / "operator" / "service" / "audit"
    verify = ("audit", "verify", str(published), "--key", key)
    named = [word for each in keys for word in ("--witness", each)]
    machine.said(*verify, *named)
    machine.said("policy", "activate", "1")
    machine.said("audit", "publish")
    machine.said(*verify)
    answer = machine.run(*verify, *named)
    assert answer.exit_number == Exit.FAILED, "the witness was away and signed nothing"
    assert "tree_log.signature" in answer.err


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.requirement("TRU-02")
def test_a_handle_is_resolved_by_three_people_or_not_at_all(tmp_path: Path, machine_in) -> None:
    machine = machine_in(tmp_path)
    asked = machine.said("handle", "ask", "00" * 20, "--purpose", "audit", "--as", "Ann")
    request = asked.split()[1].rstrip(".")
    assert machine.run("handle", "approve", request, "--as", "ann").exit_number != Exit.DONE
    machine.said("handle", "approve", request, "--as", "Ben")
    answer = machine.run("handle", "resolve", request, "--as", "Ann")
    assert "handles.approval_missing" in answer.err
    acts = machine.said("audit", "read", "--category", "administration")
    assert acts.count("handle.") == 3
    assert "Ann" not in acts
