"""Everything a log line may hold: the events, and the fields with their shapes and purposes.

A field that does not stand here cannot be written. There is no field for an address, a name,
an account, a device, a channel, a message or free text, and none is to be added without a
reviewed change of this file (PRV-05).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, cast

from enigm.foundation.inventory import Category, Declaration, in_logs

# What the deployment's log rotation is asked to keep, and what docs/operations.md tells it.
LOG_DAYS_MAX: Final = 7

# A word from our own code or a library's: no spaces, so no sentence, and no leading digit, so
# no IPv4 address. That it names nobody is for the reader of the code that logs it to see.
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,79}")
_REFERENCE: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_PLACES_MAX: Final = 40


@dataclass(frozen=True, slots=True)
class LogField:
    """What a field is for, and the only shape its values may have."""

    declaration: Declaration
    shape: str

    def accepts(self, value: object) -> bool:
        """Say whether the value has the declared shape."""
        match self.shape:
            case "word":
                return isinstance(value, str) and _WORD.fullmatch(value) is not None
            case "reference":
                return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None
            case "count":
                return isinstance(value, int) and not isinstance(value, bool)
            case "places":
                return _are_places(value)
            case _:
                return False


def _are_places(value: object) -> bool:
    if not isinstance(value, tuple):
        return False
    places = cast("tuple[object, ...]", value)
    return len(places) <= _PLACES_MAX and all(
        isinstance(place, str) and _WORD.fullmatch(place) is not None for place in places
    )


def _field(purpose: str, shape: str) -> LogField:
    return LogField(Declaration(Category.OPERATIONS, purpose, in_logs(LOG_DAYS_MAX)), shape)


LOG_FIELDS: Final = {
    "time": _field("when the event happened, in whole seconds", "count"),
    "event": _field("what happened, from the closed list of events", "word"),
    "request": _field("ties an error shown to a user to its log line; used once", "reference"),
    "code": _field("the refusal's public code", "word"),
    "status": _field("the HTTP status of an answer", "count"),
    "route": _field("which operation of the API was asked, without its arguments", "word"),
    "domain": _field("whose store or courier it was", "word"),
    "role": _field("which part of the service the process runs", "word"),
    "version": _field("which Enigm runs", "word"),
    "error": _field("the type of an unexpected error, without its message", "word"),
    "places": _field("module and line of each step to an unexpected error", "places"),
    "library": _field("which library spoke; what it said is left out", "word"),
    "level": _field("how serious a library thought it was", "word"),
    "kind": _field("the kind of a fact or a job", "word"),
    "attempts": _field("how often a delivery was tried", "count"),
    "rows": _field("how many rows a job touched", "count"),
    "milliseconds": _field("how long a job took", "count"),
    "port": _field("where the service listens", "count"),
    "dropped": _field("how many undeclared fields were left out so far: a fault to mend", "count"),
}

EVENTS: Final = {
    "service.starting": "A process begins to start.",
    "service.ready": "A process answers requests.",
    "service.stopping": "A process was asked to stop.",
    "service.stopped": "A process has stopped, with everything written.",
    "request.refused": "A request was refused by our own unavailability, not by the caller's.",
    "request.failed": "A request met an unexpected error: a bug or an outage.",
    "job.done": "Upkeep ran.",
    "job.failed": "Upkeep met an unexpected error and will run again.",
    "outbox.delivery_failed": "A fact could not be handed over and will be tried again.",
    "library.spoke": "A library logged something; its words are left out.",
    "log.undeclared_event": "An event was logged that is not declared: a fault to mend.",
}
