"""Every screen, desktop and phone, light and dark: axe finds nothing, the console stays silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.browser import LOOKS, PAINTED, VIEWPORTS, axe_violations
from tests.support.screens import SCREENS, Screen, shown

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = pytest.mark.browser


@pytest.mark.requirement("APP-01")
@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: str(screen.name))
async def test_a_screen_is_accessible_silent_and_asks_nobody_else(
    page: Page, screen: Screen
) -> None:
    async with shown(page, screen) as open_page:
        found: list[str] = []
        for width, scheme in LOOKS:
            await page.set_viewport_size(VIEWPORTS[width])
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await page.evaluate(PAINTED)
            found += [f"{width} {scheme} {it}" for it in await axe_violations(page)]
            assert await _sideways(page) == 0, f"{width}: the page scrolls sideways"
        assert found == []
        # The last width was the phone's: every target is large enough for a thumb.
        assert await page.evaluate(_SMALL_TARGETS) == []
        assert await page.evaluate(_FIELDS_THAT_IDENTIFY) == []
    open_page.seen.assert_clean()


async def test_axe_would_notice(page: Page) -> None:
    """The control: the same check finds what is planted."""
    await page.set_content("<!doctype html><title>x</title><img src='data:,'><p>words</p>")
    found = " ".join(await axe_violations(page))
    assert "image-alt" in found
    assert "html-has-lang" in found


async def test_a_field_that_identifies_would_be_noticed(page: Page) -> None:
    """The control: an address and a telephone number are found."""
    fields = "<label>E-mail <input></label><input type=tel><label>Name <input></label>"
    await page.set_content(fields)
    assert len(await page.evaluate(_FIELDS_THAT_IDENTIFY)) == 2


async def _sideways(page: Page) -> int:
    return int(
        await page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
    )


_FIELDS_THAT_IDENTIFY = """() => {
    const words = /e-?mail|phone|telephone|passport|birth|address|real name/i;
    const asks = it => [it.type, it.name, it.id, it.autocomplete, it.ariaLabel, it.placeholder,
        ...[...it.labels].map(label => label.innerText)].join(" ");
    return [...document.querySelectorAll("input, textarea, select")]
        .filter(it => ["email", "tel", "file"].includes(it.type) || words.test(asks(it)))
        .map(it => it.outerHTML.slice(0, 90));
}"""

# A check box or radio fills its label, which is what is touched.
_SMALL_TARGETS = """() => {
    const small = [];
    for (const it of document.querySelectorAll("a, button, summary, input, textarea")) {
        const target = it.matches("[type=radio], [type=checkbox]") ? it.closest("label") : it;
        const { width, height } = target.getBoundingClientRect();
        if (width === 0 || it.closest(".unseen") || it.matches(".unseen, :disabled")) continue;
        const what = target.outerHTML.slice(0, 90);
        if (width < 44 || height < 44) small.push(`${what} ${width}x${height}`);
    }
    return small;
}"""
