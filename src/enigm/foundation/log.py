"""Structured logging in which only declared events and fields can be written.

One JSON object per line. A strict log (tests, development) raises on anything undeclared; a
production log leaves it out and counts it. There is no free text: exceptions are written as
their type and places, because their messages may quote what a user sent.
"""

from __future__ import annotations

import logging
import re
import traceback
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from enigm.foundation.log_fields import EVENTS, LOG_FIELDS

if TYPE_CHECKING:
    from enigm.foundation.clock import Clock
    from enigm.foundation.ids import RequestReference

_STEPS_MAX: Final = 40
_MODULE_CHARACTERS_MAX: Final = 60

# Where a file's own name for itself begins: what stands before is the machine's business.
_PACKAGE_ROOTS: Final = frozenset({"enigm", "site-packages", "dist-packages"})


class LineSink(Protocol):
    """Where lines go: standard error, or a test's list."""

    def write(self, line: str, /) -> object:
        """Take one line, its end included."""
        ...

    def flush(self) -> None:
        """Pass on what was taken."""
        ...


class UndeclaredFieldError(Exception):
    """Our own code tried to log what ``log_fields`` does not declare."""


class EventLog:
    """Writes declared events."""

    def __init__(self, sink: LineSink, clock: Clock, *, strict: bool) -> None:
        """Write to a sink; ``strict`` raises where production would drop and count."""
        self._sink = sink
        self._clock = clock
        self._strict = strict
        self._dropped = 0

    def event(self, name: str, **fields: Any) -> None:
        """Write one event with its fields.

        Raises:
            UndeclaredFieldError: in a strict log, where the event, a field or the shape of a
                value is not declared.
        """
        if name not in EVENTS:
            self._refuse(f"the event {name} is not declared")
            name = "log.undeclared_event"
        line = {"time": self._clock.now_seconds(), "event": name}
        for field, value in fields.items():
            if value is None:
                continue
            declared = LOG_FIELDS.get(field)
            if declared is None or not declared.accepts(value):
                # The value is not quoted: it may be just what must not be written.
                self._refuse(f"the field {field} is not declared, or its value has another shape")
                continue
            line[field] = value
        if self._dropped:
            line["dropped"] = self._dropped
        self._sink.write(msgspec.json.encode(line).decode() + "\n")
        self._sink.flush()

    def failure(
        self,
        name: str,
        error: BaseException,
        *,
        request: RequestReference | None = None,
        **fields: Any,
    ) -> None:
        """Write an event with an unexpected error's type and places, and none of its words."""
        kind, places = type(error).__name__, places_of(error)
        self.event(name, error=kind, places=places, request=request, **fields)

    def _refuse(self, reason: str) -> None:
        if self._strict:
            raise UndeclaredFieldError(reason)
        self._dropped += 1


def places_of(error: BaseException) -> tuple[str, ...]:
    """Return ``module:line`` of each step from the outermost call to the error."""
    steps = traceback.extract_tb(error.__traceback__)[-_STEPS_MAX:]
    return tuple(f"{_module(step.filename)}:{step.lineno or 0}" for step in steps)


def route_libraries(log: EventLog) -> None:
    """Let libraries' warnings through as ``library.spoke``: who and how serious, no words.

    A library's message may hold an address, a path or a parameter. uvicorn's access log, which
    is made of them, is switched off.
    """
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(_LibraryHandler(log))
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False
    access.disabled = True


class _LibraryHandler(logging.Handler):
    """Reduces a log record to its source and level."""

    def __init__(self, log: EventLog) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record without its words."""
        error = record.exc_info[1] if record.exc_info else None
        self._log.event(
            "library.spoke",
            library=record.name,
            level=record.levelname,
            error=type(error).__name__ if error else None,
            places=places_of(error) if error else (f"{record.module}:{record.lineno}",),
        )


def _module(filename: str) -> str:
    """Return a module's name from its file, without folders that may name a user."""
    parts = PurePath(filename).with_suffix("").parts
    roots = [number for number, part in enumerate(parts) if part in _PACKAGE_ROOTS]
    known = parts[roots[-1] :] if roots else parts[-1:]
    name = re.sub(r"[^A-Za-z0-9_.]", "_", ".".join(known))[-_MODULE_CHARACTERS_MAX:]
    return name if name[:1].isalpha() else f"_{name}"
