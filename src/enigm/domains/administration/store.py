"""What administration keeps: administrators, their passkeys and sessions, invitations, answers."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from enigm.domains.administration.model import (
    Administrator,
    AdministratorId,
    Invitation,
    Passkey,
    Role,
)
from enigm.foundation.database import insert_if_absent, store_metadata
from enigm.foundation.inventory import Category, kept, until, until_column
from enigm.foundation.stores import StoreDesign

metadata = store_metadata("administration")
_REVOCATION = until("the administrator is revoked")
_END = until_column("ends_at")
_SUBJECT = "whose it is: a random id"
_kept = partial(kept, Category.AUTHENTICATION)


def _ends_at(purpose: str) -> sa.Column[Any]:
    return _kept("ends_at", sa.BigInteger, purpose, _END, index=True)


administrator = sa.Table(
    "administrator",
    metadata,
    _kept("administrator_id", sa.LargeBinary(16), _SUBJECT, _REVOCATION, primary_key=True),
    _kept("role", sa.String(16), "what the administrator may do", _REVOCATION),
    _kept("label", sa.String(40), "the operator's word for them; may be empty", _REVOCATION),
    _kept("since", sa.BigInteger, "tells owners how old an enrolment is", _REVOCATION),
)

passkey = sa.Table(
    "passkey",
    metadata,
    _kept("credential_id", sa.LargeBinary, "finds the passkey", _REVOCATION, primary_key=True),
    _kept("administrator_id", sa.LargeBinary(16), _SUBJECT, _REVOCATION, index=True),
    _kept("public_key", sa.LargeBinary, "verifies what the passkey signs", _REVOCATION),
    _kept("sign_count", sa.BigInteger, "shows that a passkey was copied", _REVOCATION),
)

session = sa.Table(
    "session",
    metadata,
    _kept("token_hash", sa.LargeBinary(32), "recognises the session", _END, primary_key=True),
    _kept("administrator_id", sa.LargeBinary(16), _SUBJECT, _END, index=True),
    _kept("created_at", sa.BigInteger, "ends the session after eight hours", _END),
    _ends_at("when the session ends unless it is used"),
)

invitation = sa.Table(
    "invitation",
    metadata,
    _kept("token_hash", sa.LargeBinary(32), "recognises the link", _END, primary_key=True),
    _kept("administrator_id", sa.LargeBinary(16), "who it is to enrol: a random id", _END),
    _kept("role", sa.String(16), "what the administrator will do", _END),
    _kept("label", sa.String(40), "the operator's word for them; may be empty", _END),
    _ends_at("when the link ends"),
)

answered = sa.Table(
    "answered",
    metadata,
    _kept("challenge_hash", sa.LargeBinary(32), "refuses a replay", _END, primary_key=True),
    _ends_at("when the challenge ends by itself"),
)

DESIGN = StoreDesign(metadata, Path(__file__).parent / "migrations" / "versions")


def invite(connection: sa.Connection, token_hash: bytes, invited: Invitation) -> None:
    """Write an invitation."""
    row = {
        "token_hash": token_hash,
        "administrator_id": invited.administrator_id,
        "role": invited.role.value,
        "label": invited.label,
        "ends_at": invited.ends_at,
    }
    connection.execute(invitation.insert().values(row))


def find_invitation(connection: sa.Connection, token_hash: bytes, now: int) -> Invitation | None:
    """Return a living invitation."""
    c = invitation.c
    wanted = invitation.select().where(c.token_hash == token_hash, c.ends_at > now)
    row = connection.execute(wanted.with_for_update()).first()
    return _invitation(row) if row else None


def invitations(connection: sa.Connection, now: int) -> list[Invitation]:
    """Return every living invitation."""
    wanted = invitation.select().where(invitation.c.ends_at > now).order_by(invitation.c.ends_at)
    return [_invitation(row) for row in connection.execute(wanted)]


def forget_invitation(connection: sa.Connection, administrator_id: AdministratorId) -> bool:
    """Take an invitation back, or use it up; say whether there was one."""
    mine = invitation.c.administrator_id == administrator_id
    return connection.execute(invitation.delete().where(mine)).rowcount == 1


def add(connection: sa.Connection, enrolled: Administrator, key: Passkey) -> bool:
    """Write an administrator with the passkey; say whether the passkey was new."""
    row = {
        "administrator_id": enrolled.administrator_id,
        "role": enrolled.role.value,
        "label": enrolled.label,
        "since": enrolled.since,
    }
    connection.execute(administrator.insert().values(row))
    kept = {
        "credential_id": key.credential_id,
        "administrator_id": key.administrator_id,
        "public_key": key.public_key,
        "sign_count": key.sign_count,
    }
    return insert_if_absent(connection, passkey, kept)


def administrators(connection: sa.Connection, *, to_change: bool = False) -> list[Administrator]:
    """Return every administrator, the oldest first."""
    wanted = administrator.select().order_by(administrator.c.since, administrator.c.label)
    wanted = wanted.with_for_update() if to_change else wanted
    return [_administrator(row) for row in connection.execute(wanted)]


def find(connection: sa.Connection, administrator_id: AdministratorId) -> Administrator | None:
    """Return one administrator."""
    mine = administrator.c.administrator_id == administrator_id
    row = connection.execute(administrator.select().where(mine)).first()
    return _administrator(row) if row else None


def forget(connection: sa.Connection, administrator_id: AdministratorId) -> None:
    """Delete an administrator with passkeys and sessions."""
    for table in (session, passkey, administrator):
        mine = table.c.administrator_id == administrator_id
        connection.execute(table.delete().where(mine))


def find_passkey(connection: sa.Connection, credential_id: bytes) -> Passkey | None:
    """Return a passkey, to change its count in the same transaction."""
    wanted = passkey.select().where(passkey.c.credential_id == credential_id).with_for_update()
    row = connection.execute(wanted).first()
    if row is None:
        return None
    owner = AdministratorId(row.administrator_id)
    return Passkey(row.credential_id, owner, row.public_key, row.sign_count)


def set_count(connection: sa.Connection, credential_id: bytes, count: int) -> None:
    """Keep what a passkey counted to."""
    mine = passkey.c.credential_id == credential_id
    connection.execute(passkey.update().where(mine).values(sign_count=count))


def keep_answer(connection: sa.Connection, challenge_hash: bytes, ends_at: int) -> bool:
    """Use a challenge up; say whether it was still to be used."""
    return insert_if_absent(
        connection, answered, {"challenge_hash": challenge_hash, "ends_at": ends_at}
    )


def open_session(
    connection: sa.Connection, token_hash: bytes, who: AdministratorId, now: int, ends_at: int
) -> None:
    """Write a session."""
    row = {
        "token_hash": token_hash,
        "administrator_id": who,
        "created_at": now,
        "ends_at": ends_at,
    }
    connection.execute(session.insert().values(row))


def find_session(
    connection: sa.Connection, token_hash: bytes, now: int
) -> tuple[Administrator, int, int] | None:
    """Return whose living session it is, when it began, and when it ends."""
    wanted = (
        sa.select(administrator, session.c.created_at, session.c.ends_at)
        .join(session, session.c.administrator_id == administrator.c.administrator_id)
        .where(session.c.token_hash == token_hash, session.c.ends_at > now)
    )
    row = connection.execute(wanted).first()
    return (_administrator(row), row.created_at, row.ends_at) if row else None


def prolong(connection: sa.Connection, token_hash: bytes, ends_at: int) -> None:
    """Let a session live longer."""
    mine = session.c.token_hash == token_hash
    connection.execute(session.update().where(mine).values(ends_at=ends_at))


def end_session(connection: sa.Connection, token_hash: bytes) -> None:
    """Delete a session."""
    connection.execute(session.delete().where(session.c.token_hash == token_hash))


def _administrator(row: sa.Row[Any]) -> Administrator:
    return Administrator(
        AdministratorId(row.administrator_id), Role(row.role), row.label, row.since
    )


def _invitation(row: sa.Row[Any]) -> Invitation:
    return Invitation(AdministratorId(row.administrator_id), Role(row.role), row.label, row.ends_at)
