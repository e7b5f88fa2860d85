"""The questions and changes that actions put to the eSIMs' tables."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec
import sqlalchemy as sa

from enigm.domains.esim.model import (
    Association,
    CommercialState,
    Concern,
    Esim,
    EsimId,
    History,
    Iccid,
    OwnerRef,
    Plan,
    ProfileState,
    Standing,
    Step,
    SupportNote,
    Told,
)
from enigm.domains.esim.store import tables
from enigm.domains.esim.store.cancellations import CancellationRecords
from enigm.foundation.database import add_to_counter, insert_if_absent
from enigm.foundation.sealing import ColumnSeal

if TYPE_CHECKING:
    from collections.abc import Generator

    from enigm.foundation.database import Database
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.keyfile import Keys

_SEALED: Final = (
    "esim.history",
    "esim.iccid",
    "esim.matching_id",
    "esim.code",
    "cancellation.iccid",
)
_HASHES: Final = ("iccid", "retrieval code", "token", "call")
TALLY_PERIOD_SECONDS: Final = 30 * 86_400


class EsimStore:
    """Opens transactions on the eSIMs' store, and makes the hashes by which it finds things."""

    def __init__(self, database: Database, keys: Keys, entropy: Entropy) -> None:
        """Derive the keys of sealed columns and of hashes; none of them stands in the store."""
        self._database = database
        self._seals = {place: ColumnSeal(keys, f"esim.{place}", entropy) for place in _SEALED}
        self._hash_keys = {what: keys.derive("esim", what) for what in _HASHES}

    @contextmanager
    def begin(self) -> Generator[EsimRecords]:
        """Open a transaction that may write."""
        with self._database.begin() as connection:
            yield EsimRecords(connection, self._seals, self._hash_keys)

    @contextmanager
    def read(self) -> Generator[EsimRecords]:
        """Open a transaction that only reads."""
        with self._database.read() as connection:
            yield EsimRecords(connection, self._seals, self._hash_keys, locks=False)

    def call_name(self, esim: Esim, function: str) -> bytes:
        """Return the name of one intended call: the same while nobody knows how it ended.

        It is random to everybody else: whoever sees two cannot tell that one eSIM is behind them.
        """
        meant = esim.esim_id + f"{function} {esim.refusals}".encode()
        return _hash(self._hash_keys["call"], meant)[: tables.ID_BYTES]


class EsimRecords:
    """The eSIMs' tables inside one transaction."""

    def __init__(
        self,
        connection: sa.Connection,
        seals: dict[str, ColumnSeal],
        hash_keys: dict[str, bytes],
        *,
        locks: bool = True,
    ) -> None:
        """Keep the connection and the keys; with ``locks`` what is found is held to be changed."""
        self._connection = connection
        self._locks = locks
        self._seals = seals
        self._hash_keys = hash_keys
        self.cancellations = CancellationRecords(connection, seals["cancellation.iccid"])

    def add(self, esim: Esim, token: bytes | None) -> bool:
        """Write a new eSIM, unless this token has made one already; say whether it was written."""
        row = {
            "esim_id": esim.esim_id,
            "token_hash": None if token is None else self._hashed("token", token),
            "product": esim.plan.product,
            "provider": esim.plan.provider,
            "item": esim.plan.item,
            "days": esim.plan.days,
            "purchased_on": esim.purchased_on,
            "notice_version": esim.notice_version,
            "notice_at": esim.notice_at,
            "replacements": esim.replacements,
            **self._changing(esim),
        }
        return insert_if_absent(self._connection, tables.esim, row)

    def save(self, esim: Esim) -> None:
        """Write what can change of an eSIM; without a code its activation code is erased."""
        changes = self._changing(esim)
        if not esim.has_code:
            changes |= {"code": None, "matching_id": None}
        self._update(esim.esim_id, changes)

    def find(self, esim_id: EsimId) -> Esim | None:
        """Return an eSIM."""
        return self._one(tables.esim.c.esim_id == esim_id)

    def find_by_iccid(self, iccid: Iccid) -> Esim | None:
        """Return the eSIM that a provider calls so."""
        return self._one(tables.esim.c.iccid_hash == self._hashed("iccid", iccid.encode()))

    def find_by_token(self, token: bytes) -> Esim | None:
        """Return the eSIM that this token made, until the token is known to be spent."""
        return self._one(tables.esim.c.token_hash == self._hashed("token", token))

    def find_by_retrieval_code(self, code: bytes) -> Esim | None:
        """Return the unlinked eSIM that this code finds."""
        return self._one(tables.esim.c.retrieval_hash == self._hashed("retrieval code", code))

    def successor_of(self, esim_id: EsimId) -> Esim | None:
        """Return the eSIM that is to replace this one."""
        return self._one(tables.esim.c.replaces == esim_id)

    def of_owner(self, owner: OwnerRef) -> list[Esim]:
        """Return an owner's eSIMs, newest day first."""
        wanted = sa.select(tables.esim).where(tables.esim.c.owner == owner)
        order = (tables.esim.c.purchased_on.desc(), tables.esim.c.esim_id)
        return [self._esim(row) for row in self._connection.execute(wanted.order_by(*order))]

    def counts(self) -> Counter[tuple[str, str, str, bool]]:
        """Return how many there are by product, step and standing, and whether linked."""
        c = tables.esim.c
        wanted = sa.select(c.product, c.step, c.standing, c.owner.is_(None), sa.func.count())
        grouped = wanted.group_by(c.product, c.step, c.standing, c.owner.is_(None))
        return Counter(
            {
                (product, step, standing, not unlinked): count
                for product, step, standing, unlinked, count in self._connection.execute(grouped)
            }
        )

    def keep_iccid(self, esim_id: EsimId, iccid: Iccid) -> None:
        """Remember what the provider calls the profile."""
        self._update(
            esim_id,
            {
                "iccid": self._seal("iccid", esim_id, iccid),
                "iccid_hash": self._hashed("iccid", iccid.encode()),
            },
        )

    def keep_matching_id(self, esim_id: EsimId, matching_id: str) -> None:
        """Remember the id before the provider is given it."""
        self._update(esim_id, {"matching_id": self._seal("matching_id", esim_id, matching_id)})

    def keep_code(self, esim_id: EsimId, code: str) -> None:
        """Remember the activation code until it is installed."""
        self._update(esim_id, {"code": self._seal("code", esim_id, code)})

    def keep_retrieval_code(self, esim_id: EsimId, code: bytes | None) -> None:
        """Remember only the hash of the code that finds an unlinked eSIM."""
        hashed = None if code is None else self._hashed("retrieval code", code)
        self._update(esim_id, {"retrieval_hash": hashed})

    def forget_token(self, esim_id: EsimId) -> None:
        """Forget which token made it: the token is spent, so nothing joins the two any more."""
        self._update(esim_id, {"token_hash": None})

    def iccid(self, esim_id: EsimId) -> Iccid | None:
        """Return what the provider calls the profile, once it is ordered."""
        opened = self._open("iccid", esim_id)
        return None if opened is None else Iccid(opened)

    def matching_id(self, esim_id: EsimId) -> str | None:
        """Return the id that the provider was or will be given."""
        return self._open("matching_id", esim_id)

    def code(self, esim_id: EsimId) -> str | None:
        """Return the activation code, until it is installed."""
        return self._open("code", esim_id)

    def delete(self, esim_id: EsimId) -> None:
        """Delete the record."""
        self._connection.execute(tables.esim.delete().where(tables.esim.c.esim_id == esim_id))

    def count(self, provider: str, event: str, now_seconds: int, amount: int = 1) -> None:
        """Count something of nobody in particular."""
        period = now_seconds - now_seconds % TALLY_PERIOD_SECONDS
        key = {"period": period, "provider": provider, "event": event}
        add_to_counter(self._connection, tables.tally, key, column="amount", amount=amount)

    def tallies(self) -> list[tuple[int, str, str, int]]:
        """Return what was counted: period, provider, event, amount."""
        wanted = tables.tally.select().order_by(*tables.tally.primary_key)
        return [(r.period, r.provider, r.event, r.amount) for r in self._connection.execute(wanted)]

    def note(self, note: SupportNote) -> None:
        """Keep a support note."""
        row = {
            "reference": note.reference,
            "concern": note.concern.value,
            "product": note.product,
            "profile": note.profile.value,
            "commercial": note.commercial.value,
            "association": note.association.value,
            "noted_on": note.noted_on,
        }
        self._connection.execute(tables.support_note.insert().values(row))

    def notes(self, reference: str | None = None) -> list[SupportNote]:
        """Return the support notes, or the one of a reference."""
        wanted = tables.support_note.select().order_by(*tables.support_note.primary_key)
        if reference is not None:
            wanted = wanted.where(tables.support_note.c.reference == reference)
        return [_note(row) for row in self._connection.execute(wanted)]

    def _changing(self, esim: Esim) -> dict[str, Any]:
        told = msgspec.json.encode({kind.value: at for kind, at in esim.history.items()})
        return {
            "owner": esim.owner,
            "step": esim.step.value,
            "standing": esim.standing.value,
            "replaces": esim.replaces,
            "refusals": esim.refusals,
            "history": self._seals["esim.history"].seal(told, esim.esim_id),
            "purge_at": esim.purge_at,
        }

    def _update(self, esim_id: EsimId, changes: dict[str, Any]) -> None:
        one = tables.esim.update().where(tables.esim.c.esim_id == esim_id)
        self._connection.execute(one.values(changes))

    def _one(self, condition: sa.ColumnElement[bool]) -> Esim | None:
        wanted = sa.select(tables.esim).where(condition)
        if self._locks:
            wanted = wanted.with_for_update()
        row = self._connection.execute(wanted).first()
        return None if row is None else self._esim(row)

    def _esim(self, row: sa.Row[Any]) -> Esim:
        return Esim(
            esim_id=EsimId(row.esim_id),
            owner=None if row.owner is None else OwnerRef(row.owner),
            plan=Plan(row.product, row.provider, row.item, row.days),
            step=Step(row.step),
            standing=Standing(row.standing),
            history=self._history(row),
            purchased_on=row.purchased_on,
            notice_version=row.notice_version,
            notice_at=row.notice_at,
            replaces=None if row.replaces is None else EsimId(row.replaces),
            replacements=row.replacements,
            refusals=row.refusals,
            has_code=row.code is not None or row.matching_id is not None,
            purge_at=row.purge_at,
        )

    def _history(self, row: sa.Row[Any]) -> History:
        opened = self._seals["esim.history"].open(row.history, row.esim_id)
        return {Told(kind): at for kind, at in msgspec.json.decode(opened).items()}

    def _seal(self, column: str, esim_id: EsimId, value: str) -> bytes:
        return self._seals[f"esim.{column}"].seal(value.encode(), esim_id)

    def _open(self, column: str, esim_id: EsimId) -> str | None:
        wanted = sa.select(tables.esim.c[column]).where(tables.esim.c.esim_id == esim_id)
        sealed = self._connection.execute(wanted).scalar()
        if sealed is None:
            return None
        return self._seals[f"esim.{column}"].open(sealed, esim_id).decode()

    def _hashed(self, what: str, value: bytes) -> bytes:
        return _hash(self._hash_keys[what], value)


def _hash(key: bytes, value: bytes) -> bytes:
    return hmac.new(key, value, hashlib.sha256).digest()


def _note(row: sa.Row[Any]) -> SupportNote:
    return SupportNote(
        row.reference,
        Concern(row.concern),
        row.product,
        ProfileState(row.profile),
        CommercialState(row.commercial),
        Association(row.association),
        row.noted_on,
    )
