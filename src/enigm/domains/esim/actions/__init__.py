"""What can be done with eSIMs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from enigm.domains.esim.actions.activating import Activating
from enigm.domains.esim.actions.answering import Answering
from enigm.domains.esim.actions.desk import Desk, Provided
from enigm.domains.esim.actions.ending import Ending
from enigm.domains.esim.actions.hearing import Hearing
from enigm.domains.esim.actions.ordering import Ordering
from enigm.domains.esim.actions.purchasing import Purchasing
from enigm.domains.esim.actions.reading import Reading
from enigm.domains.esim.actions.retrieving import Retrieving
from enigm.foundation.limits import Budgets, Limit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["ASKS", "Desk", "Esims", "Provided", "esims_of"]

# A person who looks again and again costs the provider little; a script that looks is stopped.
ASKS: Final = Limit("esim.asks", 30, 3600)


@dataclass(frozen=True, slots=True)
class Esims:
    """Every action, for faces and assembly."""

    purchasing: Purchasing
    activating: Activating
    reading: Reading
    ending: Ending
    retrieving: Retrieving
    answering: Answering
    hearing: Hearing


def esims_of(desk: Desk, limits: Mapping[str, int], after_erasure: Callable[[], None]) -> Esims:
    """Return the actions over a desk; ``after_erasure`` takes deleted bytes out of the files."""
    ordering, hearing, ending = Ordering(desk), Hearing(desk), Ending(desk, after_erasure)
    asks = Budgets(ASKS.overridden(limits), desk.clock, desk.entropy)
    return Esims(
        purchasing=Purchasing(desk, ordering),
        activating=Activating(desk, ordering),
        reading=Reading(desk, hearing, asks),
        ending=ending,
        retrieving=Retrieving(desk, ending),
        answering=Answering(desk),
        hearing=hearing,
    )
