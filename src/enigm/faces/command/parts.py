"""What Command is put together with: the actions that its pages ask for, and nothing beneath."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request
from litestar.params import Dependency

from enigm.domains.accounts.actions import Accounts
from enigm.domains.devices.actions.chains import Chains
from enigm.faces.command.rendering import Pages
from enigm.faces.command.sessions import Visits
from enigm.foundation.clock import Clock


@dataclass(frozen=True, slots=True)
class Parts:
    """Every domain's actions that a page needs."""

    accounts: Accounts
    chains: Chains
    visits: Visits
    clock: Clock


# Our own objects, made by the assembly: nothing of them is to be validated.
Given = Annotated[Parts, Dependency(skip_validation=True)]
Shown = Annotated[Pages, Dependency(skip_validation=True)]
Asked = Request[Any, Any, Any]
