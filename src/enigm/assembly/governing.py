"""`enigm policy`: show, try, put in force and assign policies; each change is on the audit log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from enigm.assembly.exits import Exit, say
from enigm.assembly.machine import trust_of_this_machine
from enigm.crossings.decision_is_audited_by_handle import operator_record
from enigm.domains.audit.model import Act
from enigm.domains.policy.actions.governing import DEFAULT_NAME
from enigm.domains.policy.rules import SCHEMA_TEXT
from enigm.foundation.errors import SetupError

app = App(
    name="enigm policy",
    help="Who may do what: Cedar policies, signed, tried on the past, put in force.",
    help_format="plaintext",
    result_action="return_value",
)
Name = Annotated[str, Parameter(help="Which policy; `default` decides for everybody.")]


@app.command
def show(*, name: Name = DEFAULT_NAME) -> int:
    """Print the policy in force."""
    with trust_of_this_machine() as trust:
        found = trust.policies.in_force(name)
        say(f"// {found.name}, version {found.version}\n{found.text}")
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
        trust.audit.record(operator_record(Act.POLICY_STAGED))
        version = trust.policies.stage(name, content).version
        say(f"Staged {name}, version {version}. It decides nothing yet.")
        found = trust.policies.dry_run(name, version)
        say(f"Of {found.decisions} decisions of the last month it would have changed:")
        for word, count in found.newly_denied.items():
            say(f"  {word}: {count} denied that were allowed")
        for word, count in found.newly_allowed.items():
            say(f"  {word}: {count} allowed that were denied")
        if not found.newly_denied and not found.newly_allowed:
            say("  nothing")
        say(f"Put it in force with: enigm policy activate {version} --name {name}")
    return Exit.DONE


@app.command
def activate(version: int, *, name: Name = DEFAULT_NAME) -> int:
    """Let a staged version decide from now on; an older one can be put back the same way."""
    with trust_of_this_machine() as trust:
        trust.audit.record(operator_record(Act.POLICY_ACTIVATED))
        trust.policies.activate(name, version)
        say(f"{name}, version {version}, decides now.")
    return Exit.DONE


@app.command
def assign(handle: Annotated[str, Parameter(help="40 hex digits.")], *, name: Name) -> int:
    """Let a policy decide for one handle."""
    try:
        decoded = bytes.fromhex(handle)
    except ValueError as error:
        raise SetupError("A handle is written as 40 hex digits.") from error
    with trust_of_this_machine() as trust:
        trust.audit.record(operator_record(Act.POLICY_ASSIGNED))
        trust.policies.assign(decoded, name)
        say(f"{name} decides for this handle now.")
    return Exit.DONE
