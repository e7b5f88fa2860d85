"""Catalogue and trade policy: validated, signed, put in force; checked at every reading."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from threading import Lock
from typing import TYPE_CHECKING, Final

import pycountry

from enigm.crypto.errors import SignatureInvalidError
from enigm.crypto.signatures import Ed25519
from enigm.domains.commerce.errors import DocumentUnknownError, DocumentUnverifiableError
from enigm.domains.commerce.rules.trade import read_catalogue, read_policy
from enigm.domains.commerce.store import documents as store
from enigm.domains.commerce.store.documents import SignedChoice, SignedText

if TYPE_CHECKING:
    import sqlalchemy as sa

    from enigm.domains.commerce.actions.premises import Premises
    from enigm.domains.commerce.model.catalogue import Catalogue
    from enigm.domains.commerce.model.trade import TradePolicy
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

    def __init__(self, premises: Premises, keys: Keys) -> None:
        """Derive the signing key; the first start signs what comes with the package."""
        self._premises = premises
        self._key = Ed25519.from_seed(keys.derive("commerce", "trade documents"))
        self._in_force: InForce | None = None
        self._lock = Lock()
        with premises.database.begin() as connection:
            for kind in DocumentKind:
                if store.choice(connection, kind) is None:
                    self._put_in_force(connection, kind, self._stage(connection, kind, _own(kind)))

    def in_force(self) -> InForce:
        """Return what holds.

        Raises:
            DocumentUnverifiableError: the store holds what nobody signed: nothing is sold.
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
            DocumentUnknownError, DocumentUnverifiableError.
        """
        with self._premises.database.begin() as connection:
            if store.find(connection, kind, version) is None:
                raise DocumentUnknownError
            self._text(connection, kind, version)
            self._put_in_force(connection, kind, version)
        with self._lock:
            self._in_force = None

    def text(self, kind: DocumentKind) -> tuple[int, str]:
        """Return the version that holds, and what it says."""
        with self._premises.database.read() as connection:
            version = self._chosen(connection, kind)
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
            chosen = {kind: self._chosen(connection, kind) for kind in DocumentKind}
            texts = {kind: self._text(connection, kind, chosen[kind]) for kind in DocumentKind}
        catalogue, policy = DocumentKind.CATALOGUE, DocumentKind.POLICY
        return InForce(
            read_catalogue(texts[catalogue], chosen[catalogue]),
            read_policy(texts[policy], chosen[policy], countries()),
            now,
        )

    def _stage(self, connection: sa.Connection, kind: DocumentKind, text: str) -> int:
        version = store.newest(connection, kind) + 1
        signature = Ed25519.sign(self._key.private, _signed_text(kind, version, text))
        store.add(connection, SignedText(kind, version, text, signature))
        return version

    def _put_in_force(self, connection: sa.Connection, kind: DocumentKind, version: int) -> None:
        before = store.choice(connection, kind, to_change=True)
        changes = (before.changes if before else 0) + 1
        signature = Ed25519.sign(self._key.private, _signed_choice(kind, version, changes))
        store.choose(connection, SignedChoice(kind, version, changes, signature))

    def _chosen(self, connection: sa.Connection, kind: DocumentKind) -> int:
        chosen = store.choice(connection, kind)
        if chosen is None:
            raise DocumentUnverifiableError
        self._verify(_signed_choice(kind, chosen.version, chosen.changes), chosen.signature)
        return chosen.version

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
