"""What people do with their PIN: enter it for one deed, set, change, reset and remove it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.app import views
from enigm.app.errors import (
    PinAmbiguousError,
    PinMissingError,
    SamePinsError,
    WrongPasswordError,
    WrongPinError,
    WrongWordsError,
)
from enigm.app.identity import phrase as phrases
from enigm.app.identity.pin import check_pin, pin_secret
from enigm.app.service import opaque
from enigm.crypto import kdf
from enigm.foundation.encoding import base64url_encode
from enigm.wire.account_recovery import sign_recovery
from enigm.wire.critical_action import parameters_digest, reset_statement
from enigm.wire.device_chain import fingerprint_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.app.home import Home
    from enigm.app.service.accounts import AccountPath
    from enigm.app.service.answers import PinStartAnswer
    from enigm.app.service.pins import PinPath

# The names of critical actions, as docs/protocol.md has them.
ACCOUNT_DELETE = "accounts.delete"
PASSWORD_CHANGE = "accounts.password.change"
PIN_CHANGE = "accounts.pin.change"
PIN_REMOVE = "accounts.pin.remove"
DURESS_PIN_CHANGE = "accounts.pin.duress"
DEVICE_REVOKE = "devices.revoke"

# OPAQUE's answers come for two places, and a PIN opens one of them, nobody knows which before.
PLACES = 2
NOISE_BYTES = 32


@dataclass(frozen=True, slots=True)
class _Opened:
    """A place that a PIN opened, and the last message for it."""

    place: int
    finalization: bytes


class Pins:
    """The deeds of a user about the PIN. The PIN itself is kept nowhere."""

    def __init__(self, home: Home, accounts: AccountPath, path: PinPath) -> None:
        """Act for an open profile."""
        self._home = home
        self._accounts = accounts
        self._path = path

    async def state(self) -> views.Pin:
        """Tell whether a PIN is set, and how many tries are left."""
        found = await self._path.state()
        return views.Pin(found.is_set, found.tries_left, found.retry_after_seconds)

    async def enter(self, pin: str, action: str, *parameters: bytes) -> str:
        """Return a grant for exactly this deed, good for a minute and once.

        Raises WrongPinError, PinMissingError, PinAmbiguousError, and ``accounts.pin_locked``.
        """
        secret = pin_secret(self._home.account.card_key, pin)
        begun = [opaque.start_login(secret) for _ in range(PLACES)]
        digest = parameters_digest(*parameters)
        answer = await self._path.start(action, digest, [each.request for each in begun])
        # Both are always tried, so that a right PIN takes as long as a wrong one.
        opened = await asyncio.to_thread(_open_places, begun, answer, secret)
        if not opened:
            if not (await self._path.state()).is_set:
                raise PinMissingError
            raise WrongPinError(answer.tries_left, answer.retry_after_seconds)
        if len(opened) == PLACES:
            raise PinAmbiguousError
        (found,) = opened
        return await self._path.finish(answer.attempt, found.place, found.finalization)

    async def set(self, pin: str) -> None:
        """Set a first PIN; the caller has asked for the password."""
        check_pin(pin)
        record = await self._record(pin)
        # Whether there is a duress PIN is for nobody to see: where there is none, this is noise.
        noise = await self._record_of(self._noise())
        await self._accounts.sign_in_again()
        await self._path.set(record, noise)

    async def change(self, pin: str, new_pin: str) -> None:
        """Replace the PIN."""
        check_pin(new_pin)
        record = await self._record(new_pin)
        grant = await self.enter(pin, PIN_CHANGE, record)
        await self._path.change(record, grant)

    async def change_duress(self, pin: str, duress_pin: str | None) -> None:
        """Replace the duress PIN, or take it away."""
        if duress_pin is None:
            record = await self._record_of(self._noise())
        else:
            check_pin(duress_pin)
            if kdf.equal(pin.encode(), duress_pin.encode()):
                raise SamePinsError
            record = await self._record(duress_pin)
        grant = await self.enter(pin, DURESS_PIN_CHANGE, record)
        await self._path.change_duress(record, grant)

    async def remove(self, pin: str) -> None:
        """Remove the PIN; the next critical deed asks for a new one."""
        await self._path.remove(await self.enter(pin, PIN_REMOVE))

    async def reset(self, words: Sequence[str], new_pin: str) -> None:
        """Set a new PIN by the recovery phrase; raises InvalidPhraseError, WrongWordsError."""
        check_pin(new_pin)
        root = phrases.root_key(phrases.read_phrase(words))
        fingerprint = fingerprint_of(root.public)
        if not kdf.equal(fingerprint, self._home.account.fingerprint):
            raise WrongWordsError
        challenge, _ = await self._accounts.start_recovery(fingerprint)
        record = await self._record(new_pin)
        signature = sign_recovery(root, challenge, reset_statement(record))
        await self._path.reset(root.public, challenge, signature, record)

    async def _record(self, pin: str) -> bytes:
        return await self._record_of(pin_secret(self._home.account.card_key, pin))

    async def _record_of(self, secret: str) -> bytes:
        asked = opaque.start_registration(secret)
        response = await self._path.register(asked.request)
        return await asyncio.to_thread(opaque.finish_registration, asked, response, secret)

    def _noise(self) -> str:
        return base64url_encode(self._home.entropy.random_bytes(NOISE_BYTES))


def _open_places(
    begun: Sequence[opaque.StartedLogin], answer: PinStartAnswer, secret: str
) -> list[_Opened]:
    opened: list[_Opened] = []
    for place, (started, response) in enumerate(zip(begun, answer.responses, strict=True)):
        try:
            opened.append(_Opened(place, opaque.finish_login(started, response, secret)))
        except WrongPasswordError:
            continue
    return opened
