"""Command's styles and scripts, read once from the installed package; nothing else is served."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from litestar import Request, Response, get

from enigm.faces.command.headers import WORKER_SECURITY_POLICY
from enigm.foundation.access import Access, opened_to
from enigm.foundation.errors import NotFoundError

PREFIX: Final = "/static"
WORKER: Final = "/vendor/keys.js"
_MEDIA_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
# A year: an address names one content, so nothing is asked for twice, not even whether it changed.
_KEPT_BY_BROWSERS: Final = "public, max-age=31536000, immutable"
_DIGEST_CHARACTERS: Final = 12


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file, also squeezed."""

    body: bytes = field(repr=False)
    squeezed: bytes = field(repr=False)
    media_type: str
    digest: str


class StaticFiles:
    """Every servable path, known before the first request: no path is joined to a folder."""

    def __init__(self) -> None:
        """Read the package's folder."""
        self._files = dict(_walk(files("enigm.faces.command") / "static", ""))
        if WORKER not in self._files:
            message = "Command's files are not built: run `node scripts/build_ui.mjs` (make does)"
            raise RuntimeError(message)

    def address(self, path: str) -> str:
        """Return the address of a file's present content, for templates."""
        return f"{PREFIX}/{path}?v={self._files[f'/{path}'].digest}"

    def get(self, path: str) -> StaticFile:
        """Return the file at exactly this path; raises NotFoundError."""
        found = self._files.get(path)
        if found is None:
            raise NotFoundError("command.no_such_file", "There is nothing at this path.")
        return found


@get(f"{PREFIX}/{{path:path}}", opt=opened_to(Access.PUBLIC), sync_to_thread=False)
def read_file(request: Request[Any, Any, Any], files: Any, path: str) -> Response[bytes]:
    """Serve one of Command's own files."""
    found: StaticFile = files.get(path)
    is_named = request.query_params.get("v") == found.digest
    headers = {
        "Cache-Control": _KEPT_BY_BROWSERS if is_named else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if path == WORKER:
        headers["Content-Security-Policy"] = WORKER_SECURITY_POLICY
    body = found.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = found.squeezed
    return Response(body, media_type=found.media_type, headers=headers)


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, StaticFile]]:
    for entry in folder.iterdir():
        path = f"{prefix}/{entry.name}"
        if entry.is_dir():
            yield from _walk(entry, path)
            continue
        media_type = _MEDIA_TYPES.get("." + entry.name.rpartition(".")[2])
        if media_type is not None:
            body = entry.read_bytes()
            digest = hashlib.sha256(body).hexdigest()[:_DIGEST_CHARACTERS]
            yield path, StaticFile(body, gzip.compress(body, mtime=0), media_type, digest)
