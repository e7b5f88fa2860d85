"""What can be done with devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enigm.domains.devices.actions.chains import Chains
    from enigm.domains.devices.actions.directory import Directory
    from enigm.domains.devices.actions.enrolments import Enrolments
    from enigm.domains.devices.actions.trust import TrustCheck


@dataclass(frozen=True, slots=True)
class Devices:
    """Every deed, for the routes and the assembly."""

    chains: Chains
    enrolments: Enrolments
    trust: TrustCheck
    directory: Directory
