"""The command line: what it prints, and the numbers it ends with."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
import tomllib
from functools import partial

import pytest

import enigm
from enigm.assembly.exits import Exit, plainly
from enigm.assembly.main import app, main
from enigm.foundation.errors import NotFoundError, SetupError
from tests.architecture.tree import REPOSITORY


def enigm_command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "enigm.assembly.main", *words],
        capture_output=True,
        text=True,
        check=False,
    )


COMMANDS = [name for name in app if not name.startswith("-")]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_says_what_it_does(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # In this process: each of its own would load everything anew.
    monkeypatch.setattr(sys, "argv", ["enigm", command, "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().out
    assert ended.value.code == Exit.DONE
    assert said.startswith("Usage: ")
    assert command in said.splitlines()[0]


def test_a_command_that_is_not_there_is_a_usage_error() -> None:
    answer = enigm_command("fly")
    assert answer.returncode == Exit.USAGE
    assert "fly" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_value_of_the_wrong_kind_is_a_usage_error() -> None:
    answer = enigm_command("up", "--port", "many")
    assert answer.returncode == Exit.USAGE
    assert "--port" in answer.stderr


def test_what_a_person_can_mend_is_one_sentence_and_a_stable_number(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def unmended() -> int:
        raise SetupError("Mend this.")

    def refused() -> int:
        raise NotFoundError("a.b", "It is not there.", trace="never shown")

    def interrupted() -> int:
        raise KeyboardInterrupt

    assert plainly(unmended) == Exit.SETUP
    assert plainly(refused) == 13
    assert plainly(interrupted) == Exit.DONE
    assert capsys.readouterr().err == "enigm: Mend this.\nenigm: It is not there. (a.b)\n"


def test_what_the_machine_refuses_is_a_sentence_and_a_fault_of_ours_is_not_hidden(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(number: int) -> int:
        raise OSError(number, "Refused", "/some/folder")

    for number in (errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EADDRINUSE):
        assert plainly(partial(refuse, number)) == Exit.SETUP
        told = capsys.readouterr().err
        assert "/some/folder" in told
        assert told.count("\n") == 1
    with pytest.raises(OSError, match="Refused"):
        plainly(partial(refuse, errno.EBADF))


def test_the_numbers_never_change() -> None:
    assert {exit_.name: exit_.value for exit_ in Exit} == {
        "DONE": 0,
        "FAILED": 1,
        "USAGE": 2,
        "SETUP": 3,
        "REFUSED": 10,
    }


@pytest.mark.requirement("PRV-01", "PRV-07")
def test_the_inventory_is_printed_for_people_programs_and_auditors() -> None:
    rows = json.loads(enigm_command("inventory", "--json").stdout)
    assert {row["domain"] for row in rows} >= {"accounts", "devices", "messaging"}
    assert all(row["purpose"] and row["retention"] for row in rows)
    for words in ([], ["--record"]):
        printed = enigm_command("inventory", *words)
        assert printed.returncode == Exit.DONE
        assert "messaging" in printed.stdout


def test_a_reader_that_goes_away_is_no_error() -> None:
    line = f"{sys.executable} -m enigm.assembly.main inventory --json | head -1"
    answer = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, check=False
    )
    assert answer.stderr == ""


def test_the_version_is_the_packages() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert project["version"] == enigm.__version__
    assert enigm.__version__ in enigm_command("version").stdout
