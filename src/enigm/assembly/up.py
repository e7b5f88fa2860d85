"""`enigm up`: service, Command and one person's App, started together and stopped together."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.assembly.exits import Exit, complain, program, say
from enigm.assembly.places import Places, settings_of_this_machine
from enigm.assembly.supervisor import LOOPBACK, Child, answers, port_is_free
from enigm.foundation.clock import SystemClock
from enigm.foundation.errors import SetupError

if TYPE_CHECKING:
    from types import FrameType

    from enigm.foundation.clock import Clock

_WATCH_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person asked for."""

    profile: str
    service_port: int
    command_port: int
    app_port: int
    open_browser: bool


def up(wishes: Wishes, clock: Clock | None = None) -> int:
    """Run all until Ctrl-C; nothing is restarted behind the person's back.

    Raises:
        SetupError: a port is taken, or one of them could not start.
    """
    clock = clock or SystemClock()
    stopped = _stop_signal()
    places = Places.of(os.environ)
    _require_free(wishes.service_port)
    _require_free(wishes.command_port)
    children: list[Child] = []
    try:
        service = _start_service(wishes, places)
        children.append(service)
        # Its own word, too: on a port that was free a moment ago another might answer.
        service.wait_until(
            lambda: service.said("service.ready") and answers(wishes.service_port), clock
        )
        say(
            f"The service runs on http://{LOOPBACK}:{wishes.service_port}, data in {places.service}"
        )
        command = _start_command(wishes, places)
        children.append(command)
        children.append(_start_app(wishes, places))
        command.wait_until(
            lambda: command.said("service.ready") and answers(wishes.command_port), clock
        )
        say(f"Command, to buy and to look after an account:  {_url(wishes.command_port)}")
        if not _takes_money():
            say(f"Only printed codes buy there yet; to change that:  {program()} shop methods")
        say(_hint(wishes))
        return _watch(children, stopped)
    finally:
        # The App first: it may still have something to hand to the service.
        for child in reversed(children):
            child.stop()
        if children:
            say("Stopped. Everything is kept for the next start.")


def _start_service(wishes: Wishes, places: Places) -> Child:
    arguments = ["serve", "--host", LOOPBACK, "--port", str(wishes.service_port)]
    environment = places.environment(os.environ)
    return Child("The service", arguments, environment, log=places.service / "service.log")


def _start_command(wishes: Wishes, places: Places) -> Child:
    arguments = ["serve", "--role=command", "--host", LOOPBACK, "--port", str(wishes.command_port)]
    environment = places.environment(os.environ)
    return Child("Command", arguments, environment, log=places.service / "command.log")


def _start_app(wishes: Wishes, places: Places) -> Child:
    arguments = [
        "app",
        f"--profile={wishes.profile}",
        f"--port={wishes.app_port}",
        f"--service=http://{LOOPBACK}:{wishes.service_port}",
    ]
    if not wishes.open_browser:
        arguments.append("--no-browser")
    return Child("The App", arguments, places.environment(os.environ))


def _require_free(port: int) -> None:
    if not port_is_free(port):
        raise SetupError(
            f"Port {port} is in use. If Enigm already runs, `{program()} app` opens it again. If "
            f"another program has the port, choose two others: `{program()} up --port 8470` "
            "takes 8470 and 8471."
        )


def _hint(wishes: Wishes) -> str:
    address = _url(wishes.service_port)
    service = "" if wishes.service_port == SERVICE_PORT else f" --service {address}"
    return (
        f"A second person on this machine, in another terminal:  "
        f"{program()} app --profile second{service}\n"
        "Ctrl-C stops all."
    )


def _takes_money() -> bool:
    payments = settings_of_this_machine().payments
    return any((payments.monero, payments.bitcoin, payments.card))


def _url(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"


def _watch(children: list[Child], stopped: threading.Event) -> int:
    while not stopped.wait(_WATCH_SECONDS):
        for child in children:
            if child.exit_code is not None:
                complain(f"{child.name} ended by itself (exit {child.exit_code}).")
                return Exit.FAILED
    return Exit.DONE


def _stop_signal() -> threading.Event:
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    return stopped


# The service's default (foundation.settings), named here for the hint alone.
SERVICE_PORT = 8460
