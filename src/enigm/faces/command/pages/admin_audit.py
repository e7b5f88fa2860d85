"""The audit log as an administrator's role reads it: each record with its proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from litestar import Response, get
from litestar.params import Parameter

from enigm.domains.administration.model import Deed
from enigm.domains.administration.model import Role as AdministratorRole
from enigm.domains.audit.actions.proving import Inclusion, Published
from enigm.domains.audit.model import Category, OpenedRecord, RecordPayload, Role
from enigm.faces.command.administration import Desk, GivenDesk, acting, actor_of, show
from enigm.faces.command.parts import Asked, Shown
from enigm.foundation.access import administrative
from enigm.foundation.encoding import base64url_encode
from enigm.foundation.errors import InvalidError

# One page looks at so many entries of the log, whatever their category.
PAGE_ENTRIES: Final = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A record as the page shows it."""

    number: int
    record: RecordPayload
    nonce: str
    inclusion: Inclusion | None


@get("/audit", opt=administrative(Deed.AUDIT_READ), sync_to_thread=True)
def read_audit(
    request: Asked,
    desk: GivenDesk,
    pages: Shown,
    category: str = "administration",
    before: Annotated[int | None, Parameter(ge=1)] = None,
) -> Response[str]:
    """Show a category's records, the newest first, each proved; the reading is recorded."""
    role = role_in_records(acting(request).administrator.role)
    try:
        wanted = Category[category.upper()]
    except KeyError as error:
        raise InvalidError("command.category", "There is no such kind of record.") from error
    end = min(before or desk.audit.size, desk.audit.size)
    start = max(0, end - PAGE_ENTRIES)
    reader = actor_of(request, desk)
    opened = [each for each in desk.audit.read(role, wanted, start, reader) if each.number < end]
    published = desk.proofs.published()
    rows = _rows(desk, opened, published)
    readable = sorted(desk.audit.readable(role))
    return show(
        request,
        pages,
        "admin_audit.html",
        rows=rows,
        wanted=wanted.name.lower(),
        categories=[each.name.lower() for each in readable],
        published=published,
        older=start,
        size=desk.audit.size,
    )


def role_in_records(role: AdministratorRole) -> Role:
    """Return in what capacity an administrator reads: auditors all, others what operators may."""
    return Role.AUDITOR if role is AdministratorRole.AUDITOR else Role.OPERATOR


def _rows(desk: Desk, opened: list[OpenedRecord], published: Published | None) -> list[Row]:
    proofs = desk.proofs.prove(opened, published) if published else {}
    return [
        Row(
            each.number,
            msgspec.json.decode(each.payload, type=RecordPayload),
            base64url_encode(each.nonce),
            proofs.get(each.number),
        )
        for each in reversed(opened)
    ]


HANDLERS = (read_audit,)
