"""`enigm admin`: invite administrators by a one-time link, list them, revoke them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from enigm.assembly.administering import build_appointments, relying_party
from enigm.assembly.exits import Exit, program, say
from enigm.assembly.machine import administration_of_this_machine
from enigm.domains.administration.model import AdministratorId, Role
from enigm.faces.command.origin import origin_of
from enigm.foundation.encoding import base64url_encode
from enigm.foundation.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterable

app = App(
    name="enigm admin",
    help="Who administers: each has a passkey and one role. Only this command makes one.",
    help_format="plaintext",
    result_action="return_value",
)
_ROLES = ", ".join(role.value for role in Role)


@app.command
def invite(
    *,
    role: Annotated[str, Parameter(help=f"One of {_ROLES}.")],
    label: Annotated[
        str, Parameter(help="A word for you to tell them apart; kept, so no name.")
    ] = "",
) -> int:
    """Print a link that enrols one passkey, once, within a day."""
    try:
        wanted = Role(role)
    except ValueError as error:
        raise SetupError(f"There is no role {role}: there are {_ROLES}.") from error
    with administration_of_this_machine() as (around, databases, trust):
        token = build_appointments(around, databases, trust).invite(wanted, label)
        party = relying_party(origin_of(around.settings))
    say(f"{party.origins[0]}/admin/enrol#{base64url_encode(token)}")
    return Exit.DONE


@app.command(name="list")
def list_administrators() -> int:
    """List administrators by id, role and label, and links that were not used yet."""
    with administration_of_this_machine() as (around, databases, trust):
        appointments = build_appointments(around, databases, trust)
        enrolled, invited = appointments.administrators(), appointments.invitations()
    for each in enrolled:
        _say((each.administrator_id.hex(), each.role.value, _day(each.since), each.label))
    for each in invited:
        ends = f"link until {_day(each.ends_at)}"
        _say((each.administrator_id.hex(), each.role.value, ends, each.label))
    if not enrolled and not invited:
        say(f"Nobody administers yet: {program()} admin invite --role owner")
    return Exit.DONE


@app.command
def revoke(administrator: Annotated[str, Parameter(help="The id that `list` prints.")]) -> int:
    """End an administrator at once, or take a link back. One owner always remains."""
    try:
        going = AdministratorId(bytes.fromhex(administrator))
    except ValueError as error:
        raise SetupError("An administrator's id is written in hex digits.") from error
    with administration_of_this_machine() as (around, databases, trust):
        build_appointments(around, databases, trust).revoke(going)
    say("Revoked: passkey and sessions are gone.")
    return Exit.DONE


def _say(fields: Iterable[str]) -> None:
    say("  ".join(fields).rstrip())


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="minutes")
