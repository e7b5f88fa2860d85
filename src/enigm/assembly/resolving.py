"""`enigm handle`: find out whose handle one is, with two approvals, each on the audit log."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from enigm.assembly.exits import Exit, say
from enigm.assembly.machine import trust_of_this_machine
from enigm.crossings.decision_is_audited_by_handle import LookupsAudited
from enigm.domains.handles.actions.resolving import ReverseLookups
from enigm.domains.handles.model import Handle, LookupId, PersonHandle, Purpose, Scope
from enigm.foundation.errors import SetupError

if TYPE_CHECKING:
    from enigm.assembly.trust import TrustParts

app = App(
    name="enigm handle",
    help="Find out whose handle one is: two other people approve, and it leaves a record.",
    help_format="plaintext",
    result_action="return_value",
)
Person = Annotated[str, Parameter(name="--as", help="Who you are: the name the team knows.")]


@app.command
def ask(
    handle: Annotated[str, Parameter(help="40 hex digits.")],
    *,
    purpose: Annotated[str, Parameter(help="What the handle is for, such as audit.")],
    epoch: Annotated[int | None, Parameter(help="Its epoch; the present one unless told.")] = None,
    person: Person,
) -> int:
    """Open a request to resolve a handle; it lapses after seven days."""
    try:
        wanted = Purpose(purpose)
    except ValueError as error:
        known = ", ".join(each.value for each in Purpose)
        raise SetupError(f"There is no purpose {purpose}: there are {known}.") from error
    with trust_of_this_machine() as trust:
        scope = trust.authority.scope(wanted)
        scope = scope if epoch is None else Scope(wanted, "", epoch)
        request = _lookups(trust).ask(scope, Handle(_octets(handle)), _handle_of(person))
        say(f"Request {request.hex()}. Two other people approve it with:")
        say(f"  enigm handle approve {request.hex()} --as NAME")
    return Exit.DONE


@app.command
def approve(request: str, *, person: Person) -> int:
    """Approve somebody else's request."""
    with trust_of_this_machine() as trust:
        _lookups(trust).approve(LookupId(_octets(request)), _handle_of(person))
        say("Approved.")
    return Exit.DONE


@app.command
def resolve(request: str, *, person: Person) -> int:
    """Print the Handle Authority's own name of the device, once two people approved."""
    with trust_of_this_machine() as trust:
        say(_lookups(trust).resolve(LookupId(_octets(request)), _handle_of(person)).hex())
    return Exit.DONE


def _lookups(trust: TrustParts) -> ReverseLookups:
    return ReverseLookups(trust.authority, LookupsAudited(trust.audit))


def _handle_of(person: str) -> PersonHandle:
    # The audit log names no one: a person is known there by a hash that the team can recompute.
    name = person.strip().casefold()
    if not name:
        raise SetupError("Say who you are with --as NAME.")
    return PersonHandle(hashlib.sha256(b"enigm operator v1" + name.encode()).digest()[:20])


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise SetupError("A handle or request is written in hex digits.") from error
