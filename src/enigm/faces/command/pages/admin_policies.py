"""Policies: staged, tried on the past, put in force, assigned; and past decisions explained."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from msgspec import Struct

from enigm.domains.administration.model import Deed
from enigm.domains.policy.model import Standing
from enigm.faces.command.administration import GivenDesk, show
from enigm.faces.command.pages.admin_forms import environment_of, handle_of, require_confirmed
from enigm.faces.command.parts import Asked, Shown
from enigm.foundation.access import administrative
from enigm.foundation.errors import InvalidError, Refusal

SHOWN_DECISIONS: Final = 50
# Every assignment in one page would be a list of everybody.
SHOWN_ASSIGNMENTS: Final = 50


class Draft(Struct):
    """A policy's name and text."""

    name: str
    text: str


class Assignment(Struct):
    """Which policy, for whom."""

    name: str
    handle: str = ""
    environment: str = ""


class Activation(Struct):
    """That it was read and is meant."""

    confirmed: str = ""


@get("/policies", opt=administrative(Deed.POLICY_READ), sync_to_thread=True)
def list_policies(request: Asked, desk: GivenDesk, pages: Shown) -> Response[str]:
    """Show what is in force, every version, and who has a policy of their own."""
    try:
        standing, trouble = desk.policies.standing, ""
    except Refusal as refusal:
        standing, trouble = desk.policies.unchecked_standing(), refusal.detail
    versions = [
        (name, version, standing.in_force.get(name) == version)
        for name, version in desk.policies.versions()
    ]
    return show(
        request,
        pages,
        "admin_policies.html",
        standing=standing,
        trouble=trouble,
        versions=versions,
        assigned=_assigned(standing),
        assignable=[name for name in standing.in_force if name != "default"],
    )


@post(
    "/policies/stage",
    opt=administrative(Deed.POLICY_STAGE),
    status_code=303,
    sync_to_thread=True,
)
def stage_policy(
    desk: GivenDesk, data: Annotated[Draft, Body(media_type=RequestEncodingType.URL_ENCODED)]
) -> Response[None]:
    """Sign and keep a new version, which decides nothing yet."""
    staged = desk.policies.stage(data.name, data.text.replace("\r\n", "\n"))
    return _to(f"/admin/policies/{staged.name}/{staged.version}")


@get(
    "/policies/{name:str}/{version:int}", opt=administrative(Deed.POLICY_READ), sync_to_thread=True
)
def show_policy(
    request: Asked,
    desk: GivenDesk,
    pages: Shown,
    name: str,
    version: int,
    environment: str = "",
) -> Response[str]:
    """Show a version's text, and what it would have changed about the last month."""
    found = desk.policies.text(name, version)
    where = environment_of(environment) if environment else None
    run = desk.policies.dry_run(name, version, where)
    is_in_force = desk.policies.unchecked_standing().in_force.get(name) == version
    return show(
        request, pages, "admin_policy.html", policy=found, run=run, is_in_force=is_in_force,
        environment=environment,
    )  # fmt: skip


@post(
    "/policies/{name:str}/{version:int}/activate",
    opt=administrative(Deed.POLICY_ACTIVATE),
    status_code=303,
    sync_to_thread=True,
)
def activate_policy(
    desk: GivenDesk,
    name: str,
    version: int,
    data: Annotated[Activation, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[None]:
    """Let a version decide."""
    require_confirmed(data.confirmed)
    desk.policies.activate(name, version)
    return _to("/admin/policies")


@post(
    "/policies/assign",
    opt=administrative(Deed.POLICY_ASSIGN),
    status_code=303,
    sync_to_thread=True,
)
def assign_policy(
    desk: GivenDesk, data: Annotated[Assignment, Body(media_type=RequestEncodingType.URL_ENCODED)]
) -> Response[None]:
    """Let a policy decide, besides the default, for one account, device or environment."""
    if bool(data.handle) == bool(data.environment):
        raise InvalidError("command.whom", "Say either a handle or an environment.")
    if data.environment:
        named = desk.handles.environment_handles(environment_of(data.environment))
        desk.policies.assign(named[0], data.name)
    else:
        desk.policies.assign(handle_of(data.handle), data.name)
    return _to("/admin/policies")


@get("/decisions", opt=administrative(Deed.DECISIONS_READ), sync_to_thread=True)
def list_decisions(request: Asked, desk: GivenDesk, pages: Shown) -> Response[str]:
    """List past decisions, without anybody's name."""
    found = desk.policies.newest_decisions(SHOWN_DECISIONS)
    return show(request, pages, "admin_decisions.html", decisions=found)


@get("/decisions/{number:int}", opt=administrative(Deed.DECISIONS_READ), sync_to_thread=True)
def explain_decision(request: Asked, desk: GivenDesk, pages: Shown, number: int) -> Response[str]:
    """Explain one: facts, policies, rules, and what would have been enough."""
    past, explained = desk.policies.explain(number)
    facts = sorted(explained.facts.items())
    return show(
        request, pages, "admin_decision.html", number=number, past=past, facts=facts,
        explained=explained,
    )  # fmt: skip


def _assigned(standing: Standing) -> list[tuple[str, str]]:
    return [(handle.hex(), name) for handle, name in standing.assigned.items()][:SHOWN_ASSIGNMENTS]


def _to(address: str) -> Response[None]:
    return Response(None, status_code=303, headers={"Location": address})


HANDLERS = (
    list_policies,
    stage_policy,
    show_policy,
    activate_policy,
    assign_policy,
    list_decisions,
    explain_decision,
)
