"""Photographs every screen of the App: desktop and phone, light and dark, into docs/screens/.

A picture is made anew only when its page's markup, or the interface's styles and icons, changed:
``docs/screens/digests.json`` remembers what each picture shows.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.browser import VIEWPORTS, Scheme, Width, chromium, new_page  # noqa: E402
from tests.support.screens import SCREENS, Screen, shown  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from playwright.async_api import Browser, Page

    Send = Callable[[str, Mapping[str, object]], Awaitable[dict[str, str]]]

FOLDER = ROOT / "docs" / "screens"
STYLES = ROOT / "src" / "enigm" / "app" / "ui"
# Small enough to live in the repository; the quality falls until a picture fits.
PICTURE_BYTES_MAX = 60_000
QUALITIES = (90, 80, 65, 50)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


async def main(names: list[str], *, again: bool) -> None:
    """Photograph the named screens, or all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    digests = _read_digests()
    chosen = [screen for screen in SCREENS if not names or screen.name in names]
    async with chromium() as browser:
        for screen in chosen:
            for width in VIEWPORTS:
                await _photograph(browser, screen, width, digests, again=again)
    if not names:
        _forget_others(digests)
        (FOLDER / "README.md").write_text(_album(), encoding="utf-8")
    digests_json = msgspec.json.format(msgspec.json.encode(dict(sorted(digests.items()))), indent=1)
    (FOLDER / "digests.json").write_bytes(digests_json + b"\n")


async def _photograph(
    browser: Browser,
    screen: Screen,
    width: Width,
    digests: dict[str, str],
    *,
    again: bool,
) -> None:
    async with new_page(browser, width, still=True) as page, shown(page, screen, width):
        digest = await _digest(page)
        for scheme in SCHEMES:
            name = f"{screen.name}-{width}-{scheme}.webp"
            if not again and digests.get(name) == digest and (FOLDER / name).is_file():
                continue
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            (FOLDER / name).write_bytes(await _picture(page))
            digests[name] = digest
            sys.stdout.write(f"{name}\n")


async def _digest(page: Page) -> str:
    markup = str(await page.evaluate("() => document.body.outerHTML"))
    # What is not seen does not count: Lit's markers, and how the templates are laid out.
    seen = re.sub(r"\s+", " ", re.sub(r"<!--.*?-->", "", markup, flags=re.DOTALL))
    digest = hashlib.sha256(seen.encode())
    for path in sorted([*STYLES.glob("styles/*.css"), *STYLES.glob("*.svg")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


async def _picture(page: Page) -> bytes:
    protocol = await page.context.new_cdp_session(page)
    picture = b""
    for quality in QUALITIES:
        wanted = {"format": "webp", "quality": quality}
        send = cast("Send", protocol.send)  # pyright: ignore[reportUnknownMemberType]
        picture = base64.b64decode((await send("Page.captureScreenshot", wanted))["data"])
        if len(picture) <= PICTURE_BYTES_MAX:
            break
    return picture


def _album() -> str:
    """Return a page that shows every picture: a row for each screen."""
    looks = [f"{width}-{scheme}" for width in VIEWPORTS for scheme in SCHEMES]
    lines = ["# Every screen of the App", "", "Made by `make screens` from a scripted scene.", ""]
    lines += ["| screen | " + " | ".join(look.replace("-", ", ") for look in looks) + " |"]
    lines += ["|---" * (len(looks) + 1) + "|"]
    for screen in SCREENS:
        names = [f"{screen.name}-{look}" for look in looks]
        cells = " | ".join(f"![{name}]({name}.webp)" for name in names)
        lines.append(f"| {screen.name.replace('-', ' ')} | {cells} |")
    return "\n".join(lines) + "\n"


def _read_digests() -> dict[str, str]:
    path = FOLDER / "digests.json"
    return msgspec.json.decode(path.read_bytes(), type=dict[str, str]) if path.is_file() else {}


def _forget_others(digests: dict[str, str]) -> None:
    known = {f"{s.name}-{w}-{c}.webp" for s in SCREENS for w in VIEWPORTS for c in SCHEMES}
    for path in FOLDER.glob("*.webp"):
        if path.name not in known:
            path.unlink()
    for name in set(digests) - known:
        del digests[name]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these screens")
    parser.add_argument("--again", action="store_true", help="even if nothing changed")
    arguments = parser.parse_args()
    asyncio.run(main(arguments.names, again=arguments.again))
