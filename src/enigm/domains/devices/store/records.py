"""The questions and changes that actions put to the devices' tables."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import Connection, Table, delete, func, insert, select, update

from enigm.domains.devices.model import (
    DeviceId,
    DeviceOfOwner,
    DirectoryName,
    Enrolment,
    ListedDevice,
    OwnerRef,
    Trust,
)
from enigm.domains.devices.store import tables
from enigm.foundation.database import Database, insert_if_absent, insert_or_replace
from enigm.wire.device_chain import DeviceChain, Fingerprint

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

_OF_ONE_OWNER = (
    tables.key_package,
    tables.last_resort,
    tables.enrolment,
    tables.device,
    tables.chain_entry,
    tables.chain,
)


class DeviceStore:
    """Opens transactions on the devices' store."""

    def __init__(self, database: Database) -> None:
        """Keep the database."""
        self._database = database

    @contextmanager
    def begin(self) -> Generator[DeviceRecords]:
        """Open a transaction that may write."""
        with self._database.begin() as connection:
            yield DeviceRecords(connection)

    @contextmanager
    def read(self) -> Generator[DeviceRecords]:
        """Open a transaction that only reads."""
        with self._database.read() as connection:
            yield DeviceRecords(connection)


class DeviceRecords:
    """The devices' rows, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Wrap a connection; the store makes one per transaction."""
        self._connection = connection

    def owner_named(self, name: DirectoryName) -> OwnerRef | None:
        """Return who is listed under a name."""
        return self._owner_where(tables.chain.c.directory_name == name)

    def owner_of_root(self, fingerprint: bytes) -> OwnerRef | None:
        """Return whose root key this is."""
        return self._owner_where(tables.chain.c.fingerprint == fingerprint)

    def begin_chain(self, owner: OwnerRef, name: DirectoryName, chain: DeviceChain) -> None:
        """Make an owner's empty chain, unless it stands."""
        row = {
            "owner": owner,
            "directory_name": name,
            "fingerprint": chain.fingerprint,
            "root_public": chain.root_public,
        }
        insert_if_absent(self._connection, tables.chain, row)

    def chain(self, owner: OwnerRef) -> DeviceChain | None:
        """Return an owner's chain. Every entry was verified before it was written."""
        row = self._connection.execute(
            select(tables.chain).where(tables.chain.c.owner == owner)
        ).first()
        if row is None:
            return None
        entries = tuple(
            self._connection.execute(
                select(tables.chain_entry.c.entry)
                .where(tables.chain_entry.c.owner == owner)
                .order_by(tables.chain_entry.c.sequence)
            ).scalars()
        )
        return _restored(row.root_public, row.fingerprint, entries)

    def add_entry(self, owner: OwnerRef, sequence: int, entry: bytes) -> bool:
        """Add a verified entry; False where another one has taken its place meanwhile."""
        row = {"owner": owner, "sequence": sequence, "entry": entry}
        return insert_if_absent(self._connection, tables.chain_entry, row)

    def trust(self, owner: OwnerRef, device: DeviceOfOwner, card: bytes) -> None:
        """Make a device trusted; it waits no more."""
        row = {
            "owner": owner,
            "device_id": device.device_id,
            "device_public": device.device_public,
            "is_revoked": 0,
            "card": card,
        }
        insert_or_replace(self._connection, tables.device, row, key=["owner", "device_id"])
        self.end_enrolment(owner, device.device_id)

    def revoke(self, owner: OwnerRef, device_id: DeviceId) -> None:
        """Mark a device as revoked, and erase what let others reach it."""
        self._connection.execute(
            update(tables.device)
            .where(_is(tables.device, owner, device_id))
            .values(is_revoked=1, card=None)
        )
        for table in (tables.key_package, tables.last_resort):
            self._connection.execute(delete(table).where(_is(table, owner, device_id)))

    def device(self, owner: OwnerRef, device_id: DeviceId) -> DeviceOfOwner | None:
        """Return a device that the owner's chain names."""
        row = self._connection.execute(
            select(tables.device.c.device_public, tables.device.c.is_revoked).where(
                _is(tables.device, owner, device_id)
            )
        ).first()
        if row is None:
            return None
        trust = Trust.REVOKED if row.is_revoked else Trust.TRUSTED
        return DeviceOfOwner(device_id, row.device_public, trust)

    def set_card(self, owner: OwnerRef, device_id: DeviceId, card: bytes) -> None:
        """Replace a device's contact card."""
        self._connection.execute(
            update(tables.device)
            .where(_is(tables.device, owner, device_id), tables.device.c.is_revoked == 0)
            .values(card=card)
        )

    def enrol(self, owner: OwnerRef, device_id: DeviceId, waiting: Enrolment, end: int) -> None:
        """Let a device wait, or wait anew."""
        row = {
            "owner": owner,
            "device_id": device_id,
            "device_public": waiting.device_public,
            "card": waiting.card,
            "requested_at": waiting.requested_at,
            "expires_at": end,
        }
        insert_or_replace(self._connection, tables.enrolment, row, key=["owner", "device_id"])

    def enrolment(self, owner: OwnerRef, device_id: DeviceId, now: int) -> Enrolment | None:
        """Return a device that waits."""
        row = self._connection.execute(
            select(tables.enrolment).where(
                _is(tables.enrolment, owner, device_id), tables.enrolment.c.expires_at > now
            )
        ).first()
        return None if row is None else Enrolment(row.device_public, row.requested_at, row.card)

    def enrolments(self, owner: OwnerRef, now: int) -> list[Enrolment]:
        """Return every device that waits, longest first."""
        rows = self._connection.execute(
            select(tables.enrolment)
            .where(tables.enrolment.c.owner == owner, tables.enrolment.c.expires_at > now)
            .order_by(tables.enrolment.c.requested_at, tables.enrolment.c.device_id)
        )
        return [Enrolment(row.device_public, row.requested_at, row.card) for row in rows]

    def end_enrolment(self, owner: OwnerRef, device_id: DeviceId) -> bool:
        """Let a device wait no more; False where it did not."""
        ended = self._connection.execute(
            delete(tables.enrolment).where(_is(tables.enrolment, owner, device_id))
        )
        return ended.rowcount == 1

    def count_key_packages(self, owner: OwnerRef, device_id: DeviceId) -> int:
        """Return how many key packages a device has left to hand out."""
        statement = select(func.count()).where(_is(tables.key_package, owner, device_id))
        return self._connection.execute(statement).scalar_one()

    def add_key_packages(
        self, owner: OwnerRef, device_id: DeviceId, packages: Sequence[bytes]
    ) -> None:
        """Keep key packages to hand out, each once."""
        rows = [
            {"owner": owner, "device_id": device_id, "key_package": package} for package in packages
        ]
        if rows:
            self._connection.execute(insert(tables.key_package), rows)

    def set_last_resort(self, owner: OwnerRef, device_id: DeviceId, package: bytes) -> None:
        """Keep the key package that is handed out when no other is left, again and again."""
        row = {"owner": owner, "device_id": device_id, "key_package": package}
        insert_or_replace(self._connection, tables.last_resort, row, key=["owner", "device_id"])

    def take_key_package(self, owner: OwnerRef, device_id: DeviceId) -> bytes | None:
        """Return a device's oldest key package, which nobody gets again, or its last resort."""
        oldest = (
            select(tables.key_package.c.number)
            .where(_is(tables.key_package, owner, device_id))
            .order_by(tables.key_package.c.number)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        taken = self._connection.execute(
            delete(tables.key_package)
            .where(tables.key_package.c.number == oldest)
            .returning(tables.key_package.c.key_package)
        ).scalar()
        if taken is not None:
            return taken
        return self._connection.execute(
            select(tables.last_resort.c.key_package).where(
                _is(tables.last_resort, owner, device_id)
            )
        ).scalar()

    def listed(self, owner: OwnerRef) -> list[ListedDevice]:
        """Return an owner's trusted devices with their cards."""
        rows = self._connection.execute(
            select(tables.device)
            .where(tables.device.c.owner == owner, tables.device.c.is_revoked == 0)
            .order_by(tables.device.c.device_id)
        )
        return [ListedDevice(row.device_public, row.card, None) for row in rows]

    def use_nonce(self, nonce_hash: bytes, expires_at: int) -> bool:
        """Remember a nonce; False where it was used before."""
        row = {"nonce_hash": nonce_hash, "expires_at": expires_at}
        return insert_if_absent(self._connection, tables.nonce, row)

    def erase(self, owner: OwnerRef) -> None:
        """Erase every row of an owner."""
        for table in _OF_ONE_OWNER:
            self._connection.execute(delete(table).where(table.c.owner == owner))

    def _owner_where(self, condition: sa.ColumnElement[bool]) -> OwnerRef | None:
        found = self._connection.execute(select(tables.chain.c.owner).where(condition)).scalar()
        return None if found is None else OwnerRef(found)


def _is(table: Table, owner: OwnerRef, device_id: DeviceId) -> sa.ColumnElement[bool]:
    columns: Any = table.c
    return sa.and_(columns.owner == owner, columns.device_id == device_id)


def _restored(root_public: bytes, fingerprint: bytes, entries: tuple[bytes, ...]) -> DeviceChain:
    chain = DeviceChain(root_public, Fingerprint(fingerprint))
    for octets in entries:
        chain = chain.append_verified(octets)
    return chain
