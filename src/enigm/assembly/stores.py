"""Every domain's store: what is opened, migrated, retained and inventoried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.accounts.store import DESIGN as ACCOUNTS
from enigm.domains.administration.store import DESIGN as ADMINISTRATION
from enigm.domains.attestation.store import DESIGN as ATTESTATION
from enigm.domains.audit.store import DESIGN as AUDIT
from enigm.domains.commerce.store import DESIGN as COMMERCE
from enigm.domains.devices.store import DESIGN as DEVICES
from enigm.domains.entitlements.store import DESIGN as ENTITLEMENTS
from enigm.domains.esim.store import DESIGN as ESIM
from enigm.domains.handles.store import DESIGN as HANDLES
from enigm.domains.invoices.store import DESIGN as INVOICES
from enigm.domains.messaging.store import DESIGN as MESSAGING
from enigm.domains.policy.store import DESIGN as POLICY
from enigm.domains.posture.store import DESIGN as POSTURE
from enigm.foundation.provision import provision
from enigm.foundation.stores import open_store

if TYPE_CHECKING:
    from enigm.foundation.database import Database
    from enigm.foundation.keyfile import Keys
    from enigm.foundation.settings import Settings
    from enigm.foundation.stores import StoreDesign

# By domain. A domain whose store is not here is found by tests/architecture/test_inventory.py.
DESIGNS: Final[dict[str, StoreDesign]] = {
    design.domain: design
    for design in (
        ACCOUNTS,
        ADMINISTRATION,
        ATTESTATION,
        AUDIT,
        COMMERCE,
        DEVICES,
        ESIM,
        ENTITLEMENTS,
        HANDLES,
        INVOICES,
        MESSAGING,
        POLICY,
        POSTURE,
    )
}


def open_stores(settings: Settings, keys: Keys, names: list[str]) -> dict[str, Database]:
    """Open and migrate these domains' stores, preparing the database first where asked to."""
    if settings.database_url and settings.database_admin_url:
        provision(settings.database_admin_url, sorted(DESIGNS), keys)
    return {name: open_store(DESIGNS[name], settings, keys) for name in names}
