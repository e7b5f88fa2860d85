"""Role x action x state: what every administrators' route answers to whom, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from enigm.domains.administration.model import AdministratorId, Deed, Role
from enigm.faces.command.gate import access_of
from enigm.faces.command.pages.admin import PATH
from enigm.foundation.access import OPERATION_OPTION, Access
from tests.support.administrators import appointments_of, at_desk
from tests.support.command import RunningCommand, Visit

if TYPE_CHECKING:
    from httpx import Response

    from tests.support.administrators import AtDesk

HANDLE = "ab" * 20
IDLE_SECONDS, LONGEST_SECONDS = 3600, 8 * 3600

ALL = set(Role)
POLICY, FLEET, SHOP, OWNER = {Role.POLICY}, {Role.FLEET}, {Role.SHOP}, {Role.OWNER}


@dataclass(frozen=True)
class Row:
    """A route, the deed it is, whose role does it, and what it says to a form without content."""

    method: str
    path: str
    deed: str
    roles: set[Role]
    code: str = ""

    @property
    def asked(self) -> str:
        """The path with something in the place of each name."""
        path = self.path.replace("{handle:str}", HANDLE).replace("{purpose:str}", "posture")
        path = path.replace("{name:str}/{version:int}", "default/1").replace(
            "{name:str}", "ab" * 16
        )
        path = path.replace("{kind:str}", "catalogue").replace("{version:int}", "1")
        return path.replace("{number:int}", "999")


# Written out on purpose: a route, or a role that reaches it, is a change to be seen here.
MATRIX = (
    Row("GET", "/admin", "overview.read", ALL),
    Row("POST", "/admin/sign-out", "session.end", ALL),
    Row("GET", "/admin/policies", "policy.read", POLICY),
    Row("POST", "/admin/policies/stage", "policy.stage", POLICY, "http.invalid"),
    Row("GET", "/admin/policies/{name:str}/{version:int}", "policy.read", POLICY),
    Row(
        "POST",
        "/admin/policies/{name:str}/{version:int}/activate",
        "policy.activate",
        POLICY,
        "command.unconfirmed",
    ),
    Row("POST", "/admin/policies/assign", "policy.assign", POLICY, "http.invalid"),
    Row("GET", "/admin/decisions", "decisions.read", POLICY),
    Row(
        "GET", "/admin/decisions/{number:int}", "decisions.read", POLICY, "policy.decision_unknown"
    ),
    Row("GET", "/admin/fleet", "fleet.read", FLEET),
    Row("GET", "/admin/fleet/{handle:str}", "fleet.read", FLEET, "posture.unknown"),
    Row(
        "POST",
        "/admin/fleet/{purpose:str}/{handle:str}/revoke",
        "fleet.revoke",
        FLEET,
        "command.unconfirmed",
    ),
    Row("GET", "/admin/audit", "audit.read", {Role.AUDITOR, Role.OWNER}),
    Row("GET", "/admin/orders", "orders.read", {Role.ORDERS, Role.REVIEWER}),
    Row(
        "POST",
        "/admin/orders/{handle:str}/decide",
        "orders.decide",
        {Role.REVIEWER},
        "http.invalid",
    ),
    Row("GET", "/admin/shop", "shop.read", SHOP),
    Row("POST", "/admin/shop/{kind:str}/stage", "shop.stage", SHOP, "http.invalid"),
    Row("GET", "/admin/shop/{kind:str}/{version:int}", "shop.read", SHOP),
    Row(
        "POST",
        "/admin/shop/{kind:str}/{version:int}/activate",
        "shop.activate",
        SHOP,
        "command.unconfirmed",
    ),
    Row("GET", "/admin/administrators", "administrators.read", OWNER),
    Row(
        "POST",
        "/admin/administrators/{name:str}/revoke",
        "administrators.revoke",
        OWNER,
        "command.unconfirmed",
    ),
)


def admin_routes(command: RunningCommand) -> list[tuple[str, str, Any]]:
    """Return method, path and handler of everything that needs an administrator."""
    return [
        (method, route.path, handler)
        for route in command.service.console.application.routes
        for handler in route.route_handlers
        for method in handler.http_methods
        if method != "OPTIONS" and access_of(handler) is Access.ADMINISTRATOR
    ]


async def asked(visit: Visit, row: Row, **more: str) -> Response:
    """Ask as a page's script would, so that the answer carries its code."""
    headers = {
        "Origin": visit.address,
        "Sec-Fetch-Site": "same-origin",
        "Accept": "application/json",
        "X-Enigm-Form": visit.form_token,
    } | more
    if row.method == "GET":
        return await visit.http.get(row.asked, headers=headers)
    return await visit.http.post(row.asked, data={"nothing": ""}, headers=headers)


def code_of(answer: Response) -> str:
    """Return the refusal's stable code; empty where it was done."""
    return "" if answer.status_code < 400 else str(answer.json()["code"])


@pytest.fixture
async def desks(command: RunningCommand) -> dict[Role, AtDesk]:
    """One administrator of each role, signed in."""
    return {role: await at_desk(command, role) for role in Role}


@pytest.mark.requirement("CMD-09")
def test_every_administrators_route_is_in_the_matrix(command: RunningCommand) -> None:
    found = {
        (method, path, str(handler.opt[OPERATION_OPTION]))
        for method, path, handler in admin_routes(command)
    }
    assert found == {(row.method, row.path, row.deed) for row in MATRIX}
    assert {row.deed for row in MATRIX} == {deed.value for deed in Deed}


@pytest.mark.requirement("CMD-09")
def test_everything_under_admin_needs_an_administrator_but_the_ways_in(
    command: RunningCommand,
) -> None:
    open_to_all = {
        route.path
        for route in command.service.console.application.routes
        for handler in route.route_handlers
        if route.path.startswith(PATH) and handler.http_methods != {"OPTIONS"}
        if access_of(handler) is not Access.ADMINISTRATOR
    }
    assert open_to_all == {
        "/admin/sign-in", "/admin/sign-in/start", "/admin/sign-in/finish",
        "/admin/enrol", "/admin/enrol/start", "/admin/enrol/finish",
    }  # fmt: skip


@pytest.mark.requirement("CMD-09", "PAY-11")
async def test_each_role_does_its_own_deeds_and_no_others(desks: dict[Role, AtDesk]) -> None:
    ending = [row for row in MATRIX if row.deed == "session.end"]
    rows = [row for row in MATRIX if row not in ending] + ending
    answered = {
        (row.path, row.method, role): code_of(await asked(desk.visit, row))
        for role, desk in desks.items()
        for row in rows
    }
    assert answered == {
        (row.path, row.method, role): row.code if role in row.roles else "administration.role"
        for role in desks
        for row in rows
    }


@pytest.mark.requirement("CMD-09", "CMD-11")
async def test_signed_out_nothing_opens(command: RunningCommand) -> None:
    visit = command.visit()
    codes = {code_of(await asked(visit, row)) for row in MATRIX}
    assert codes == {"administration.session_needed"}


@pytest.mark.requirement("CMD-09", "CMD-11")
@pytest.mark.parametrize("passed_seconds", [IDLE_SECONDS, LONGEST_SECONDS])
async def test_a_session_that_is_over_opens_nothing(
    command: RunningCommand, desks: dict[Role, AtDesk], passed_seconds: int
) -> None:
    for _ in range(passed_seconds // (IDLE_SECONDS // 2) - 1):
        command.clock.advance(IDLE_SECONDS // 2)
        assert (await desks[Role.AUDITOR].visit.get("/admin")).status_code == 200
    command.clock.advance(IDLE_SECONDS if passed_seconds == IDLE_SECONDS else IDLE_SECONDS // 2)
    codes = {code_of(await asked(desks[Role.AUDITOR].visit, row)) for row in MATRIX}
    assert codes == {"administration.session_ended"}


@pytest.mark.requirement("CMD-09")
async def test_a_revoked_administrator_opens_nothing(
    command: RunningCommand, desks: dict[Role, AtDesk]
) -> None:
    appointments = appointments_of(command)
    for each in appointments.administrators():
        if each.role is not Role.OWNER:
            appointments.revoke(AdministratorId(each.administrator_id))
    codes = {
        code_of(await asked(desks[role].visit, row))
        for role in desks
        if role is not Role.OWNER
        for row in MATRIX
        if role in row.roles
    }
    assert codes == {"administration.session_ended"}


@pytest.mark.requirement("CMD-09")
async def test_a_form_of_another_page_or_an_older_session_does_nothing(
    command: RunningCommand, desks: dict[Role, AtDesk]
) -> None:
    guest = command.visit()
    await guest.get("/sign-in")
    for token in (guest.form_token, "A" * 43, ""):
        codes = {
            code_of(await asked(desks[role].visit, row, **{"X-Enigm-Form": token}))
            for row in MATRIX
            if row.method == "POST"
            for role in row.roles
        }
        assert codes == {"command.form_refused"}
