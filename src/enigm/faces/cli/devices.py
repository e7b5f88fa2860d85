"""`enigm chat devices …`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cyclopts import App as CommandLine

from enigm.faces.cli.naming import device_of
from enigm.faces.cli.pin import PinStdin, asked_pin
from enigm.faces.cli.printing import device_line
from enigm.faces.cli.session import Common, opened, run

if TYPE_CHECKING:
    from enigm.app import views

devices = CommandLine(name="devices", help="The devices of your account.")

_COMMON = Common()


@devices.command(name="list")
def list_devices(*, common: Common = _COMMON) -> int:
    """List the devices; a waiting one with the code to compare."""

    async def work() -> None:
        async with opened(common) as app:
            rows = await app.devices()
            common.printer.value(rows, map(device_line, rows))

    return run(common, work)


@devices.command
def approve(device: str, /, *, common: Common = _COMMON) -> int:
    """Trust a waiting device whose code you compared."""

    async def work() -> None:
        async with opened(common) as app:
            _show(common, await app.approve_device(await device_of(app, device)))

    return run(common, work)


@devices.command
def refuse(device: str, /, *, common: Common = _COMMON) -> int:
    """Turn a waiting device away."""

    async def work() -> None:
        async with opened(common) as app:
            await app.refuse_device(await device_of(app, device))
            common.printer.value(None, ["Refused."])

    return run(common, work)


@devices.command
def revoke(device: str, /, *, pin_stdin: PinStdin = False, common: Common = _COMMON) -> int:
    """End the trust in a device: it loses every conversation."""

    async def work() -> None:
        pin = asked_pin(stdin=pin_stdin)
        async with opened(common) as app:
            _show(common, await app.revoke_device(await device_of(app, device), pin))

    return run(common, work)


def _show(common: Common, row: views.Device) -> None:
    common.printer.value(row, [device_line(row)])
