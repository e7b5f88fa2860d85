"""A posture as a person reads it: what is well, what is not, why it matters, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from enigm.agent.posture.readings import Fact
from enigm.agent.posture.wording import ADVICE
from enigm.wire.posture_report import Signal, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from enigm.agent.posture.readings import Posture, Reading

_SECTIONS: Final = (
    (State.TRUE, "+", "What is well"),
    (State.FALSE, "!", "What is not well"),
    (State.UNKNOWN, "?", "What cannot be told here; it does not count as well"),
)
_TITLE_WIDTH: Final = 20


class ToldReading(msgspec.Struct, frozen=True):
    """One reading for programs: the same words, and the evidence."""

    signal: str
    state: str
    title: str
    found: str
    code: str
    facts: dict[str, Fact]
    promise: str
    why: str
    to_do: str


def told_readings(posture: Posture) -> list[ToldReading]:
    """Return every reading with its words; nothing is left out, so it stays on this machine."""
    return [told(reading) for reading in posture.readings]


def told_lines(posture: Posture) -> Iterator[str]:
    """Yield the lines that a person reads."""
    for state, mark, heading in _SECTIONS:
        readings = [reading for reading in posture.readings if reading.state is state]
        if readings:
            yield heading
        for reading in readings:
            yield from _lines(reading, mark)
        if readings:
            yield ""
    good = sum(reading.state is State.TRUE for reading in posture.readings)
    yield f"Well: {good} of {len(Signal)}. Read in {posture.took_milliseconds} ms."
    yield "All of this stays on this machine."


def _lines(reading: Reading, mark: str) -> Iterator[str]:
    words = told(reading)
    shown = words.promise if mark == "+" else words.found
    yield f"  {mark} {words.title:<{_TITLE_WIDTH}} {shown}"
    if mark != "+":
        yield f"      Should be: {words.promise}"
        yield f"      Why:       {words.why}"
        yield f"      Do:        {words.to_do}"


def told(reading: Reading) -> ToldReading:
    """Return one reading in words."""
    advice = ADVICE[reading.signal]
    return ToldReading(
        signal=reading.signal.word,
        state=reading.state.word,
        title=advice.title,
        found=_found(reading),
        code=reading.code,
        facts=dict(reading.facts),
        promise=advice.promise,
        why=advice.why,
        to_do={
            State.TRUE: "",
            State.FALSE: advice.remedy,
            State.UNKNOWN: advice.to_know,
        }[reading.state],
    )


def _found(reading: Reading) -> str:
    """Return the evidence in short: ``waiting (count 72, first apt)``."""
    word = reading.code.partition(".")[2].replace("_", " ")
    facts = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in reading.facts.items())
    return f"{word} ({facts})" if facts else word
