"""`enigm posture`: how devices stand, by category and under handles; each look is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import App, Parameter

from enigm.assembly.exits import Exit, say
from enigm.assembly.machine import evidence_of_this_machine
from enigm.domains.audit.model import NO_HANDLE
from enigm.domains.posture.model import PostureHandle, Standing
from enigm.foundation.errors import SetupError
from enigm.wire.posture_report import State

if TYPE_CHECKING:
    from enigm.domains.posture.model import PostureOverview, PostureRow

app = App(
    name="enigm posture",
    help="How devices that report stand: counts, and rows under handles that name nobody.",
    help_format="plaintext",
    version_flags=[],
    result_action="return_value",
)
Json = Annotated[bool, Parameter(negative="", help="For programs.")]


@app.command(name="list")
def list_postures(*, json: Json = False) -> int:
    """Count devices by how they stand and by signal, and list them under their handles."""
    with evidence_of_this_machine() as (_, evidence):
        seen = evidence.posture_review.overview(NO_HANDLE)
    if json:
        say(msgspec.json.encode(_overview(seen)).decode())
        return Exit.DONE
    if not seen.rows:
        say("No device reports. They do where a policy asks and their users agreed.")
        return Exit.DONE
    for standing in Standing:
        if count := seen.by_standing.get(standing, 0):
            say(f"{standing.value:<10}{count}")
    for signal, counts in seen.by_signal.items():
        words = ", ".join(f"{state.word} {counts.get(state, 0)}" for state in reversed(State))
        say(f"  {signal.word:<20} {words}")
    for row in seen.rows:
        say(_line(row))
    return Exit.DONE


@app.command
def show(handle: Annotated[str, Parameter(help="40 hex digits.")], *, json: Json = False) -> int:
    """Show what stands under one handle."""
    try:
        decoded = PostureHandle(bytes.fromhex(handle))
    except ValueError as error:
        raise SetupError("A handle is written as 40 hex digits.") from error
    with evidence_of_this_machine() as (_, evidence):
        row = evidence.posture_review.show(NO_HANDLE, decoded)
    say(msgspec.json.encode(_row(row)).decode() if json else _line(row))
    return Exit.DONE


def _line(row: PostureRow) -> str:
    states = ", ".join(f"{signal.word}: {state.word}" for signal, state in row.states.items())
    return f"{row.handle.hex()}  {row.standing.value:<8} {states}"


def _row(row: PostureRow) -> dict[str, object]:
    return {
        "handle": row.handle.hex(),
        "standing": row.standing.value,
        "states": {signal.word: state.word for signal, state in row.states.items()},
    }


def _overview(seen: PostureOverview) -> dict[str, object]:
    return {
        "by_standing": {standing.value: n for standing, n in seen.by_standing.items()},
        "by_signal": {
            signal.word: {state.word: n for state, n in counts.items()}
            for signal, counts in seen.by_signal.items()
        },
        "rows": [_row(row) for row in seen.rows],
    }
