"""The interface's files, read once from the installed package; nothing else is ever served."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

_SHELL = "index.html"
_BUNDLE = "/vendor/lit.js"
_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class PackagedFile:
    """One file of the interface."""

    body: bytes
    media_type: str


class PackagedFiles:
    """Every servable path, known before the first request: no path is ever joined to a folder."""

    def __init__(self) -> None:
        """Read the package's ``ui`` folder."""
        found = dict(_walk(files("enigm.app") / "ui", ""))
        if _BUNDLE not in found:
            message = "the interface is not built: run `node scripts/build_ui.mjs` (make does)"
            raise RuntimeError(message)
        self._files = found | {"/": found[f"/{_SHELL}"]}

    def get(self, path: str) -> PackagedFile | None:
        """Return the file at exactly this path."""
        return self._files.get(path)


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, PackagedFile]]:
    for entry in folder.iterdir():
        path = f"{prefix}/{entry.name}"
        if entry.is_dir():
            yield from _walk(entry, path)
            continue
        media_type = _MEDIA_TYPES.get("." + entry.name.rpartition(".")[2])
        if media_type is not None:
            yield path, PackagedFile(entry.read_bytes(), media_type)
