"""Administrators in a real browser, by keyboard, with a passkey that the browser holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from enigm.domains.administration.model import Role
from enigm.domains.commerce.model.orders import OrderState
from tests.support.admin_scene import (
    STRICT,
    enrol,
    go,
    hold_an_order,
    inside,
    remember_decisions,
    sign_in,
    trust_of,
)
from tests.support.administrators import invited, named
from tests.support.command_scene import standing

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

pytestmark = pytest.mark.browser
HANDLE = "5c" * 20


@pytest.mark.requirement("CMD-09", "CMD-11")
async def test_a_link_enrols_once_and_its_secret_leaves_the_address_bar(
    page: Page, folder: Path
) -> None:
    async with standing(page, folder) as scene:
        await enrol(scene, Role.OWNER)
        assert "#" not in page.url
        # By keyboard alone: the focus is on what comes next.
        await page.keyboard.press("Enter")
        sign_in = page.get_by_role("button", name="Sign in with the passkey")
        await expect(sign_in).to_be_enabled()
        await sign_in.focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="Owner").wait_for()
        assert scene.seen.console_errors == []


@pytest.mark.requirement("CMD-06")
async def test_a_policy_is_tried_on_the_past_put_in_force_and_assigned(
    page: Page, folder: Path
) -> None:
    async with standing(page, folder) as scene:
        remember_decisions(scene)
        await inside(Role.POLICY, "/admin/policies")(scene)
        await page.get_by_label("Name").fill("strict")
        await page.get_by_label("Text, in Cedar").fill(STRICT)
        await page.get_by_role("button", name="Try it on the last month").click()
        row = page.get_by_role("row", name="accounts.delete")
        await row.wait_for()
        assert (await row.get_by_role("cell").all_inner_texts())[0] == "2"
        await page.get_by_label("It decides from now on").check()
        await page.get_by_role("button", name="Put in force").click()
        await page.get_by_label("Policy handle").fill(HANDLE)
        await page.get_by_role("button", name="Assign").click()
        await page.get_by_text(HANDLE).wait_for()
        standing_now = trust_of(scene).policies.standing
        assert standing_now.in_force["strict"] == 1
        assert standing_now.assigned == {bytes.fromhex(HANDLE): "strict"}
        assert scene.seen.console_errors == []


@pytest.mark.requirement("CMD-08", "CMD-09", "PAY-11")
async def test_a_held_order_is_released_without_anybody_seeing_the_buyer(
    page: Page, folder: Path
) -> None:
    async with standing(page, folder) as scene:
        await inside(Role.REVIEWER, "/admin/orders", hold_an_order)(scene)
        shown = await page.get_by_role("main").inner_text()
        assert "€ 18.00" in shown
        await page.locator(".more > summary").first.click()
        await page.get_by_label("Verdict").select_option("release")
        await page.get_by_role("button", name="Decide").click()
        await page.get_by_text("No order waits for a decision.").wait_for()
        reviewing = scene.command.service.shop.commerce.reviewing
        assert [each.state for each in reviewing.page(bytes(20)).orders] == [OrderState.NEW]


@pytest.mark.requirement("CMD-08", "CMD-09")
async def test_the_audit_shows_each_record_with_a_proof_to_the_checkpoint(
    page: Page, folder: Path
) -> None:
    async with standing(page, folder) as scene:
        await inside(Role.AUDITOR, "/admin/audit")(scene)
        published = trust_of(scene).publishing.publish
        published()
        await page.reload()
        await page.get_by_text("Proved").first.click()
        # It unfolds for a moment before all of it can be read.
        proof = page.locator("details.proof[open]")
        await expect(proof.get_by_text("Root", exact=True)).to_be_visible()
        note = page.get_by_text("The checkpoint:")
        await note.click()
        assert (
            "enigm.audit/" in await page.get_by_role("region", name="The checkpoint").inner_text()
        )


@pytest.mark.requirement("CMD-09")
async def test_a_locked_or_missing_passkey_is_told_in_plain_words(page: Page, folder: Path) -> None:
    async with standing(page, folder) as scene:
        used = invited(scene.command, Role.OWNER)
        await page.goto(f"{named(scene.command.address)}/admin/enrol#{used[:-2]}AA")
        await page.get_by_role("button", name="Make the passkey").click()
        await page.get_by_role("alert").get_by_text("Ask the operator for another").wait_for()
        await enrol(scene, Role.OWNER)
        await sign_in(scene)
        await go(scene, "/admin/policies")
        await page.get_by_text("Your role does not do this").wait_for()
