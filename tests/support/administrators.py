"""Administrators of a running Command: enrolled by a link and signed in with a software key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.assembly.administering import build_appointments
from enigm.assembly.trust import build_trust
from enigm.foundation.encoding import base64url_encode
from tests.support.command import Visit
from tests.support.passkeys import SecurityKey

if TYPE_CHECKING:
    from enigm.domains.administration.actions.appointing import Appointments
    from enigm.domains.administration.model import Role
    from tests.support.command import RunningCommand


@dataclass
class AtDesk:
    """An administrator's browser, and the key that signs in."""

    visit: Visit
    key: SecurityKey


def named(address: str) -> str:
    """Return Command's address by the name that passkeys hold for."""
    return address.replace("127.0.0.1", "localhost")


def appointments_of(command: RunningCommand) -> Appointments:
    """Return what the operator's command appoints administrators with."""
    around, databases = command.service.around, dict(command.service.databases)
    return build_appointments(around, databases, build_trust(around, databases))


def invited(command: RunningCommand, role: Role, label: str = "") -> str:
    """Return the secret of a link, as it stands in the address."""
    return base64url_encode(appointments_of(command).invite(role, label))


async def enrolled(command: RunningCommand, role: Role, label: str = "") -> AtDesk:
    """Return somebody who used a link and is not signed in yet."""
    address = named(command.address)
    visit = Visit(command.service, address)
    key = SecurityKey(address, "localhost", f"key of {role.value} {label}".encode())
    await visit.get("/admin/enrol")
    invitation = invited(command, role, label)
    options = await visit.ask("/admin/enrol/start", {"invitation": invitation})
    made = key.make(options.raise_for_status().json())
    body = {"invitation": invitation, "credential": made}
    (await visit.ask("/admin/enrol/finish", body)).raise_for_status()
    return AtDesk(visit, key)


async def sign_in(desk: AtDesk) -> None:
    """Sign in with the passkey; the session is in the cookies then."""
    await desk.visit.get("/admin/sign-in")
    options = (await desk.visit.ask("/admin/sign-in/start", {})).raise_for_status().json()
    body = {"credential": desk.key.sign(options)}
    (await desk.visit.ask("/admin/sign-in/finish", body)).raise_for_status()
    await desk.visit.get("/admin")


async def at_desk(command: RunningCommand, role: Role, label: str = "") -> AtDesk:
    """Return an administrator who is signed in."""
    desk = await enrolled(command, role, label)
    await sign_in(desk)
    return desk
