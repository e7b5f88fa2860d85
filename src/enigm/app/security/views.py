"""The page "Security" as data (docs/app-api.md)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

StateWord = Literal["true", "false", "unknown"]


class SignalView(Struct, frozen=True):
    """One signal: ``state`` is ``true`` only where it is known to be well."""

    signal: str
    state: StateWord
    title: str
    found: str
    promise: str
    why: str
    to_do: str


class SentReport(Struct, frozen=True):
    """The last report that left this device, whole, and what the service made of it."""

    at: int
    states: dict[str, str]
    standing: str


class Sending(Struct, frozen=True):
    """What leaves the device.

    ``asked`` is null while the service cannot be asked; ``agreed`` are the signals that may
    leave; ``problem`` says why the last report did not go.
    """

    on: bool
    asked: tuple[str, ...] | None
    agreed: tuple[str, ...]
    sent: SentReport | None
    problem: str


class SecurityView(Struct, frozen=True):
    """The page: every signal, when it was read, and what leaves the device."""

    signals: tuple[SignalView, ...]
    taken_at: int
    took_milliseconds: int
    sending: Sending
