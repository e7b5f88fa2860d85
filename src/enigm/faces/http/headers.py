"""The headers of every answer, refusals included."""

from __future__ import annotations

from typing import Final

# The service speaks to programs: no page of another origin may read, frame or guess an answer.
SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
