"""`enigm policy`: show, try, put in force, assign and explain; each change is on the audit log."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from enigm.assembly.exits import Exit, say
from enigm.assembly.machine import trust_of_this_machine
from enigm.assembly.places import settings_of_this_machine
from enigm.domains.handles.model import HANDLE_BYTES, SUBJECT_BYTES, Purpose, SubjectId
from enigm.domains.policy.actions.standing import DEFAULT_NAME
from enigm.domains.policy.errors import PolicyUnknownError
from enigm.domains.policy.rules import SCHEMA_TEXT
from enigm.foundation.errors import Refusal, SetupError
from enigm.foundation.settings import is_environment_name

if TYPE_CHECKING:
    from enigm.assembly.trust import TrustParts
    from enigm.domains.policy.model import DryRun

app = App(
    name="enigm policy",
    help="Who may do what: Cedar policies, signed, tried on the past, put in force.",
    help_format="plaintext",
    result_action="return_value",
)
Name = Annotated[str, Parameter(help="Which policy; `default` decides for everybody.")]


@app.command
def show(
    *,
    name: Name = DEFAULT_NAME,
    version: Annotated[
        int | None, Parameter(help="Which text; the one in force unless told.")
    ] = None,
) -> int:
    """Print a policy's text, and what is in force for whom."""
    with trust_of_this_machine() as trust:
        rows = trust.policies.unchecked_standing()
        wanted = version or rows.in_force.get(name, 0)
        found = trust.policies.text(name, wanted)
        try:
            number = f"change {trust.policies.standing.number}"
        except Refusal as refusal:
            number = f"NOT decided by: {refusal.detail}"
        say(f"// {found.name}, version {found.version}\n{found.text}")
        own = settings_of_this_machine().environment
        handles = trust.handles.environment_handles(own) if own else []
        here = [rows.assigned[each] for each in handles if each in rows.assigned]
        if own:
            say(
                f"// this machine runs in {own}, which has {', '.join(here) or 'the default alone'}"
            )
        in_force = ", ".join(f"{each} {number}" for each, number in sorted(rows.in_force.items()))
        say(f"// in force: {in_force}; assigned: {len(rows.assigned)}; {number}")
    return Exit.DONE


@app.command
def schema() -> int:
    """Print what policies may speak of: operations, and the facts that are established."""
    say(SCHEMA_TEXT.strip())
    return Exit.DONE


@app.command
def stage(text: Path, *, name: Name = DEFAULT_NAME) -> int:
    """Validate, sign and keep a policy's new version, and say what it would have changed."""
    try:
        content = text.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"The policy {text} cannot be read: {error}.") from error
    with trust_of_this_machine() as trust:
        version = trust.policies.stage(name, content).version
        say(f"Staged {name}, version {version}. It decides nothing yet.")
        _say_changes(trust.policies.dry_run(name, version))
        say(f"Put it in force with: enigm policy activate {version} --name {name}")
    return Exit.DONE


@app.command
def activate(version: int, *, name: Name = DEFAULT_NAME) -> int:
    """Let a staged version decide from now on; an older one can be put back the same way."""
    with trust_of_this_machine() as trust:
        trust.policies.activate(name, version)
        say(f"{name}, version {version}, decides now.")
    return Exit.DONE


@app.command
def assign(
    whom: Annotated[
        str,
        Parameter(help="A policy handle, or what `enigm handle resolve` printed, in hex digits."),
    ] = "",
    *,
    name: Name,
    environment: Annotated[
        str, Parameter(help="Or a named environment: every process that is set to run in it.")
    ] = "",
    dry_run: Annotated[
        bool, Parameter(negative="", help="Only say what it would have changed.")
    ] = False,
) -> int:
    """Let a policy decide, besides the default, for one account, device or environment.

    Both must allow. To take an assignment back, assign `default`.
    """
    if bool(whom) == bool(environment):
        raise SetupError("Say whom it is for: a handle, or --environment NAME.")
    with trust_of_this_machine() as trust:
        handle = _environment_handle(trust, environment) if environment else _handle(trust, whom)
        version = trust.policies.standing.in_force.get(name)
        if version is None:
            raise PolicyUnknownError
        found = trust.policies.dry_run(name, version, environment or None)
        _say_changes(found, f" in {environment}" if environment else "")
        if not environment:
            say("Nobody's name is remembered, so it was tried as if it were for everybody.")
        if dry_run:
            return Exit.DONE
        trust.policies.assign(handle, name)
        say(
            f"{name} decides for {environment or 'them'} now, besides the default: both must allow."
        )
        say("It lapses when the handle's key is destroyed, after 400 days or more: assign it anew.")
    return Exit.DONE


@app.command
def confirm() -> int:
    """Let what the store says stand, after a rollback or a crash: look at `show` first."""
    with trust_of_this_machine() as trust:
        standing = trust.policies.confirm()
        for each, version in sorted(standing.in_force.items()):
            say(f"{each}, version {version}, is in force.")
        say(f"{len(standing.assigned)} assignments stand. Confirmed as change {standing.number}.")
    return Exit.DONE


@app.command
def decisions(*, count: Annotated[int, Parameter(help="How many, newest first.")] = 20) -> int:
    """List past decisions, without anybody's name, by the numbers that `explain` takes."""
    with trust_of_this_machine() as trust:
        for number, each in trust.policies.newest_decisions(count):
            when = datetime.fromtimestamp(each.at, UTC).isoformat(timespec="minutes")
            answer = "allowed" if each.is_allowed else "DENIED"
            say(f"{number}  {when}  {answer:<7}  {each.operation}  by {each.policies}")
    return Exit.DONE


@app.command
def explain(number: int) -> int:
    """Explain a past decision in full: facts, policies, rules, and what would have been enough."""
    with trust_of_this_machine() as trust:
        past, found = trust.policies.explain(number)
        say(f"{past.operation}: {'allowed' if past.is_allowed else 'DENIED'}")
        say(f"The person was told: {found.decision.sentence}")
        say("Facts:")
        for name, value in sorted(found.facts.items()):
            say(f"  {name} = {value}")
        for name, decision in found.by_policy.items():
            answer = "allows" if decision.is_allowed else "DENIES"
            say(f"{name} {answer}: rules {', '.join(decision.rules) or 'none'}")
            for error in decision.errors:
                say(f"  an error, which denies: {error}")
        for each in found.would_allow:
            say(f"It would be allowed if {each}.")
    return Exit.DONE


def _handle(trust: TrustParts, whom: str) -> bytes:
    """Return a handle as it was written, or the present one of who was looked up."""
    try:
        decoded = bytes.fromhex(whom)
    except ValueError as error:
        raise SetupError("Whom it is for is written in hex digits.") from error
    if len(decoded) not in (HANDLE_BYTES, SUBJECT_BYTES):
        raise SetupError("A handle has 40 hex digits, what handle resolve prints has 64.")
    if len(decoded) == SUBJECT_BYTES:
        return trust.authority.handle(SubjectId(decoded), Purpose.POLICY)
    return decoded


def _environment_handle(trust: TrustParts, environment: str) -> bytes:
    if not is_environment_name(environment):
        raise SetupError("An environment's name is lower case letters, digits and dashes.")
    return trust.handles.environment_handles(environment)[0]


def _say_changes(found: DryRun, where: str = "") -> None:
    say(f"Of {found.decisions} decisions of the last month{where} it would have changed:")
    for word, count in found.newly_denied.items():
        say(f"  {word}: {count} denied that were allowed")
    for word, count in found.newly_allowed.items():
        say(f"  {word}: {count} allowed that were denied")
    if not found.newly_denied and not found.newly_allowed:
        say("  nothing")
