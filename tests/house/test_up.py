"""`enigm up`: the service and the App start together, stop together, and find all as it was."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from enigm.app.app import App
from enigm.app.options import Options
from enigm.assembly.exits import Exit
from enigm.assembly.supervisor import LOOPBACK, answers, free_port
from enigm.assembly.up import SERVICE_PORT
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/#token=\S+")
PASSWORD = "a long password for up"


class Up:
    """A running `enigm up`, its output as it comes, and its page."""

    def __init__(self, folder: Path, port: int, *words: str) -> None:
        plain = {n: v for n, v in os.environ.items() if not n.startswith(("ENIGM_", "DISPLAY"))}
        self.port = port
        self.printed = ""
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "enigm.assembly.main",
                "up",
                f"--port={port}",
                f"--command-port={free_port()}",
                *words,
            ],
            env=plain | {"ENIGM_DATA": str(folder), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.printed += line

    def address(self) -> str:
        found = wait_until(lambda: ADDRESS.search(self.printed) or self.ended)
        assert isinstance(found, re.Match), self.printed
        return found.group(0)

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def page(self) -> httpx.Client:
        address = urlsplit(self.address())
        origin = f"http://{address.netloc}"
        headers = {"origin": origin, "content-type": "application/json"}
        page = httpx.Client(base_url=origin, headers=headers, timeout=60)
        token = address.fragment.removeprefix("token=")
        session = page.post("/api/session", json={"token": token}).json()["session"]
        page.headers["x-enigm-session"] = session
        return page

    def stop_by_itself(self) -> int:
        wait_until(lambda: self.ended)
        return self.stop()

    def stop(self, number: int = signal.SIGINT) -> int:
        if not self.ended:
            self._process.send_signal(number)
        code = self._process.wait(30)
        self._reader.join()
        if self._process.stdout:
            self._process.stdout.close()
        return code


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[Up]]:
    running: list[Up] = []
    yield running
    for up in running:
        up.stop()


def start(started: list[Up], folder: Path, port: int) -> Up:
    started.append(Up(folder, port, "--no-browser"))
    return started[-1]


@pytest.mark.requirement("APP-01")
def test_up_opens_the_app_and_a_second_start_finds_everything_as_it_was(
    started: list[Up], tmp_path: Path
) -> None:
    port = free_port()
    first = start(started, tmp_path, port)
    with contextlib.closing(first.page()) as page:
        account = {"username": "up.tester", "password": PASSWORD}
        asked = page.post("/api/register", json=account).json()
        words = {str(place): asked["phrase"][place - 1] for place in asked["ask"]}
        state = page.post("/api/register/confirm", json={"words": words}).json()
        assert state["stage"] == "ready"
    wait_until(lambda: "enigm app --profile second" in first.printed)
    assert "Only printed codes buy there yet" in first.printed, "nothing is set up to be paid with"
    assert "enigm shop methods" in first.printed
    assert first.stop() == Exit.DONE
    assert "Everything is kept" in first.printed
    assert not answers(port)

    second = start(started, tmp_path, port)
    with contextlib.closing(second.page()) as page:
        assert page.get("/api/state").json()["stage"] == "locked"
        page.post("/api/unlock", json={"password": PASSWORD})
        again = wait_until(lambda: _online(page))
        assert (again["username"], again["fingerprint"]) == ("up.tester", state["fingerprint"])
    assert second.stop(signal.SIGTERM) == Exit.DONE


def _online(page: httpx.Client) -> dict[str, str] | None:
    state = page.get("/api/state").json()
    return state if state["connection"] == "online" else None


async def test_a_second_person_needs_no_address_of_the_service_on_this_machine(
    tmp_path: Path,
) -> None:
    app = App(Options("second", folder=tmp_path))
    await app.start()
    assert app.state().service == f"http://{LOOPBACK}:{SERVICE_PORT}"
    await app.close()


def test_a_port_in_use_is_one_plain_sentence(started: list[Up], tmp_path: Path) -> None:
    first = start(started, tmp_path / "one", free_port())
    first.address()
    second = start(started, tmp_path / "two", first.port)
    assert second.stop_by_itself() == Exit.SETUP
    assert f"Port {first.port} is in use." in second.printed
    assert "Traceback" not in second.printed


def test_a_part_that_ends_by_itself_ends_the_other_and_is_told(
    started: list[Up], tmp_path: Path
) -> None:
    up = start(started, tmp_path, free_port())
    up.address()
    os.kill(child_that_serves(up), signal.SIGKILL)
    assert up.stop_by_itself() == Exit.FAILED
    assert "The service ended by itself" in up.printed
    assert not answers(up.port)


def child_that_serves(up: Up) -> int:
    wanted = f"serve\0--host\0{LOOPBACK}\0--port\0{up.port}\0"
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if path.read_text().endswith(wanted):
                return int(path.parent.name)
    pytest.skip("the processes of this machine cannot be listed")
