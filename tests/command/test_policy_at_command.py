"""What is critical in Command goes through the one way in: asked of policy, denied, explained."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from enigm.assembly.trust import build_trust
from enigm.domains.accounts.model import CriticalAction
from enigm.domains.administration.model import Deed, Role
from enigm.domains.audit.model import Category
from enigm.domains.audit.model import Role as Reader
from enigm.domains.policy.actions.governing import LOOK_SECONDS, REMEMBER_SECONDS
from enigm.domains.policy.model import Face, Operation
from enigm.faces.command.administration import operation_of_deed
from enigm.faces.command.application import command_application
from enigm.faces.command.gate import access_of
from enigm.faces.command.pages.orders import OrderNotHereError
from enigm.faces.command.sessions import GUEST_PREFIX
from enigm.faces.http.door import operation_of
from enigm.foundation.access import PIN_OPTION, Access, protected
from tests.command.test_admin_matrix import MATRIX, asked, code_of
from tests.support.administrators import at_desk

if TYPE_CHECKING:
    from litestar import Litestar

    from enigm.domains.policy.actions.governing import Policies
    from tests.support.command import RunningCommand, Visit
    from tests.support.journey import Journey
    from tests.support.service import Running

# Changes of reading, and the end of one's own session, ask nobody.
UNASKED = {each for each in Deed if each.value.endswith(".read")} | {Deed.SESSION_END}
DEMANDS = {
    fact: f'unless {{ context.{fact} == "good" }}'
    for fact in ("device", "posture", "updates", "attestation", "intelligence", "pin")
} | {
    "signal": 'unless { context.disk_encryption == "true" }',
    "age": "when { context.session_age_seconds >= 0 }",
}
ELSEWHERE = "try it in the App"


def protected_in(application: Litestar) -> list[tuple[str, Any]]:
    """Return every protected route with its handler."""
    return [
        (route.path, handler)
        for route in application.routes
        for handler in route.route_handlers
        if getattr(handler, "http_methods", None) != {"OPTIONS"}
        and access_of(handler) is Access.PROTECTED
    ]


def policies_of(command: RunningCommand) -> Policies:
    around, databases = command.service.around, dict(command.service.databases)
    return build_trust(around, databases).policies


def enforce(command: RunningCommand, demand: str) -> None:
    """Put a default in force that forbids everything but what shows this."""
    policies = policies_of(command)
    text = (
        '@id("all") permit (principal, action, resource);\n'
        f'@id("demand") @say("Show it first.") forbid (principal, action, resource) {demand};'
    )
    policies.activate("default", policies.stage("default", text).version)
    command.clock.advance(LOOK_SECONDS + 1)


def denials(command: RunningCommand) -> list[bytes]:
    log = build_trust(command.service.around, dict(command.service.databases)).audit
    found = log.read(Reader.AUDITOR, Category.DEVICE, 0, b"nobody in particular")
    return [each.payload for each in found if b'"operation.denied"' in each.payload]


@pytest.mark.requirement("POL-01", "CMD-03")
def test_each_operation_has_a_route_on_each_face_that_does_it(
    command: RunningCommand, running: Running
) -> None:
    assert running.service.account_path is not None
    here = protected_in(command.service.console.application)
    there = protected_in(running.service.account_path.application)
    done = {
        Face.COMMAND: {operation_of(handler) for _, handler in here},
        Face.APP: {operation_of(handler) for _, handler in there},
        Face.ADMINISTRATION: {operation_of_deed(deed) for deed in Deed} - {None},
    }
    assert done == {face: {each for each in Operation if face in each.faces} for face in Face}
    assert {deed for deed in Deed if operation_of_deed(deed) is None} == UNASKED
    pins = {handler.opt[PIN_OPTION] for _, handler in (*here, *there)} - {None}
    assert pins == {action.value for action in CriticalAction}


@pytest.mark.requirement("POL-01", "CMD-03", "CMD-09")
async def test_a_policy_that_demands_what_no_browser_shows_denies_every_deed_with_its_sentence(
    command: RunningCommand, visit: Visit, journey: Journey
) -> None:
    await visit.sign_in(await journey.register())
    routes = protected_in(command.service.console.application)
    assert len(routes) >= 20
    for name, demand in DEMANDS.items():
        enforce(command, demand)
        for path, handler in routes:
            answer = await visit.ask(re.sub(r"\{\w+:\w+\}", "A" * 22, path), {"grant": "A" * 43})
            said = answer.json()
            assert (answer.status_code, said["code"]) == (403, "policy.denied"), (name, path)
            assert said["detail"].startswith("Show it first."), (name, path)
            is_in_app = Face.APP in operation_of(handler).faces
            only_devices = name not in {"pin", "age", "intelligence"}
            assert (ELSEWHERE in said["detail"]) is (is_in_app and only_devices), (name, path)
    page = await visit.post("/account/delete", {"is_meant": "yes"})
    assert page.status_code == 403
    assert "Show it first." in page.text
    assert (await visit.get("/account")).status_code == 200
    assert len(denials(command)) == len(routes) * len(DEMANDS) + 1


@pytest.mark.requirement("POL-01", "CMD-03")
async def test_the_default_policy_asks_for_no_more_than_before(
    command: RunningCommand, visit: Visit, journey: Journey
) -> None:
    """The control: the same requests are refused for what they lack, and by no policy."""
    await visit.sign_in(await journey.register())
    for path, _ in protected_in(command.service.console.application):
        answer = await visit.ask(re.sub(r"\{\w+:\w+\}", "A" * 22, path), {"grant": "A" * 43})
        assert answer.status_code in {303, 400, 403, 404, 409, 422}, path
        is_page = answer.headers["content-type"].startswith("text/html")
        assert is_page or not answer.json()["code"].startswith("policy."), path
    assert denials(command) == []


@pytest.mark.requirement("POL-01", "CMD-03")
async def test_a_policy_that_demands_the_pin_lets_a_deed_pass_that_shows_its_grant(
    command: RunningCommand, visit: Visit, journey: Journey
) -> None:
    person = journey.new_person()
    await visit.sign_up(person)
    await visit.set_pin(person)
    policies = policies_of(command)
    text = (
        "permit (principal, action, resource);\n"
        '@say("Show the PIN.") forbid (principal, action == Action::"accounts.delete", resource) '
        'unless { context.pin == "good" && context.session_age_seconds < 3600 };'
    )
    policies.activate("default", policies.stage("default", text).version)
    command.clock.advance(LOOK_SECONDS + 1)
    other = command.visit()
    await other.sign_in(person)
    meant = {"is_meant": "yes"}
    elsewhere = await other.grant(person, "accounts.delete")
    for grant in ("", "A" * 43, "!", elsewhere):
        answer = await visit.post("/account/delete", meant | {"grant": grant})
        assert (answer.status_code, "Show the PIN." in answer.text) == (403, True), grant
    # Leave for another deed satisfies this policy, and is refused where it would be spent.
    wrong = await visit.grant(person, "accounts.pin.remove")
    answer = await visit.post("/account/delete", meant | {"grant": wrong})
    assert "The PIN was not entered for this" in answer.text
    grant = await visit.grant(person, "accounts.delete")
    assert (await visit.post("/account/delete", meant | {"grant": grant})).status_code == 303


@pytest.mark.requirement("POL-03", "CMD-09")
async def test_a_denial_is_explained_in_full_and_audited_by_a_handle_that_names_nobody(
    command: RunningCommand, visit: Visit, journey: Journey
) -> None:
    person = await journey.register()
    await visit.sign_in(person)
    enforce(command, DEMANDS["device"])
    for _ in range(2):  # what is remembered is written in batches
        assert (await visit.post("/account/delete", {"is_meant": "yes"})).status_code == 403
        command.clock.advance(REMEMBER_SECONDS)
    policies = policies_of(command)
    (number, past), *_ = policies.newest_decisions(2)
    assert (past.operation, past.is_allowed) == ("accounts.delete", False)
    _, found = policies.explain(number)
    assert (found.decision.rules, found.would_allow) == (("demand",), ("device were good",))
    assert len(denials(command)) == 2
    for denial in denials(command):
        assert b"policy.denied" in denial
        assert person.lookup_id.hex().encode() not in denial


@pytest.mark.requirement("POL-01", "CMD-09")
async def test_administrators_deeds_are_asked_of_policy_after_role_and_form(
    command: RunningCommand,
) -> None:
    desks = {role: await at_desk(command, role) for role in Role}
    policies = policies_of(command)
    text = (
        "permit (principal, action, resource);\n"
        '@say("Sign in again first.") '
        'forbid (principal, action in Action::"administrative", resource) '
        "when { context.session_age_seconds > 900 };"
    )
    policies.activate("default", policies.stage("default", text).version)
    command.clock.advance(LOOK_SECONDS + 1)

    async def answered() -> dict[tuple[str, str], str]:
        return {
            (row.path, row.method): code_of(await asked(desks[role].visit, row))
            for row in MATRIX
            if row.deed != "session.end"
            for role in sorted(row.roles)[:1]
        }

    fresh = {(row.path, row.method): row.code for row in MATRIX if row.deed != "session.end"}
    assert await answered() == fresh
    command.clock.advance(901)
    assert await answered() == {
        (row.path, row.method): row.code if Deed(row.deed) in UNASKED else "policy.denied"
        for row in MATRIX
        if row.deed != "session.end"
    }


@pytest.mark.requirement("POL-01", "PAY-01")
async def test_a_guest_has_no_account_that_a_policy_could_be_asked_about(
    command: RunningCommand, visit: Visit
) -> None:
    await visit.get("/sign-in")
    enforce(command, DEMANDS["device"])
    for path in ("refund/claim", "codes/refund"):
        answer = await visit.ask(f"/orders/{GUEST_PREFIX}{'A' * 22}/{path}", {"request": "A" * 22})
        # Past the gate: the page itself asks whose order it is.
        assert answer.json()["code"] == OrderNotHereError().code, path
    assert (await visit.ask("/esims/link", {})).json()["code"] == "accounts.session_needed"
    assert denials(command) == []


@pytest.mark.requirement("POL-01")
def test_a_protected_page_that_nothing_asks_policy_about_does_not_start(
    command: RunningCommand,
) -> None:
    from litestar import get, post

    @post("/a", opt=protected("accounts.destroy"), sync_to_thread=False)
    def unknown() -> None: ...

    @post("/b", opt=protected("accounts.tokens.issue"), sync_to_thread=False)
    def elsewhere() -> None: ...

    @get("/c", opt=protected("accounts.delete"), sync_to_thread=False)
    def read() -> None: ...

    for planted in (unknown, elsewhere, read):
        with pytest.raises(RuntimeError, match=r"protected"):
            command_application(command.service.frame, command.service.parts, [planted])
