"""Catalogue and trade policy: validated, signed, put in force; checked at every reading.

Which versions hold is signed with a number that every change raises for both, and that the audit
log records first. So nobody who can only write in this store puts an older choice back in force.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from threading import Lock
from typing import TYPE_CHECKING, Final

import pycountry

from enigm.crypto.errors import SignatureInvalidError
from enigm.crypto.signatures import Ed25519
from enigm.domains.commerce.errors import (
    DocumentRolledBackError,
    DocumentUnknownError,
    DocumentUnverifiableError,
)
from enigm.domains.commerce.model.trade import TradeChange
from enigm.domains.commerce.rules.trade import read_catalogue, read_policy
from enigm.domains.commerce.store import documents as store
from enigm.domains.commerce.store.documents import SignedChoice, SignedText
from enigm.foundation.rollback import NewestNumber

if TYPE_CHECKING:
    from collections.abc import Mapping

    import sqlalchemy as sa

    from enigm.domains.commerce.actions.premises import Premises
    from enigm.domains.commerce.model.catalogue import Catalogue
    from enigm.domains.commerce.model.trade import TradePolicy
    from enigm.domains.commerce.needs import TradeChanges
    from enigm.foundation.keyfile import Keys

# A version put in force by another process holds here after this long.
LOOK_SECONDS: Final = 1


class DocumentKind(StrEnum):
    """What is signed."""

    CATALOGUE = "catalogue"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class InForce:
    """What holds between two looks at the store."""

    catalogue: Catalogue
    policy: TradePolicy
    looked_at: float


@cache
def countries() -> dict[str, str]:
    """Return the names of ISO 3166-1's countries by their two letters."""
    return {each.alpha_2: each.name for each in pycountry.countries}


class Documents:
    """Safe to share between threads."""

    def __init__(self, premises: Premises, keys: Keys, changes: TradeChanges) -> None:
        """Derive the signing key; the first start signs what comes with the package."""
        self._premises = premises
        self._key = Ed25519.from_seed(keys.derive("commerce", "trade documents"))
        self._changes = changes
        self._newest = NewestNumber(changes.newest_number)
        self._in_force: InForce | None = None
        self._lock = Lock()
        with premises.database.begin() as connection:
            self._begin(connection)

    def in_force(self) -> InForce:
        """Return what holds.

        Raises:
            DocumentUnverifiableError: the store holds what nobody signed: nothing is sold.
            DocumentRolledBackError: it is older than what was in force before: nothing either.
        """
        with self._lock:
            now = self._premises.clock.monotonic_seconds()
            if self._in_force is None or now >= self._in_force.looked_at + LOOK_SECONDS:
                self._in_force = self._read(now)
            return self._in_force

    def stage(self, kind: DocumentKind, text: str) -> int:
        """Validate, sign and keep a new version, which holds nothing yet; return its number.

        Raises:
            DocumentInvalidError: it says what is wrong and where.
        """
        _check(kind, text)
        with self._premises.database.begin() as connection:
            return self._stage(connection, kind, text)

    def activate(self, kind: DocumentKind, version: int) -> None:
        """Let a version hold from now on; an older one can be put back the same way.

        Raises:
            DocumentUnknownError, DocumentUnverifiableError, DocumentRolledBackError.
        """
        with self._premises.database.begin() as connection:
            before = self._choices(connection, to_change=True)
            versions = {each: chosen.version for each, chosen in before.items()}
            number = self._newest.after(max(chosen.changes for chosen in before.values()))
            change = TradeChange.ACTIVATED
            self._hold(connection, change, number, versions | {kind: version})
        self._changed(number)

    def confirm(self, catalogue: int, policy: int) -> None:
        """Let these versions hold, whatever the store says of it, after somebody looked at them.

        Raises:
            DocumentUnknownError, DocumentUnverifiableError.
        """
        versions = {DocumentKind.CATALOGUE: catalogue, DocumentKind.POLICY: policy}
        with self._premises.database.begin() as connection:
            number = self._newest.after(self._highest_signed(connection))
            self._hold(connection, TradeChange.CONFIRMED, number, versions)
        self._changed(number)

    def text(self, kind: DocumentKind) -> tuple[int, str]:
        """Return the version that holds, and what it says."""
        with self._premises.database.read() as connection:
            version = self._choices(connection)[kind].version
            return version, self._text(connection, kind, version)

    def newest(self, kind: DocumentKind) -> int:
        """Return the newest version's number, whether it holds or not."""
        with self._premises.database.read() as connection:
            return store.newest(connection, kind)

    def staged_text(self, kind: DocumentKind, version: int) -> str:
        """Return what any version says.

        Raises:
            DocumentUnknownError, DocumentUnverifiableError.
        """
        with self._premises.database.read() as connection:
            if store.find(connection, kind, version) is None:
                raise DocumentUnknownError
            return self._text(connection, kind, version)

    def _read(self, now: float) -> InForce:
        # Only reading: whoever asks may hold the one writer, and would wait for itself.
        with self._premises.database.read() as connection:
            chosen = {kind: each.version for kind, each in self._choices(connection).items()}
            texts = {kind: self._text(connection, kind, chosen[kind]) for kind in DocumentKind}
        catalogue, policy = DocumentKind.CATALOGUE, DocumentKind.POLICY
        return InForce(
            read_catalogue(texts[catalogue], chosen[catalogue]),
            read_policy(texts[policy], chosen[policy], countries()),
            now,
        )

    def _begin(self, connection: sa.Connection) -> None:
        """Sign what comes with the package, where nothing was ever changed by anybody.

        A choice that is missing where one was recorded was taken away: that is no first start.
        """
        missing = [kind for kind in DocumentKind if store.choice(connection, kind) is None]
        if missing and self._changes.newest_number() == 0:
            for kind in missing:
                self._sign_choice(connection, kind, self._stage(connection, kind, _own(kind)), 1)

    def _stage(self, connection: sa.Connection, kind: DocumentKind, text: str) -> int:
        version = store.newest(connection, kind) + 1
        signature = Ed25519.sign(self._key.private, _signed_text(kind, version, text))
        store.add(connection, SignedText(kind, version, text, signature))
        return version

    def _hold(
        self,
        connection: sa.Connection,
        change: TradeChange,
        number: int,
        versions: Mapping[DocumentKind, int],
    ) -> None:
        """Record a change and let these versions hold under its number.

        A crash between the two leaves the log ahead of the store: nothing is sold until an operator
        looks and confirms. The other order would leave a change on no record.
        """
        for kind, version in versions.items():
            if store.find(connection, kind, version) is None:
                raise DocumentUnknownError
            self._text(connection, kind, version)
        self._changes.record(change, number)
        for kind, version in versions.items():
            self._sign_choice(connection, kind, version, number)

    def _changed(self, number: int) -> None:
        """Let what was committed hold here at once."""
        self._newest.saw(number)
        with self._lock:
            self._in_force = None

    def _sign_choice(
        self, connection: sa.Connection, kind: DocumentKind, version: int, number: int
    ) -> None:
        signature = Ed25519.sign(self._key.private, _signed_choice(kind, version, number))
        store.choose(connection, SignedChoice(kind, version, number, signature))

    def _choices(
        self, connection: sa.Connection, *, to_change: bool = False
    ) -> dict[DocumentKind, SignedChoice]:
        """Return which versions hold.

        Raises:
            DocumentUnverifiableError: a choice is not one that was signed.
            DocumentRolledBackError: it was signed, and is older than one that was in force.
        """
        known = self._newest.known()
        found: dict[DocumentKind, SignedChoice] = {}
        for kind in DocumentKind:
            chosen = store.choice(connection, kind, to_change=to_change)
            if chosen is None:
                raise DocumentRolledBackError
            self._verify(_signed_choice(kind, chosen.version, chosen.changes), chosen.signature)
            found[kind] = chosen
        number = min(chosen.changes for chosen in found.values())
        if number < known:
            raise DocumentRolledBackError
        self._newest.saw(number)
        return found

    def _highest_signed(self, connection: sa.Connection) -> int:
        """Return the highest number of the choices that are ours, taken to be changed.

        Where the log is the one that lost something, the new number still is above them all.
        """
        numbers = [0]
        for kind in DocumentKind:
            chosen = store.choice(connection, kind, to_change=True)
            if chosen is not None:
                signed = _signed_choice(kind, chosen.version, chosen.changes)
                with suppress(DocumentUnverifiableError):
                    self._verify(signed, chosen.signature)
                    numbers.append(chosen.changes)
        return max(numbers)

    def _text(self, connection: sa.Connection, kind: DocumentKind, version: int) -> str:
        found = store.find(connection, kind, version)
        if found is None:
            raise DocumentUnverifiableError
        self._verify(_signed_text(kind, version, found.text), found.signature)
        return found.text

    def _verify(self, message: bytes, signature: bytes) -> None:
        try:
            Ed25519.verify(self._key.public, message, signature)
        except SignatureInvalidError as error:
            raise DocumentUnverifiableError from error


def _check(kind: DocumentKind, text: str) -> None:
    if kind is DocumentKind.CATALOGUE:
        read_catalogue(text, 0)
    else:
        read_policy(text, 0, countries())


def _own(kind: DocumentKind) -> str:
    name = f"default_{kind}.json"
    return resources.files("enigm.domains.commerce.store").joinpath(name).read_text()


def _signed_text(kind: DocumentKind, version: int, text: str) -> bytes:
    return b"enigm trade document v1\0" + f"{kind}\0{version}\0{text}".encode()


def _signed_choice(kind: DocumentKind, version: int, changes: int) -> bytes:
    return b"enigm trade in force v1\0" + f"{kind}\0{version}\0{changes}".encode()
