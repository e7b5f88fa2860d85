"""Three axes, each its own; whatever order notices come in, they end in the same state."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.domains.esim import rules
from enigm.domains.esim.errors import EsimStateError, ReplacementsSpentError
from enigm.domains.esim.model import (
    NOTHING_TOLD,
    CommercialState,
    Deed,
    DeviceAnswers,
    Esim,
    EsimId,
    Fault,
    OwnerRef,
    Plan,
    ProfileState,
    Standing,
    Step,
    Told,
)

if TYPE_CHECKING:
    from enigm.domains.esim.model import History

BOUGHT = 1_795_000_000
NOW = BOUGHT + 10 * rules.SECONDS_PER_DAY
DEFAULTS = {
    "esim_id": EsimId(b"e" * 16),
    "owner": OwnerRef(b"o" * 32),
    "plan": Plan("sim-5", "es2plus", "data", 30),
    "step": Step.RELEASED,
    "standing": Standing.LIVE,
    "history": NOTHING_TOLD,
    "purchased_on": BOUGHT,
    "notice_version": 1,
    "notice_at": BOUGHT,
    "replaces": None,
    "replacements": 0,
    "refusals": 0,
    "has_code": True,
    "purge_at": 0,
}


def an_esim(**changes: object) -> Esim:
    return Esim(**(DEFAULTS | changes))  # pyright: ignore[reportArgumentType]


def history_of(*told: tuple[Told, int]) -> History:
    history = NOTHING_TOLD
    for kind, at in told:
        history = rules.merged(history, kind, at)
    return history


notices = st.lists(
    st.tuples(st.sampled_from(Told), st.integers(BOUGHT, BOUGHT + 6)), min_size=1, max_size=12
)


@pytest.mark.requirement("SIM-04")
@given(notices, st.data())
def test_duplicated_and_reversed_notices_end_in_the_same_state(
    told: list[tuple[Told, int]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(told + data.draw(st.lists(st.sampled_from(told)))))
    one, other = (an_esim(history=history_of(*each)) for each in (told, shuffled))
    assert rules.status_of(one, NOW) == rules.status_of(other, NOW)
    assert rules.purge_at(one) == rules.purge_at(other)
    assert rules.was_installed(one) == rules.was_installed(other)


@pytest.mark.requirement("SIM-04")
def test_every_order_of_a_whole_life_ends_in_its_last_state() -> None:
    life = [
        (Told.DOWNLOAD_FAILED, 10),
        (Told.DOWNLOADED, 20),
        (Told.INSTALLED, 30),
        (Told.ENABLED, 40),
        (Told.DISABLED, 50),
        (Told.DELETED, 60),
    ]
    ends = set[object]()
    for length in range(1, len(life) + 1):
        ends = {
            rules.profile_of(Step.RELEASED, history_of(*order))
            for order in itertools.permutations(life[:length])
        }
        assert len(ends) == 1, life[:length]
    assert ends == {(ProfileState.DELETED, None)}


@pytest.mark.parametrize(
    ("step", "told", "state", "fault"),
    [
        (Step.REQUESTED, (), ProfileState.AVAILABLE, None),
        (Step.ORDERED, (), ProfileState.ALLOCATED, None),
        (Step.CONFIRMING, (), ProfileState.ALLOCATED, None),
        (Step.CONFIRMED, (), ProfileState.CONFIRMED, None),
        (Step.RELEASED, (), ProfileState.RELEASED, None),
        (Step.CANCELLED, (), ProfileState.UNAVAILABLE, None),
        (Step.RELEASED, ((Told.NOT_ELIGIBLE, 1),), ProfileState.ERROR, Fault.ELIGIBILITY),
        (Step.RELEASED, ((Told.CODE_FAILED, 1),), ProfileState.ERROR, Fault.CONFIRMATION_CODE),
        (Step.RELEASED, ((Told.DOWNLOAD_FAILED, 1),), ProfileState.ERROR, Fault.DOWNLOAD),
        (
            Step.RELEASED,
            ((Told.DOWNLOADED, 1), (Told.INSTALL_FAILED, 1)),
            ProfileState.ERROR,
            Fault.INSTALL,
        ),
        (
            Step.RELEASED,
            ((Told.DOWNLOAD_FAILED, 1), (Told.DOWNLOADED, 2)),
            ProfileState.DOWNLOADED,
            None,
        ),
        # A late word of the download does not take an installed profile back.
        (
            Step.RELEASED,
            ((Told.INSTALLED, 2), (Told.DOWNLOADED, 3)),
            ProfileState.INSTALLED,
            None,
        ),
        # Deleted is not the end everywhere: some release the same profile anew.
        (Step.RELEASED, ((Told.DELETED, 2), (Told.RESET, 3)), ProfileState.RELEASED, None),
        (
            Step.RELEASED,
            ((Told.DELETED, 2), (Told.RESET, 3), (Told.DOWNLOADED, 4)),
            ProfileState.DOWNLOADED,
            None,
        ),
        (Step.RELEASED, ((Told.WITHDRAWN, 2),), ProfileState.UNAVAILABLE, None),
        (Step.RELEASED, ((Told.WITHDRAWN, 2), (Told.RESET, 3)), ProfileState.RELEASED, None),
        # It is on a phone, so it is, whatever we cancelled meanwhile.
        (Step.CANCELLED, ((Told.INSTALLED, 2),), ProfileState.INSTALLED, None),
    ],
)
def test_the_profile_axis(
    step: Step, told: tuple[tuple[Told, int], ...], state: ProfileState, fault: Fault | None
) -> None:
    assert rules.profile_of(step, history_of(*told)) == (state, fault)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"step": Step.ORDERED}, CommercialState.PURCHASED),
        ({}, CommercialState.ACTIVATION_READY),
        ({"history": {Told.INSTALLED: BOUGHT}}, CommercialState.ACTIVE),
        ({"history": {Told.PLAN_ACTIVE: BOUGHT}}, CommercialState.ACTIVE),
        (
            {"history": {Told.PLAN_ACTIVE: 1, Told.PLAN_SUSPENDED: 2}},
            CommercialState.SUSPENDED,
        ),
        (
            {"history": {Told.PLAN_ACTIVE: 3, Told.PLAN_SUSPENDED: 2}},
            CommercialState.ACTIVE,
        ),
        (
            {"history": {Told.PLAN_USED_UP: 1, Told.PLAN_ACTIVE: 2}},
            CommercialState.USED_UP,
        ),
        (
            {"history": {Told.PLAN_USED_UP: 1, Told.PLAN_EXPIRED: 2}},
            CommercialState.EXPIRED,
        ),
        ({"standing": Standing.RETIRED}, CommercialState.RETIRED),
        ({"standing": Standing.REPLACED}, CommercialState.REPLACED),
        ({"standing": Standing.REFUNDED}, CommercialState.REFUNDED),
    ],
)
def test_the_commercial_axis(changes: dict[str, object], state: CommercialState) -> None:
    assert rules.commercial_of(an_esim(**changes), NOW) is state


def test_a_plan_ends_by_itself_after_its_days_or_where_nobody_installs_it() -> None:
    waiting, used = an_esim(), an_esim(history={Told.INSTALLED: NOW})
    last = BOUGHT + rules.INSTALL_WITHIN_DAYS * rules.SECONDS_PER_DAY
    assert rules.commercial_of(waiting, last - 1) is CommercialState.ACTIVATION_READY
    assert rules.commercial_of(waiting, last) is CommercialState.EXPIRED
    assert rules.ends_at(used) == NOW + 30 * rules.SECONDS_PER_DAY
    assert rules.purge_at(used) == rules.day_of(NOW + 60 * rules.SECONDS_PER_DAY)


def test_an_association_changes_neither_of_the_other_axes() -> None:
    linked, unlinked = an_esim(), an_esim(owner=None)
    one, other = rules.status_of(linked, NOW), rules.status_of(unlinked, NOW)
    assert (one.profile, one.commercial) == (other.profile, other.commercial)
    assert one.association is not other.association


@pytest.mark.requirement("SIM-04")
@pytest.mark.parametrize("deed", [each for each in Deed if each is not Deed.DELETE])
def test_no_deed_but_deletion_is_left_when_one_has_ended(deed: Deed) -> None:
    ended = an_esim(owner=None, standing=Standing.RETIRED, has_code=False)
    with pytest.raises(EsimStateError):
        rules.require(deed, ended, NOW)


def test_one_is_taken_back_only_before_a_phone_has_it() -> None:
    assert Deed.TAKE_BACK in rules.deeds_of(an_esim(), NOW)
    downloaded = an_esim(history={Told.DOWNLOADED: BOUGHT})
    assert Deed.TAKE_BACK not in rules.deeds_of(downloaded, NOW)


def test_one_purchase_is_replaced_only_so_often() -> None:
    rules.require(Deed.REPLACE, an_esim(), NOW)
    with pytest.raises(ReplacementsSpentError):
        rules.require(Deed.REPLACE, an_esim(replacements=rules.REPLACEMENTS_MAX), NOW)


@pytest.mark.requirement("SIM-11")
def test_a_device_is_eligible_by_what_its_owner_sees_on_it() -> None:
    good = DeviceAnswers(
        shows_an_eid=True,
        is_locked_to_a_carrier=False,
        has_room_for_a_profile=True,
        is_allowed_to_install=True,
    )
    assert rules.eligibility_of(good).is_eligible
    bad = rules.eligibility_of(
        DeviceAnswers(
            shows_an_eid=False,
            is_locked_to_a_carrier=True,
            has_room_for_a_profile=False,
            is_allowed_to_install=False,
        )
    )
    assert not bad.is_eligible
    assert len(bad.obstacles) == 4
