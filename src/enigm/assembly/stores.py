"""The list of every domain's store: what is opened, migrated, retained and inventoried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.accounts.store import DESIGN as ACCOUNTS
from enigm.domains.audit.store import DESIGN as AUDIT
from enigm.domains.devices.store import DESIGN as DEVICES
from enigm.domains.handles.store import DESIGN as HANDLES
from enigm.domains.messaging.store import DESIGN as MESSAGING
from enigm.domains.policy.store import DESIGN as POLICY

if TYPE_CHECKING:
    from enigm.foundation.stores import StoreDesign

# By domain. A domain whose store is not here is found by tests/architecture/test_inventory.py.
DESIGNS: Final[dict[str, StoreDesign]] = {
    design.domain: design for design in (ACCOUNTS, AUDIT, DEVICES, HANDLES, MESSAGING, POLICY)
}
