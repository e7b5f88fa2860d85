"""Administrators' screens: a browser with a passkey, and something to look at in each role."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec

from enigm.assembly.evidence import build_evidence
from enigm.assembly.trust import build_trust
from enigm.domains.administration.model import Role
from enigm.domains.audit.model import NO_HANDLE
from enigm.domains.commerce.model.review import Verdict
from enigm.domains.commerce.model.trade import Reason
from enigm.domains.policy.model import Decision, Evidence, Fact, FactState, Operation
from enigm.domains.policy.rules import context_of
from enigm.domains.posture import rules as posture_rules
from enigm.domains.posture import store as posture_store
from enigm.domains.posture.model import PostureHandle
from enigm.wire.posture_report import Signal, State
from tests.support.administrators import invited, named
from tests.support.command_scene import CommandScreen, Deed, Scene

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from enigm.assembly.trust import TrustParts

    Send = Callable[..., Awaitable[Mapping[str, object]]]

DAY = 86_400
ONE_DEVICE = f"/admin/fleet/{'a7' * 20}"
STRICT = """\
@id("fresh-session")
@say("Deleting an account needs a session of the last ten minutes.")
forbid (principal, action == Action::"accounts.delete", resource)
when { context.session_age_seconds > 600 };
@id("trusted-device")
permit (principal, action, resource);
"""
_AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def trust_of(scene: Scene) -> TrustParts:
    """Return what trust rests on, over Command's own stores."""
    service = scene.command.service
    return build_trust(service.around, dict(service.databases))


async def hold_a_passkey(scene: Scene) -> None:
    """Give the browser an authenticator that unlocks itself (DevTools: WebAuthn)."""
    protocol = await scene.page.context.new_cdp_session(scene.page)
    send = cast("Send", protocol.send)  # pyright: ignore[reportUnknownMemberType]
    await send("WebAuthn.enable")
    await send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})


async def enrol(scene: Scene, role: Role, label: str = "") -> None:
    """Open the operator's link and make the passkey."""
    await hold_a_passkey(scene)
    link = f"{named(scene.command.address)}/admin/enrol#{invited(scene.command, role, label)}"
    await scene.page.goto(link)
    await scene.page.get_by_role("button", name="Make the passkey").click()
    await scene.page.get_by_role("link", name="Sign in").wait_for()


async def sign_in(scene: Scene) -> None:
    """Sign in with the passkey."""
    await scene.page.goto(f"{named(scene.command.address)}/admin/sign-in")
    await scene.page.get_by_role("button", name="Sign in with the passkey").click()
    await scene.page.get_by_role("navigation", name="Administration").wait_for()


async def go(scene: Scene, path: str) -> None:
    """Open an administrators' page, by the name that passkeys hold for."""
    await scene.page.goto(named(scene.command.address) + path)


def remember_decisions(scene: Scene) -> None:
    """Let there be a month of decisions: many with an old session."""
    policies, allowed = (
        trust_of(scene).policies,
        Decision(True, "Allowed.", ("trusted-device",), ()),
    )
    for age in (30, 400, 900, 7200):
        session = Evidence(FactState.GOOD, {"session_age_seconds": age})
        context = msgspec.json.encode(context_of({Fact.SESSION: session}))
        for operation in (Operation.ACCOUNT_DELETE, Operation.TOKENS_ISSUE):
            policies.remember(operation, context, allowed, ["default@1"])
    policies.write_remembered()


def report_postures(scene: Scene) -> list[bytes]:
    """Let two devices have reported; return their handles."""
    service, now = scene.command.service, scene.command.clock.now_seconds()
    records = build_evidence(service.around, dict(service.databases), trust_of(scene)).postures
    handles = [PostureHandle(bytes([each]) * 20) for each in (0x3B, 0xA7)]
    for handle, firewall in zip(handles, (State.TRUE, State.FALSE), strict=True):
        packed = posture_rules.packed(
            now, {Signal.DISK_ENCRYPTION: State.TRUE, Signal.FIREWALL: firewall}
        )
        with records.database.begin() as connection:
            sealed = records.reports.seal(packed, handle)
            posture_store.keep(connection, posture_store.report, handle, sealed, now + DAY)
    return list(handles)


async def hold_an_order(scene: Scene) -> None:
    """Let a guest buy, and the order be held."""
    await scene.buy("app-3m")
    reviewing = scene.command.service.shop.commerce.reviewing
    (order,) = reviewing.page(NO_HANDLE).orders
    reviewing.decide(order.handle, Verdict.HOLD, Reason.COMPLIANCE, NO_HANDLE)


def inside(role: Role, path: str, *before: Deed, label: str = "") -> Deed:
    """Return the deed that opens a page as an administrator of a role."""

    async def deed(scene: Scene) -> None:
        for each in before:
            await each(scene)
        await enrol(scene, role, label)
        await sign_in(scene)
        trust_of(scene).publishing.publish()
        await go(scene, path)

    return deed


async def _decisions(scene: Scene) -> None:
    remember_decisions(scene)


async def _reports(scene: Scene) -> None:
    report_postures(scene)


async def _staged(scene: Scene) -> None:
    remember_decisions(scene)
    policies = trust_of(scene).policies
    policies.stage("default", STRICT)
    policies.stage("strict", STRICT)
    policies.activate("strict", 1)
    policies.assign(bytes([0x5C]) * 20, "strict")


async def _other_owner(scene: Scene) -> None:
    invited(scene.command, Role.AUDITOR, "external review")


async def _sign_in_page(scene: Scene) -> None:
    await go(scene, "/admin/sign-in")


async def _enrol_page(scene: Scene) -> None:
    await go(scene, f"/admin/enrol#{invited(scene.command, Role.OWNER)}")


async def _proof(scene: Scene) -> None:
    await inside(Role.AUDITOR, "/admin/audit", _staged)(scene)
    await scene.page.get_by_text("Proved").first.click()


async def _deciding(scene: Scene) -> None:
    await inside(Role.REVIEWER, "/admin/orders", hold_an_order)(scene)
    await scene.page.locator(".more > summary").first.click()
    # The picture waits until the form has unfolded.
    await scene.page.get_by_role("button", name="Decide").click(trial=True)
    await scene.page.mouse.move(0, 0)


ADMIN_SCREENS = (
    CommandScreen("command-admin-sign-in", _sign_in_page),
    CommandScreen("command-admin-enrol", _enrol_page),
    CommandScreen("command-admin-overview", inside(Role.POLICY, "/admin", label="night shift")),
    CommandScreen("command-admin-policies", inside(Role.POLICY, "/admin/policies", _staged)),
    CommandScreen(
        "command-admin-policy", inside(Role.POLICY, "/admin/policies/default/2", _staged)
    ),
    CommandScreen("command-admin-decisions", inside(Role.POLICY, "/admin/decisions", _decisions)),
    CommandScreen("command-admin-decision", inside(Role.POLICY, "/admin/decisions/8", _decisions)),
    CommandScreen("command-admin-fleet", inside(Role.FLEET, "/admin/fleet", _reports)),
    CommandScreen("command-admin-device", inside(Role.FLEET, ONE_DEVICE, _reports)),
    CommandScreen("command-admin-orders", _deciding),
    CommandScreen("command-admin-shop", inside(Role.SHOP, "/admin/shop")),
    CommandScreen("command-admin-document", inside(Role.SHOP, "/admin/shop/policy/1")),
    CommandScreen("command-admin-audit", _proof),
    CommandScreen(
        "command-admin-administrators",
        inside(Role.OWNER, "/admin/administrators", _other_owner, label="first key"),
    ),
    CommandScreen("command-admin-refused", inside(Role.ORDERS, "/admin/audit")),
)
