"""Processes of Enigm start, answer, and never outlive whoever started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from enigm.assembly.exits import Exit
from enigm.assembly.supervisor import LOOPBACK, Child, answers, free_port, port_is_free
from enigm.foundation.clock import SystemClock
from enigm.foundation.errors import SetupError
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLOCK = SystemClock()

PARENT = """
import os, sys
from pathlib import Path
from enigm.assembly.supervisor import Child

child = Child("The service", ["serve", "--port={port}"], os.environ, Path("{log}"))
sys.stdin.read()
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("ENIGM_")}
    return plain | {"ENIGM_DATA": str(tmp_path)}


@pytest.fixture
def service(environment: dict[str, str], tmp_path: Path) -> Iterator[tuple[Child, int]]:
    port = free_port()
    child = Child("The service", ["serve", f"--port={port}"], environment, tmp_path / "log")
    try:
        child.wait_until(lambda: answers(port), CLOCK)
        yield child, port
    finally:
        child.stop()


def test_a_service_answers_and_stops_cleanly(service: tuple[Child, int]) -> None:
    child, port = service
    answer = httpx.get(f"http://{LOOPBACK}:{port}/accounts/v1/registration")
    assert answer.json()["guard"] == "proof-of-work"
    child.stop()
    assert child.exit_code == Exit.DONE
    # At once, although the last connection still lingers: a restart finds its own port.
    assert port_is_free(port)


def test_the_service_tells_in_its_log_that_it_stopped(
    service: tuple[Child, int], tmp_path: Path
) -> None:
    service[0].stop()
    assert "service.stopped" in (tmp_path / "log").read_text()


def test_a_taken_port_is_one_plain_sentence(
    service: tuple[Child, int], environment: dict[str, str]
) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "enigm.assembly.main", "serve", f"--port={service[1]}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == Exit.SETUP
    assert f"port {service[1]}: Address already in use" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_role_that_is_not_there_is_one_plain_sentence(environment: dict[str, str]) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "enigm.assembly.main", "serve", "--role=spy"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == Exit.SETUP
    assert answer.stderr == (
        "enigm: There is no role spy: there are api, delivery, and command and esim, each in a "
        "process of its own.\n"
    )


def test_a_child_that_ends_while_starting_is_told_with_its_last_words(
    environment: dict[str, str], tmp_path: Path
) -> None:
    child = Child("The service", ["serve", "--role=spy"], environment, tmp_path / "log")
    with pytest.raises(SetupError, match=r"ended while starting(.|\n)*no role spy"):
        child.wait_until(lambda: False, CLOCK)
    child.stop()


def test_a_child_ends_when_its_parent_is_killed(
    environment: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            PARENT.format(port=port, log=tmp_path / "log"),
        ],
        env=environment,
        stdin=subprocess.PIPE,
    )
    try:
        wait_until(lambda: answers(port))
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        if parent.stdin:
            parent.stdin.close()
    wait_until(lambda: not answers(port))


def test_what_the_service_writes_is_its_owners_alone(
    service: tuple[Child, int], tmp_path: Path
) -> None:
    assert service[0].exit_code is None
    written = [path for path in (tmp_path / "service").rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if path.stat().st_mode & 0o077]
