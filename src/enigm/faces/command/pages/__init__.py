"""Command's pages, one module for each thing that people come to do."""

from __future__ import annotations

from enigm.faces.command.pages import account, devices, entering, home, pin, sessions

PERSON_PAGES = (
    *home.HANDLERS,
    *entering.HANDLERS,
    *sessions.HANDLERS,
    *devices.HANDLERS,
    *account.HANDLERS,
    *pin.HANDLERS,
)
