"""Every page of Command: axe finds nothing, nothing foreign is asked, and it is light."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.admin_scene import ADMIN_SCREENS
from tests.support.administrators import named
from tests.support.browser import LOOKS, PAINTED, VIEWPORTS, axe_violations
from tests.support.command_scene import COMMAND_SCREENS, CommandScreen
from tests.support.esim_scene import ESIM_SCREENS

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

pytestmark = pytest.mark.browser
PAGE_BYTES_MAX = 150_000


@pytest.mark.requirement("CMD-01", "CMD-11", "PAY-01")
@pytest.mark.parametrize(
    "screen", [*COMMAND_SCREENS, *ESIM_SCREENS, *ADMIN_SCREENS], ids=lambda screen: str(screen.name)
)
async def test_a_page_is_accessible_silent_and_asks_for_nobody(
    page: Page, folder: Path, screen: CommandScreen
) -> None:
    async with screen.place(page, folder) as scene:
        scene.is_hurried = True
        await screen.deed(scene)
        found: list[str] = []
        for width, scheme in LOOKS:
            await page.set_viewport_size(VIEWPORTS[width])
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await page.evaluate(PAINTED)
            found += [f"{width} {scheme} {it}" for it in await axe_violations(page)]
            assert await page.evaluate(_SIDEWAYS) <= 0, f"{width}: the page scrolls sideways"
        assert found == []
        assert await page.evaluate(_SMALL_TARGETS) == []
        # Whoever asks for an invoice says whom it is for; nobody else is asked, and no order is.
        if screen.name != "command-invoice-form":
            assert await page.evaluate(_FIELDS_THAT_IDENTIFY) == []
        # What the page itself loads; the worker that makes secrets comes when a form is sent.
        transferred = await page.evaluate(_TRANSFERRED)
        assert transferred < PAGE_BYTES_MAX, transferred
        # The browser says by itself that a page was refused.
        refused = ("404", "403")
        errors = [
            text
            for text in scene.seen.console_errors
            if not any(status in text for status in refused)
        ]
        assert errors == []
        # Administrators come by the name that passkeys hold for, which is Command's own, too.
        own = named(scene.command.address) + "/"
        assert [url for url in scene.seen.foreign_requests if not url.startswith(own)] == []


_SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_TRANSFERRED = """() => performance.getEntriesByType("resource")
    .filter(it => !it.name.includes("/keys.js"))
    .reduce((sum, it) => sum + it.encodedBodySize, 0)
    + performance.getEntriesByType("navigation")[0].encodedBodySize"""
_FIELDS_THAT_IDENTIFY = """() => {
    const words = /e-?mail|phone|telephone|passport|birth|real name|surname|street/i;
    const asks = it => [it.type, it.name, it.id, it.autocomplete, it.ariaLabel, it.placeholder,
        ...[...it.labels ?? []].map(label => label.innerText)].join(" ");
    return [...document.querySelectorAll("input:not([type=radio]), textarea, select")]
        .filter(it => ["email", "tel", "file"].includes(it.type) || words.test(asks(it)))
        .map(it => it.outerHTML.slice(0, 90));
}"""
# A link within a sentence is as tall as its line (WCAG 2.5.8 exempts it).
_SMALL_TARGETS = """() => {
    const small = [];
    for (const it of document.querySelectorAll("a, button, summary, input, textarea, select")) {
        const target = it.matches("[type=radio], [type=checkbox]") ? it.closest("label") : it;
        const { width, height } = target.getBoundingClientRect();
        const isHidden = width === 0 || it.matches("[type=hidden], .skip, :disabled");
        if (isHidden || it.closest(".unseen, p, dd") || it.closest(".words")) continue;
        const what = target.outerHTML.slice(0, 90);
        if (width < 43.5 || height < 43.5) small.push(`${what} ${width}x${height}`);
    }
    return small;
}"""
