"""What Command can never reach, and what no page of it ever does."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from litestar import get, post

from enigm.assembly.command_process import open_command
from enigm.faces.command.application import command_application
from enigm.faces.command.gate import access_of
from enigm.foundation.access import GUESTS_OPTION, Access, opened_to
from enigm.foundation.entropy import SystemEntropy
from tests.support.clock import FakeClock
from tests.support.command import RunningCommand, Visit
from tests.support.journey import Journey
from tests.support.service import settings_of_tests

if TYPE_CHECKING:
    from pathlib import Path

    from litestar import Litestar

# What would hand a person's content out, by whatever name: CMD-14 has no exception.
_HANDS_OUT = re.compile(
    r"export|download|dump|archive|backup|takeout|portab|transcript|message|conversation|content",
    re.IGNORECASE,
)
_OPEN_TO_ALL = {
    "/", "/static/{path:path}", "/sign-up", "/sign-up/guard", "/sign-up/opaque", "/sign-in",
    "/sign-in/start", "/sign-in/finish", "/deleted", "/what-we-keep", "/products",
    "/buy/{sku:str}", "/buy/{sku:str}/order", "/come-back", "/come-back/open", "/orders/back",
    "/orders/mine", "/orders/{name:str}", "/orders/{name:str}/live",
    "/orders/{name:str}/appeal", "/orders/{name:str}/refund",
    "/codes", "/codes/lists/{name:str}", "/codes/renew", "/orders/{name:str}/code",
    "/orders/{name:str}/code/add", "/orders/{name:str}/code/pay", "/orders/{name:str}/codes",
    "/orders/{name:str}/codes/collect", "/orders/{name:str}/invoice", "/invoice",
    "/invoice/file", "/invoice/form", "/invoice/make", "/machines/card",
}  # fmt: skip
# Protected for whoever is signed in; a guest does them by the code that opens a guest's order.
_OPEN_TO_GUESTS = {"/orders/{name:str}/refund/claim", "/orders/{name:str}/codes/refund"}


def routes_of(application: Litestar) -> dict[tuple[str, str], Access]:
    """Return every page and deed with how it may be reached."""
    return {
        (method, route.path): access_of(handler)
        for route in application.routes
        for handler in route.route_handlers
        for method in handler.http_methods
        if method != "OPTIONS"
    }


def handing_out(application: Litestar) -> list[str]:
    """Return every route whose path or handler names an export."""
    return [
        f"{route.path} ({handler.handler_name})"
        for route in application.routes
        for handler in route.route_handlers
        if _HANDS_OUT.search(f"{route.path} {handler.handler_name}")
    ]


@pytest.mark.requirement("CMD-10")
def test_command_loads_nothing_that_opens_or_delivers_content() -> None:
    program = (
        "import sys, enigm.assembly.command; "
        "print([m for m in sys.modules if m.startswith(('enigm.app', 'enigm.crypto.mls', "
        "'enigm.domains.messaging', 'enigm.agent'))])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert told.stdout.strip() == b"[]"


@pytest.mark.requirement("CMD-10")
def test_commands_process_opens_no_store_of_messages(tmp_path: Path) -> None:
    settings = settings_of_tests(tmp_path)
    service = open_command(settings, FakeClock(), SystemEntropy())
    try:
        assert "messaging" not in service.databases
        files = {path.name for path in settings.stores_folder.glob("*.db")}
        assert "messaging.db" not in files
        assert "accounts.db" in files
    finally:
        service.close()


@pytest.mark.requirement("CMD-10")
async def test_commands_address_serves_no_content(visit: Visit, journey: Journey) -> None:
    await visit.sign_in(await journey.register())
    channel = "A" * 22
    for path in (
        "/delivery/v1/requests", "/delivery/v1/session", f"/delivery/v1/channels/{channel}",
        "/accounts/v1/sessions", "/accounts/v1/tokens", "/devices/v1/chain",
        "/devices/v1/key-packages", "/directory/v1/lookup", "/openapi/openapi.json",
        "/api/conversations", "/messages", "/export", "/account/export", "/backup",
    ):  # fmt: skip
        assert (await visit.get(path)).status_code == 404, path
        assert (await visit.post(path)).status_code in {403, 404, 405}, path


@pytest.mark.requirement("CMD-10")
async def test_commands_socket_carries_no_websocket(command: RunningCommand) -> None:
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    async def send(message: object) -> None:
        sent.append(dict(message))  # type: ignore[call-overload]

    scope = {"type": "websocket", "path": "/delivery/v1/session", "headers": []}
    await command.service(scope, receive, send)  # type: ignore[arg-type]
    assert [message["type"] for message in sent] == ["websocket.close"]


@pytest.mark.requirement("CMD-14")
def test_no_route_hands_a_persons_content_out(command: RunningCommand) -> None:
    assert handing_out(command.service.console.application) == []


@pytest.mark.requirement("CMD-14")
def test_a_planted_export_would_be_found(command: RunningCommand) -> None:
    @get("/account/everything", opt=opened_to(Access.SESSION), sync_to_thread=False)
    def export_all() -> str:
        return ""

    @post("/messages/save", opt=opened_to(Access.SESSION), sync_to_thread=False)
    def save() -> str:
        return ""

    service = command.service
    application = command_application(service.frame, service.parts, [export_all, save]).application
    assert len(handing_out(application)) >= 2


@pytest.mark.requirement("CMD-14")
async def test_no_page_answers_with_anything_but_a_page(visit: Visit, journey: Journey) -> None:
    await visit.sign_in(await journey.register())
    for path in ("/", "/devices", "/sessions", "/account", "/orders", "/entitlements", "/pin"):
        answer = await visit.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].startswith("text/html"), path
        assert "content-disposition" not in answer.headers


@pytest.mark.requirement("CMD-09")
def test_what_is_open_to_everybody_is_a_list_to_be_seen_here(command: RunningCommand) -> None:
    routes = routes_of(command.service.console.application)
    found = {path for (_, path), access in routes.items() if access is Access.PUBLIC}
    # Administrators' own way in has a list of its own.
    assert {path for path in found if not path.startswith("/admin/")} == _OPEN_TO_ALL
    guests = {
        route.path
        for route in command.service.console.application.routes
        for handler in route.route_handlers
        if handler.opt.get(GUESTS_OPTION)
    }
    assert guests == _OPEN_TO_GUESTS


@pytest.mark.requirement("CMD-09")
async def test_every_other_page_asks_for_a_session(visit: Visit, command: RunningCommand) -> None:
    await visit.get("/sign-in")
    for (method, path), access in routes_of(command.service.console.application).items():
        if access not in {Access.SESSION, Access.PROTECTED} or path in _OPEN_TO_GUESTS:
            continue
        asked = re.sub(r"\{\w+:\w+\}", "A" * 22, path)
        if method == "GET":
            answer = await visit.get(asked)
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/sign-in"), path
        else:
            assert (await visit.post(asked)).status_code == 401, path
