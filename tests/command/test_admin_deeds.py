"""What administrators' deeds come to, beyond the pages that show them."""

from __future__ import annotations

import html

import pytest

from enigm.assembly.trust import build_trust
from enigm.domains.administration.model import Role
from enigm.domains.audit.model import NO_HANDLE, Category
from enigm.domains.audit.model import Role as AuditRole
from enigm.domains.commerce.actions.documents import DocumentKind
from enigm.domains.commerce.actions.opening import WAYS_TO_OPEN
from enigm.domains.commerce.model import MethodName
from enigm.domains.handles.model import Handle, Purpose
from tests.support.administrators import at_desk
from tests.support.clock import FakeClock
from tests.support.command import RunningCommand

HANDLE = "c4" * 20
CLOSED = "forbid (principal, action, resource);"


@pytest.mark.requirement("CMD-08", "CMD-09")
async def test_a_revoked_handle_counts_as_revoked_and_is_on_record(
    command: RunningCommand,
) -> None:
    desk = await at_desk(command, Role.FLEET)
    await desk.visit.get("/admin/fleet")
    address = f"/admin/fleet/posture/{HANDLE}/revoke"
    assert (await desk.visit.post(address, {"confirmed": "yes"})).status_code == 303
    trust = build_trust(command.service.around, dict(command.service.databases))
    scope = trust.authority.scope(Purpose.POSTURE)
    assert trust.authority.is_revoked(scope, Handle(bytes.fromhex(HANDLE)))
    read = trust.audit.read(AuditRole.AUDITOR, Category.ADMINISTRATION, 0, NO_HANDLE)
    told = [each.payload.decode() for each in read if b"handle.revoked" in each.payload]
    assert len(told) == 1
    assert f'"subject":"{HANDLE}"' in told[0]
    assert '"actor":""' not in told[0]


@pytest.mark.requirement("CMD-09", "POL-03")
async def test_a_policy_is_tried_in_an_environment_and_assigned_to_it_by_name(
    command: RunningCommand,
) -> None:
    desk = await at_desk(command, Role.POLICY)
    trust = build_trust(command.service.around, dict(command.service.databases))
    trust.policies.activate("closed", trust.policies.stage("closed", CLOSED).version)
    page = await desk.visit.get("/admin/policies/closed/1?environment=alpha")
    assert "Tried on 0 decisions of the last month in alpha." in page.text
    assigned = await desk.visit.post(
        "/admin/policies/assign", {"name": "closed", "environment": "alpha", "handle": ""}
    )
    assert assigned.status_code == 303
    (handle,) = trust.handles.environment_handles("alpha")
    clock = command.service.around.clock
    assert isinstance(clock, FakeClock)
    clock.advance(1)
    assert trust.policies.standing.assigned == {handle: "closed"}
    for whom in ({}, {"environment": "No Name"}, {"environment": "alpha", "handle": HANDLE}):
        refused = await desk.visit.post("/admin/policies/assign", {"name": "closed", **whom})
        assert refused.status_code == 400


@pytest.mark.requirement("CMD-09", "PAY-01")
async def test_where_nobody_can_buy_the_shop_is_told_what_to_type(command: RunningCommand) -> None:
    desk = await at_desk(command, Role.SHOP)
    assert "Nobody can buy" not in (await desk.visit.get("/admin/shop")).text
    for name in set(command.paper.methods) - {MethodName.CODE}:
        del command.paper.methods[name]
    page = html.unescape((await desk.visit.get("/admin/shop")).text)
    assert "Nobody can buy here yet" in page
    for way in WAYS_TO_OPEN:
        assert way.command in page
        assert way.then in page


@pytest.mark.requirement("CMD-09")
async def test_an_owner_reads_what_was_administered_and_no_persons_records(
    command: RunningCommand,
) -> None:
    desk = await at_desk(command, Role.OWNER)
    assert (await desk.visit.get("/admin/audit?category=administration")).status_code == 200
    for category in ("account", "audit"):
        refused = await desk.visit.get(f"/admin/audit?category={category}")
        assert "audit.role" in refused.text
    auditor = await at_desk(command, Role.AUDITOR)
    for category in Category:
        page = await auditor.visit.get(f"/admin/audit?category={category.name.lower()}")
        assert page.status_code == 200


@pytest.mark.requirement("CMD-09")
async def test_a_document_holds_only_once_it_is_put_in_force(command: RunningCommand) -> None:
    desk = await at_desk(command, Role.SHOP)
    await desk.visit.get("/admin/shop")
    documents = command.service.shop.commerce.documents
    _, text = documents.text(DocumentKind.CATALOGUE)
    dearer = text.replace('"price_cents": 6000', '"price_cents": 6600')
    kept = await desk.visit.post("/admin/shop/catalogue/stage", {"text": dearer})
    assert kept.headers["location"] == "/admin/shop/catalogue/2"
    assert documents.text(DocumentKind.CATALOGUE)[0] == 1
    page = await desk.visit.get("/admin/shop/catalogue/2")
    assert "6600" in page.text
    await desk.visit.post("/admin/shop/catalogue/2/activate", {"confirmed": "yes"})
    assert documents.text(DocumentKind.CATALOGUE) == (2, dearer)
    broken = await desk.visit.post("/admin/shop/catalogue/stage", {"text": "{}"})
    assert broken.status_code == 400
    missing = await desk.visit.get("/admin/shop/catalogue/9")
    assert missing.status_code == 404
