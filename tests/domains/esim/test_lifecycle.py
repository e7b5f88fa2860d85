"""Buy, activate, show, replace: against a real SM-DP+ over real TLS, stopped anywhere."""

from __future__ import annotations

import json

import pytest

from enigm.domains.esim import rules
from enigm.domains.esim.errors import (
    EsimStateError,
    EsimUnknownError,
    ManagedPolicyError,
    NoticeUnacknowledgedError,
    ProductUnknownError,
    ProviderRefusedError,
    ProviderUnavailableError,
    Refused,
    ReplacementsSpentError,
)
from enigm.domains.esim.model import (
    COMPLIANCE_NOTICE,
    Association,
    CommercialState,
    Deed,
    Fault,
    ProfileState,
    Told,
)
from enigm.foundation.errors import Refusal
from tests.support.esim_world import ADA, BEN, EsimWorld, Leave


@pytest.mark.requirement("SIM-01", "SIM-03", "SIM-04")
def test_one_is_bought_activated_fetched_and_used(esim_world: EsimWorld) -> None:
    status = esim_world.bought()
    assert status.profile is ProfileState.ALLOCATED
    assert status.commercial is CommercialState.PURCHASED
    status = esim_world.esims.activating.activate(ADA, status.esim_id)
    assert status.profile is ProfileState.RELEASED
    assert status.commercial is CommercialState.ACTIVATION_READY
    code = esim_world.esims.activating.reveal(ADA, status.esim_id, Leave())
    assert code.text.startswith("LPA:1$rsp.example.test$")
    assert esim_world.smdp.fetch(code.matching_id) == "Executed-Success"
    for told in (Told.DOWNLOADED, Told.INSTALLED):
        esim_world.tell(status.esim_id, told)
    status = esim_world.esims.reading.status(ADA, status.esim_id)
    assert status.profile is ProfileState.INSTALLED
    assert status.commercial is CommercialState.ACTIVE
    assert status.association is Association.ASSOCIATED


@pytest.mark.requirement("SIM-03")
def test_a_profile_can_be_fetched_only_once_it_is_released_and_never_after(
    esim_world: EsimWorld,
) -> None:
    status = esim_world.bought()
    esim_world.smdp.wishes.is_down = True
    with pytest.raises(ProviderUnavailableError):
        esim_world.esims.activating.activate(ADA, status.esim_id)
    with esim_world.store.read() as records:
        matching_id = records.matching_id(status.esim_id) or ""
    esim_world.smdp.wishes.is_down = False
    assert esim_world.smdp.fetch(matching_id) == "8.2.6/3.8"
    esim_world.esims.activating.activate(ADA, status.esim_id)
    esim_world.esims.ending.delete(ADA, status.esim_id, Leave())
    assert esim_world.smdp.fetch(matching_id) == "8.2.6/3.8"


@pytest.mark.requirement("SIM-01")
def test_nothing_of_the_holder_reaches_the_provider(esim_world: EsimWorld) -> None:
    for holder in (ADA, ADA, BEN):
        status = esim_world.ready(holder)
        esim_world.esims.ending.delete(holder, status.esim_id, Leave())
    heard = esim_world.smdp.heard
    assert {call.function for call in heard} == {
        "downloadOrder",
        "confirmOrder",
        "releaseProfile",
        "cancelOrder",
    }
    assert {call.header["functionRequesterIdentifier"] for call in heard} == {"2.999.10"}
    names = [call.header["functionCallIdentifier"] for call in heard]
    assert len(set(names)) == len(names), "no two calls share a name"
    fields = {name for call in heard for name in call.body}
    assert fields == {
        "profileType",
        "iccid",
        "matchingId",
        "releaseFlag",
        "finalProfileStatusIndicator",
    }
    everything = json.dumps([call.__dict__ for call in heard])
    assert ADA.owner.hex() not in everything.lower()


@pytest.mark.requirement("SIM-09")
def test_nothing_is_bought_without_the_present_notice_acknowledged(esim_world: EsimWorld) -> None:
    purchasing, token = esim_world.esims.purchasing, esim_world.shop.sell()
    with pytest.raises(NoticeUnacknowledgedError):
        purchasing.purchase(ADA, token, COMPLIANCE_NOTICE.version - 1)
    assert token in esim_world.shop.living
    status = purchasing.purchase(ADA, token, COMPLIANCE_NOTICE.version)
    with esim_world.store.read() as records:
        kept = records.find(status.esim_id)
    assert kept is not None
    assert (kept.notice_version, kept.notice_at) == (
        COMPLIANCE_NOTICE.version,
        rules.day_of(esim_world.clock.now_seconds()),
    )
    assert "not a mobile operator" in purchasing.notice.text


@pytest.mark.requirement("SIM-06")
@pytest.mark.parametrize("deed", [Deed.PURCHASE, Deed.ACTIVATE, Deed.REVEAL, Deed.REPLACE])
def test_a_managed_policy_can_forbid_it(esim_world: EsimWorld, deed: Deed) -> None:
    status = esim_world.bought() if deed is Deed.ACTIVATE else esim_world.ready()
    esim_world.around.forbidden.add(deed)
    activating, before = esim_world.esims.activating, list(esim_world.around.recorded)
    attempts = {
        Deed.PURCHASE: esim_world.bought,
        Deed.ACTIVATE: lambda: activating.activate(ADA, status.esim_id),
        Deed.REVEAL: lambda: activating.reveal(ADA, status.esim_id, Leave()),
        Deed.REPLACE: lambda: activating.replace(ADA, status.esim_id, Leave()),
    }
    with pytest.raises(ManagedPolicyError):
        attempts[deed]()
    assert esim_world.around.recorded == before


def test_one_token_makes_one(esim_world: EsimWorld) -> None:
    purchasing, token = esim_world.esims.purchasing, esim_world.shop.sell()
    first = purchasing.purchase(ADA, token, 1)
    with pytest.raises(Refusal, match=r"token_unknown"):
        purchasing.purchase(ADA, token, 1)
    assert [each.esim_id for each in esim_world.esims.reading.all_of(ADA)] == [first.esim_id]


def test_a_purchase_that_was_killed_before_its_token_was_spent_goes_on(
    esim_world: EsimWorld,
) -> None:
    purchasing, token = esim_world.esims.purchasing, esim_world.shop.sell()
    spend = esim_world.shop.spend
    esim_world.shop.spend = _killed  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        purchasing.purchase(ADA, token, 1)
    esim_world.shop.spend = spend  # type: ignore[method-assign]
    with pytest.raises(EsimUnknownError):
        purchasing.purchase(BEN, token, 1)
    purchasing.purchase(ADA, token, 1)
    assert len(esim_world.esims.reading.all_of(ADA)) == 1
    assert not esim_world.shop.living
    with esim_world.store.read() as records:
        assert records.find_by_token(token) is None, "a spent token joins nothing"


def _killed(token: bytes) -> None:
    raise KeyboardInterrupt(token)


def test_what_is_not_offered_is_refused(esim_world: EsimWorld) -> None:
    with pytest.raises(ProductUnknownError):
        esim_world.esims.purchasing.purchase(ADA, esim_world.shop.sell("something"), 1)


def test_what_was_paid_for_stays_while_the_provider_is_away(esim_world: EsimWorld) -> None:
    esim_world.smdp.wishes.is_down = True
    status = esim_world.bought()
    assert status.profile is ProfileState.AVAILABLE
    assert status.commercial is CommercialState.PURCHASED
    with pytest.raises(ProviderUnavailableError):
        esim_world.esims.activating.activate(ADA, status.esim_id)
    esim_world.smdp.wishes.is_down = False
    ready = esim_world.esims.activating.activate(ADA, status.esim_id)
    assert ready.profile is ProfileState.RELEASED


@pytest.mark.parametrize("function", ["downloadOrder", "confirmOrder", "releaseProfile"])
def test_an_answer_that_was_lost_costs_no_profile(esim_world: EsimWorld, function: str) -> None:
    esim_world.smdp.wishes.loses_answers_to.add(function)
    status = esim_world.ready()
    assert status.profile is ProfileState.RELEASED
    taken = [p for p in esim_world.smdp.profiles.values() if p.state != "Available"]
    assert [p.state for p in taken] == ["Released"]


def test_a_provider_without_stock_says_so_and_later_goes_on(esim_world: EsimWorld) -> None:
    for profile in esim_world.smdp.profiles.values():
        profile.state = "Unavailable"
    status = esim_world.bought()
    with pytest.raises(ProviderRefusedError) as refusal:
        esim_world.esims.activating.activate(ADA, status.esim_id)
    assert refusal.value.why is Refused.NO_PROFILE
    esim_world.smdp.restock("data", 1)
    # The provider answers the same call as before: after a refusal it must be a new one.
    ready = esim_world.esims.activating.activate(ADA, status.esim_id)
    assert ready.profile is ProfileState.RELEASED


def test_the_providers_own_matching_id_is_the_one_that_is_shown(esim_world: EsimWorld) -> None:
    esim_world.smdp.wishes.renames_matching_id = True
    status = esim_world.ready()
    code = esim_world.esims.activating.reveal(ADA, status.esim_id, Leave())
    assert code.matching_id.startswith("OWN-")
    assert esim_world.smdp.fetch(code.matching_id) == "Executed-Success"


def test_a_matching_id_that_is_taken_is_drawn_anew(esim_world: EsimWorld) -> None:
    status = esim_world.bought()
    with esim_world.store.begin() as records:
        records.keep_matching_id(status.esim_id, "TAKEN")
    next(iter(esim_world.smdp.profiles.values())).matching_id = "TAKEN"
    with pytest.raises(ProviderRefusedError) as refusal:
        esim_world.esims.activating.activate(ADA, status.esim_id)
    assert refusal.value.why is Refused.MATCHING_ID_TAKEN
    ready = esim_world.esims.activating.activate(ADA, status.esim_id)
    assert ready.profile is ProfileState.RELEASED


@pytest.mark.requirement("SIM-03")
def test_the_code_is_shown_behind_the_pin_again_and_again_until_it_is_installed(
    esim_world: EsimWorld,
) -> None:
    status = esim_world.ready()
    activating, leave = esim_world.esims.activating, Leave()
    with pytest.raises(Refusal, match=r"pin_needed"):
        activating.reveal(ADA, status.esim_id, Leave(has_pin=False))
    first = activating.reveal(ADA, status.esim_id, leave)
    assert activating.reveal(ADA, status.esim_id, leave) == first
    assert leave.spent[0] == ("esim.reveal", (status.esim_id,))
    esim_world.tell(status.esim_id, Told.INSTALLED)
    with pytest.raises(EsimStateError):
        activating.reveal(ADA, status.esim_id, leave)
    with esim_world.store.read() as records:
        assert records.code(status.esim_id) is None
        assert records.matching_id(status.esim_id) is None


def test_under_duress_a_code_is_shown_that_fetches_nothing(esim_world: EsimWorld) -> None:
    status = esim_world.ready()
    activating = esim_world.esims.activating
    real = activating.reveal(ADA, status.esim_id, Leave())
    shown = activating.reveal(ADA, status.esim_id, Leave(is_duress=True))
    assert shown.address == real.address
    assert len(shown.text) == len(real.text)
    assert shown != real
    assert esim_world.smdp.fetch(shown.matching_id) == "8.2.6/3.8"


def test_the_holders_word_counts_where_no_notice_ever_comes(esim_world: EsimWorld) -> None:
    status = esim_world.ready()
    hearing, leave = esim_world.esims.hearing, Leave()
    held = hearing.confirm_installed(ADA, status.esim_id, Leave(is_duress=True))
    assert Deed.REVEAL in held.deeds
    noted = hearing.confirm_installed(ADA, status.esim_id, leave)
    assert noted.profile is ProfileState.INSTALLED
    assert Deed.REVEAL not in noted.deeds
    with pytest.raises(EsimStateError):
        hearing.confirm_installed(ADA, status.esim_id, leave)
    assert leave.spent == [("esim.installed", (status.esim_id,))]


@pytest.mark.requirement("SIM-04")
def test_the_old_one_ends_only_when_its_replacement_is_installed(esim_world: EsimWorld) -> None:
    old = esim_world.installed()
    old_iccid = esim_world.iccid(old.esim_id)
    activating, reading = esim_world.esims.activating, esim_world.esims.reading
    new = activating.replace(ADA, old.esim_id, Leave())
    assert new.replaces == old.esim_id
    with pytest.raises(EsimStateError):
        activating.replace(ADA, old.esim_id, Leave())
    activating.activate(ADA, new.esim_id)
    assert reading.status(ADA, old.esim_id).commercial is CommercialState.ACTIVE
    esim_world.fetch(ADA, new.esim_id)
    assert reading.status(ADA, old.esim_id).commercial is CommercialState.REPLACED
    assert reading.status(ADA, new.esim_id).commercial is CommercialState.ACTIVE
    esim_world.esims.ending.run_if_due()
    assert esim_world.state_at_provider(old_iccid) == "Downloaded", "only its user can delete it"
    with pytest.raises(ReplacementsSpentError):
        activating.replace(ADA, new.esim_id, Leave())


def test_one_that_was_never_fetched_is_taken_back_when_it_is_replaced(
    esim_world: EsimWorld,
) -> None:
    old = esim_world.ready()
    new = esim_world.esims.activating.replace(ADA, old.esim_id, Leave())
    esim_world.esims.activating.activate(ADA, new.esim_id)
    esim_world.fetch(ADA, new.esim_id)
    esim_world.esims.ending.run_if_due()
    assert esim_world.state_at_provider(esim_world.iccid(old.esim_id)) == "Unavailable"


@pytest.mark.requirement("SIM-08")
def test_somebody_elses_is_not_there(esim_world: EsimWorld) -> None:
    esim_id = esim_world.ready().esim_id
    esims, leave = esim_world.esims, Leave()
    tries = [
        lambda: esims.reading.status(BEN, esim_id),
        lambda: esims.activating.activate(BEN, esim_id),
        lambda: esims.activating.reveal(BEN, esim_id, leave),
        lambda: esims.activating.replace(BEN, esim_id, leave),
        lambda: esims.ending.unlink(BEN, esim_id, leave),
        lambda: esims.ending.delete(BEN, esim_id, leave),
        lambda: esims.ending.retire(BEN, esim_id, leave),
        lambda: esims.hearing.confirm_installed(BEN, esim_id, leave),
    ]
    for attempt in tries:
        with pytest.raises(EsimUnknownError):
            attempt()
    assert leave.spent == []
    assert esims.reading.all_of(BEN) == []


def test_a_download_that_failed_can_be_tried_again(esim_world: EsimWorld) -> None:
    status = esim_world.ready()
    esim_world.tell(status.esim_id, Told.DOWNLOAD_FAILED)
    failed = esim_world.esims.reading.status(ADA, status.esim_id)
    assert (failed.profile, failed.fault) == (ProfileState.ERROR, Fault.DOWNLOAD)
    assert Deed.REVEAL in failed.deeds
    esim_world.clock.advance(5)
    esim_world.fetch(ADA, status.esim_id)
    assert esim_world.esims.reading.status(ADA, status.esim_id).fault is None


def test_a_time_far_ahead_is_not_heard(esim_world: EsimWorld) -> None:
    status = esim_world.ready()
    esim_world.tell(status.esim_id, Told.DELETED, esim_world.clock.now_seconds() + 90_000)
    assert esim_world.esims.reading.status(ADA, status.esim_id).profile is ProfileState.RELEASED


@pytest.mark.requirement("SIM-04")
def test_every_deed_is_recorded_before_it_is_done(esim_world: EsimWorld) -> None:
    first, second = esim_world.installed(), esim_world.ready()
    esims = esim_world.esims
    code = esims.ending.unlink(ADA, first.esim_id, Leave())
    esims.retrieving.link(code, ADA)
    esims.ending.retire(ADA, first.esim_id, Leave())
    esims.hearing.confirm_installed(ADA, second.esim_id, Leave())
    esims.activating.replace(ADA, second.esim_id, Leave())
    esims.ending.delete(ADA, second.esim_id, Leave())
    assert {word for word, owner in esim_world.around.recorded if owner == ADA.owner} == {
        each.value for each in Deed if each not in (Deed.TAKE_BACK, Deed.DISCLOSE)
    }
