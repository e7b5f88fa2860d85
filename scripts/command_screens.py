"""Photographs every page of Command: desktop and phone, light and dark, into docs/screens/command/.

A picture is made anew only when its page's markup, or Command's styles, changed.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.admin_scene import ADMIN_SCREENS  # noqa: E402
from tests.support.browser import VIEWPORTS, Scheme, chromium, new_page  # noqa: E402
from tests.support.command_scene import COMMAND_SCREENS, CommandScreen  # noqa: E402
from tests.support.esim_scene import ESIM_SCREENS  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from playwright.async_api import Browser, Page

    Send = Callable[[str, Mapping[str, object]], Awaitable[dict[str, str]]]

FOLDER = ROOT / "docs" / "screens" / "command"
STYLES = ROOT / "src" / "enigm" / "faces" / "command" / "static"
ALL_SCREENS = (*COMMAND_SCREENS, *ESIM_SCREENS, *ADMIN_SCREENS)
PICTURE_BYTES_MAX = 60_000
# Longer pages are cut: what matters stands above.
PICTURE_PIXELS_MAX = 1_800
QUALITIES = (90, 80, 65, 50)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


async def main(names: list[str], *, again: bool) -> None:
    """Photograph the named pages, or all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    digests = _read_digests()
    async with chromium() as browser:
        for screen in ALL_SCREENS:
            if not names or screen.name in names:
                await _photograph(browser, screen, digests, again=again)
    if not names:
        (FOLDER / "README.md").write_text(_album(), encoding="utf-8")
    digests_json = msgspec.json.format(msgspec.json.encode(dict(sorted(digests.items()))), indent=1)
    (FOLDER / "digests.json").write_bytes(digests_json + b"\n")


async def _photograph(
    browser: Browser, screen: CommandScreen, digests: dict[str, str], *, again: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with new_page(browser, still=True) as page, screen.place(page, Path(folder)) as scene:
            await screen.deed(scene)
            digest = await _digest(page)
            if not again and all(digests.get(name) == digest for name in _names(screen)):
                return
            for name in _names(screen):
                *_, width, scheme = name.removesuffix(".webp").split("-")
                await page.set_viewport_size(VIEWPORTS["phone" if width == "phone" else "desktop"])
                wanted: Scheme = "dark" if scheme == "dark" else "light"
                await page.emulate_media(color_scheme=wanted, reduced_motion="reduce")
                (FOLDER / name).write_bytes(await _picture(page))
                digests[name] = digest
                sys.stdout.write(f"{name}\n")


def _names(screen: CommandScreen) -> list[str]:
    return [f"{screen.name}-{width}-{scheme}.webp" for width in VIEWPORTS for scheme in SCHEMES]


async def _digest(page: Page) -> str:
    markup = str(await page.evaluate("() => document.querySelector('main').outerHTML"))
    # Random names of forms, orders and words are not what a picture is about.
    seen = re.sub(r"[\w-]{22,}|\b127\.0\.0\.1:\d+", "", re.sub(r"\s+", " ", markup))
    digest = hashlib.sha256(seen.encode())
    for path in sorted([*STYLES.glob("*.css"), *STYLES.glob("*.svg")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


async def _picture(page: Page) -> bytes:
    protocol = await page.context.new_cdp_session(page)
    size = await page.evaluate("() => [innerWidth, document.documentElement.scrollHeight]")
    clip = {"x": 0, "y": 0, "width": size[0], "scale": 1}
    clip["height"] = min(size[1], PICTURE_PIXELS_MAX)
    picture = b""
    for quality in QUALITIES:
        wanted = {"format": "webp", "quality": quality, "captureBeyondViewport": True, "clip": clip}
        send = cast("Send", protocol.send)  # pyright: ignore[reportUnknownMemberType]
        picture = base64.b64decode((await send("Page.captureScreenshot", wanted))["data"])
        if len(picture) <= PICTURE_BYTES_MAX:
            break
    return picture


def _album() -> str:
    """Return a page that shows every picture: a row for each page."""
    looks = [f"{width}-{scheme}" for width in VIEWPORTS for scheme in SCHEMES]
    lines = [
        "# Every page of Command",
        "",
        "Made by `make screens`, by a browser.",
    ]
    lines += ["", "| page | " + " | ".join(look.replace("-", ", ") for look in looks) + " |"]
    lines += ["|---" * (len(looks) + 1) + "|"]
    for screen in ALL_SCREENS:
        cells = " | ".join(f"![{name[:-5]}]({name})" for name in _names(screen))
        title = screen.name.removeprefix("command-").replace("-", " ")
        lines.append(f"| {title} | {cells} |")
    return "\n".join(lines) + "\n"


def _read_digests() -> dict[str, str]:
    path = FOLDER / "digests.json"
    return msgspec.json.decode(path.read_bytes(), type=dict[str, str]) if path.is_file() else {}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these pages")
    parser.add_argument("--again", action="store_true", help="even if nothing changed")
    arguments = parser.parse_args()
    asyncio.run(main(arguments.names, again=arguments.again))
