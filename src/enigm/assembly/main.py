"""The `enigm` command: one word for each thing a person, an operator or an auditor does."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

import enigm
from enigm.assembly.exits import Exit, plainly, say
from enigm.assembly.up import SERVICE_PORT

app = App(
    name="enigm",
    help="Private messaging by separation that can be proved.",
    help_epilogue="Exit codes: 0 done; 1 something ran and did not hold; 2 a wrong command line; "
    "3 this machine needs a change first; 10 to 18 refused: invalid, unauthenticated, forbidden, "
    "not found, conflict, gone, unverifiable, exhausted, unavailable.",
    help_format="plaintext",
    version=enigm.__version__,
    result_action="return_value",
)
invite = App(name="invite", help="Let people in where the service registers by invite only.")
app.command(invite)

Profile = Annotated[str, Parameter(help="Which person on this machine: one profile, one vault.")]
Service = Annotated[
    str | None, Parameter(help="The service's address; a profile remembers the one it used.")
]
Browser = Annotated[
    bool, Parameter(name="--browser", help="Open the browser, or print the address.")
]


@app.command
def up(
    *,
    profile: Profile = "default",
    port: Annotated[int, Parameter(help="The service's port on this machine.")] = SERVICE_PORT,
    command_port: Annotated[int, Parameter(help="Command's port; 0 is the service's next.")] = 0,
    app_port: Annotated[int, Parameter(help="The App's port; 0 takes any free one.")] = 0,
    browser: Browser = True,
) -> int:
    """Start service, Command and App on this machine, and open the App. Ctrl-C stops all."""
    from enigm.assembly.up import Wishes
    from enigm.assembly.up import up as start

    return start(Wishes(profile, port, command_port or port + 1, app_port, browser))


@app.command
def serve(
    *,
    role: Annotated[str, Parameter(help="Parts to run, by commas; all unless told.")] = "",
    host: Annotated[str | None, Parameter(help="The address to listen on.")] = None,
    port: Annotated[int | None, Parameter(help="The port to listen on.")] = None,
) -> int:
    """Run the service, as ENIGM_* variables and the settings file say."""
    from enigm.assembly.serving import serve as run

    return run(role, host, port)


@app.command(name="app")
def open_app(
    *,
    profile: Profile = "default",
    service: Service = None,
    port: Annotated[int, Parameter(help="The App's port; 0 takes any free one.")] = 0,
    browser: Browser = True,
) -> int:
    """Open one person's App: a page on this machine only, served from the installed package."""
    from enigm.assembly.opening import open_profile

    return open_profile(profile, service, port, open_browser=browser)


@app.command(name="chat", help_flags=[], version_flags=[])
def chat(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
) -> int | None:
    """Talk from the command line and from scripts (`enigm chat --help`)."""
    from enigm.faces.cli.chat import app as chat_app

    return chat_app(tokens)


@app.command(name="agent", help_flags=[], version_flags=[])
def agent(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
) -> int | None:
    """See this machine's posture; attest it if you want to (`enigm agent --help`)."""
    from enigm.faces.cli.agent import app as agent_app

    return agent_app(tokens, exit_on_error=False, print_error=True)


@app.command(name="admin", help_flags=[], version_flags=[])
def admin(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
) -> int | None:
    """Say who administers: invite, list, revoke (`enigm admin --help`)."""
    from enigm.assembly.appointing import app as admin_app

    return admin_app(tokens)


@app.command(name="audit", help_flags=[], version_flags=[])
def audit(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
) -> int | None:
    """Publish, read and verify the audit log (`enigm audit --help`)."""
    from enigm.assembly.auditing import app as audit_app

    return audit_app(tokens)


@app.command(name="esim", help_flags=[], version_flags=[])
def esim(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
) -> int | None:
    """See eSIMs by counts and states, answer disclosure, retire one (`enigm esim --help`)."""
    from enigm.assembly.esim_operating import app as esim_app

    return esim_app(tokens)


@app.command(name="policy", help_flags=[], version_flags=[])
def policy(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
) -> int | None:
    """Show, try, put in force and assign policies (`enigm policy --help`)."""
    from enigm.assembly.governing import app as policy_app

    return policy_app(tokens)


@app.command(name="posture", help_flags=[], version_flags=[])
def posture(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
) -> int | None:
    """See how devices that report stand, under handles (`enigm posture --help`)."""
    from enigm.assembly.reviewing import app as posture_app

    return posture_app(tokens)


@app.command(name="attestation", help_flags=[], version_flags=[])
def attestation(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
) -> int | None:
    """Say whom to believe about machines and their states (`enigm attestation --help`)."""
    from enigm.assembly.attesting import app as attestation_app

    return attestation_app(tokens)


@app.command(name="handle", help_flags=[], version_flags=[])
def handle(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
) -> int | None:
    """Find out whose handle one is, with two approvals (`enigm handle --help`)."""
    from enigm.assembly.resolving import app as handle_app

    return handle_app(tokens)


@app.command
def backup(
    folder: Annotated[Path, Parameter(help="Where to put the file.")],
    *,
    days: Annotated[int, Parameter(help="For how long it can be opened; 30 at most.")] = 30,
) -> int:
    """Write every store into one encrypted file, while the service runs."""
    from enigm.assembly.backing_up import back_up

    return back_up(folder, days)


@app.command
def restore(
    path: Annotated[Path, Parameter(help="What enigm backup wrote.")],
    *,
    replace: Annotated[
        list[str] | None, Parameter(help="A store to put back although it is whole. Repeatable.")
    ] = None,
    dry_run: Annotated[bool, Parameter(negative="", help="Only say what would be done.")] = False,
) -> int:
    """Bring lost or damaged stores back, without what was deleted or ended since."""
    from enigm.assembly.restoring import restore as bring_back

    return bring_back(path, replace or [], dry_run=dry_run)


@app.command(name="coin", help_flags=[], version_flags=[])
def coin(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
) -> int | None:
    """See and end codes' keys, print batches, check the public lists (`enigm coin --help`)."""
    from enigm.assembly.coining import app as coin_app

    return coin_app(tokens)


@app.command(name="shop", help_flags=[], version_flags=[])
def shop(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
) -> int | None:
    """Keep the shop: catalogue, rules, reviews, refunds, books (`enigm shop --help`)."""
    from enigm.assembly.shopkeeping import app as shop_app

    return shop_app(tokens)


@app.command
def witness(
    *,
    log: Annotated[list[str], Parameter(help="A log's public key to watch. May be repeated.")],
    folder: Annotated[Path | None, Parameter(help="Where its own keys and memory lie.")] = None,
    host: Annotated[str, Parameter(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="The port to listen on.")] = 8470,
) -> int:
    """Cosign audit logs of others, so that none can show two people different pasts."""
    from enigm.assembly.witnessing import run_witness

    return run_witness(log, folder, host, port)


@app.command
def demo(
    *,
    keep: Annotated[
        Path | None, Parameter(help="Leave the demo's data in this folder to look at.")
    ] = None,
) -> int:
    """Show the whole story with real processes, and what each party saw and could not see."""
    from enigm.assembly.demo.story import tell

    return tell(keep)


@app.command
def inventory(
    *,
    json: Annotated[bool, Parameter(negative="", help="For programs.")] = False,
    record: Annotated[
        bool, Parameter(negative="", help="As a record of processing, in Markdown.")
    ] = False,
    diff: Annotated[
        Path | None, Parameter(help="Print only what changed since this reviewed --json.")
    ] = None,
) -> int:
    """Print every value that is kept: its category, purpose and end."""
    from enigm.assembly.inventory import print_changes, print_inventory

    if diff is not None:
        return print_changes(diff)
    return print_inventory(as_json=json, as_record=record)


@invite.command(name="create")
def create_invite(
    *, count: Annotated[int, Parameter(help="How many; each lets one person in.")] = 1
) -> int:
    """Print new invites, one on a line."""
    from enigm.assembly.inviting import create_invites

    return create_invites(count)


@app.command
def version() -> int:
    """Print the version of Enigm and of the Python it runs on."""
    say(f"enigm {enigm.__version__} (Python {sys.version.split()[0]})")
    return Exit.DONE


def main() -> None:
    """Run the command line and end with a stable number (``enigm.assembly.exits``)."""
    from enigm.assembly.supervisor import end_with_parent

    # Whatever is written is the owner's alone, whoever forgets to say so.
    os.umask(0o077)
    end_with_parent(os.environ)
    sys.exit(plainly(_run))


def _run() -> int:
    try:
        answer = app(sys.argv[1:], exit_on_error=False, print_error=True)
    except Exception as error:
        from cyclopts import CycloptsError

        if isinstance(error, CycloptsError):
            return Exit.USAGE
        raise
    return answer if isinstance(answer, int) else Exit.DONE


if __name__ == "__main__":
    main()
