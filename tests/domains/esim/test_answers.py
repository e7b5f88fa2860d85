"""Support and disclosure get lifecycle data, because there is nothing else to give."""

from __future__ import annotations

import dataclasses
import types
import typing
from enum import StrEnum

import pytest

from enigm.domains.esim import model
from enigm.domains.esim.errors import EsimUnknownError
from enigm.domains.esim.model import (
    CommercialState,
    Concern,
    Deed,
    Disclosure,
    Iccid,
    ProfileState,
    SupportNote,
)
from tests.support.esim_world import ADA, BEN, EsimWorld, Leave

# The list that the public documents give, and no more.
LISTED = {
    "purchase",
    "entitlement",
    "account_association",
    "activation",
    "unlinking",
    "deletion",
    "support_records",
}


def leaves_of(kind: object) -> set[object]:
    """Return the plain types that a type can hold, all the way down."""
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) in (tuple, typing.Union):
        return {leaf for part in typing.get_args(kind) for leaf in leaves_of(part)} - {Ellipsis}
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind, dict(vars(model)))
        return {leaf for each in hints.values() for leaf in leaves_of(each)}
    return {kind}


@pytest.mark.requirement("SIM-10")
def test_a_disclosure_has_the_listed_fields_and_can_hold_only_states() -> None:
    hints = typing.get_type_hints(Disclosure, dict(vars(model)))
    assert hints.keys() == LISTED
    notes = leaves_of(SupportNote)
    others = {leaf for name in LISTED - {"support_records"} for leaf in leaves_of(hints[name])}
    assert all(
        leaf in (bool, type(None)) or (isinstance(leaf, type) and issubclass(leaf, StrEnum))
        for leaf in others
    )
    # Of a support note its reference, product and day are free of the list; they name nobody.
    assert {leaf for leaf in notes if not isinstance(leaf, type) or leaf in (str, int)} == {
        str,
        int,
    }
    assert bytes not in notes | others


@pytest.mark.requirement("SIM-10")
def test_a_disclosure_says_what_is_held_and_that_it_was_answered(esim_world: EsimWorld) -> None:
    status = esim_world.installed()
    iccid = esim_world.iccid(status.esim_id)
    answering = esim_world.esims.answering
    assert answering.disclose(iccid, None) == Disclosure(
        purchase=True,
        entitlement=CommercialState.ACTIVE,
        account_association=True,
        activation=ProfileState.INSTALLED,
        unlinking=False,
        deletion=False,
        support_records=(),
    )
    assert esim_world.around.recorded[-1] == (Deed.DISCLOSE.value, None)
    code = esim_world.esims.ending.unlink(ADA, status.esim_id, Leave())
    unlinked = answering.disclose(iccid, None)
    assert (unlinked.account_association, unlinked.unlinking) == (False, True)
    esim_world.esims.retrieving.delete(code)
    gone = answering.disclose(iccid, None)
    assert gone == answering.disclose(Iccid("8949000000000099999"), None)
    assert (gone.purchase, gone.deletion) == (False, True)


@pytest.mark.requirement("SIM-11")
def test_a_support_note_holds_states_and_names_nobody(esim_world: EsimWorld) -> None:
    status = esim_world.ready()
    answering = esim_world.esims.answering
    note = answering.leave_note(ADA, status.esim_id, Concern.CANNOT_DOWNLOAD)
    assert note == answering.note(f" {note.reference.lower()} ")
    assert note.profile is ProfileState.RELEASED
    assert note.noted_on % 86_400 == 0
    assert answering.disclose(None, note.reference).support_records == (note,)
    with pytest.raises(EsimUnknownError):
        answering.note("AAAAAAAAAA")
    with pytest.raises(EsimUnknownError):
        answering.leave_note(BEN, status.esim_id, Concern.NO_DATA)


def test_counts_are_by_kind_and_of_nobody(esim_world: EsimWorld) -> None:
    esim_world.ready()
    esim_world.ready(BEN)
    unlinked = esim_world.installed()
    esim_world.esims.ending.unlink(ADA, unlinked.esim_id, Leave())
    assert dict(esim_world.esims.answering.counts()) == {
        ("sim-5", "released", "live", True): 2,
        ("sim-5", "released", "live", False): 1,
    }
