"""Command's pages, one module for each thing that people come to do."""

from __future__ import annotations

from enigm.faces.command.pages import (
    account,
    buying,
    coins,
    devices,
    entering,
    entitlements,
    esims,
    home,
    invoices,
    machines,
    orders,
    pin,
    refunds,
    sessions,
)

PERSON_PAGES = (
    *home.HANDLERS,
    *entering.HANDLERS,
    *sessions.HANDLERS,
    *devices.HANDLERS,
    *account.HANDLERS,
    *pin.HANDLERS,
    *buying.HANDLERS,
    *orders.HANDLERS,
    *refunds.HANDLERS,
    *coins.HANDLERS,
    *invoices.HANDLERS,
    *machines.HANDLERS,
    *entitlements.HANDLERS,
    *esims.HANDLERS,
)
