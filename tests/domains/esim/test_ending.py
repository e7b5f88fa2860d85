"""Unlink, retrieve, delete, retire: what ends with us, and what the provider is told."""

from __future__ import annotations

import pytest

from enigm.domains.esim import rules
from enigm.domains.esim.errors import (
    EsimStateError,
    EsimUnknownError,
    RetrievalCodeUnknownError,
)
from enigm.domains.esim.model import (
    Association,
    CommercialState,
    Deed,
    Iccid,
    Notice,
    ProfileState,
    Told,
)
from enigm.foundation.errors import ForbiddenError
from tests.support.esim_world import ADA, BEN, EsimWorld, Leave


@pytest.mark.requirement("SIM-04")
def test_an_unlinked_one_goes_on_and_only_its_code_finds_it(esim_world: EsimWorld) -> None:
    status = esim_world.installed()
    iccid = esim_world.iccid(status.esim_id)
    code = esim_world.esims.ending.unlink(ADA, status.esim_id, Leave())
    assert esim_world.esims.reading.all_of(ADA) == []
    assert esim_world.state_at_provider(iccid) == "Downloaded"
    found = esim_world.esims.retrieving.status(code)
    assert found.association is Association.UNLINKED
    assert found.commercial is CommercialState.ACTIVE
    # As a person may type it.
    assert esim_world.esims.retrieving.status(f" {code.lower().replace('-', ' ')} ") == found
    # What is told of it is still heard.
    esim_world.clock.advance(60)
    esim_world.tell(status.esim_id, Told.DELETED)
    assert esim_world.esims.retrieving.status(code).profile is ProfileState.DELETED


def test_a_retrieval_code_is_kept_only_as_a_hash_under_a_key(esim_world: EsimWorld) -> None:
    status = esim_world.ready()
    code = esim_world.esims.ending.unlink(ADA, status.esim_id, Leave())
    with esim_world.database.read() as connection:
        (row,) = connection.exec_driver_sql("SELECT * FROM esim").mappings().all()
    assert row["owner"] is None
    kept = b"".join(value for value in row.values() if isinstance(value, bytes))
    assert code.replace("-", "").encode() not in kept
    assert ADA.owner not in kept


@pytest.mark.parametrize("code", ["", "AAAA", "A" * 24, "0" * 24, "ABCD-" * 6, "é" * 24])
def test_a_wrong_retrieval_code_finds_nothing(esim_world: EsimWorld, code: str) -> None:
    esim_world.esims.ending.unlink(ADA, esim_world.ready().esim_id, Leave())
    retrieving = esim_world.esims.retrieving
    for attempt in (retrieving.status, retrieving.delete):
        with pytest.raises(RetrievalCodeUnknownError):
            attempt(code)
    with pytest.raises(RetrievalCodeUnknownError):
        retrieving.link(code, BEN)


def test_an_unlinked_one_can_be_given_to_an_account_and_its_code_ends(
    esim_world: EsimWorld,
) -> None:
    status = esim_world.ready()
    code = esim_world.esims.ending.unlink(ADA, status.esim_id, Leave())
    linked = esim_world.esims.retrieving.link(code, BEN)
    assert linked.association is Association.ASSOCIATED
    assert esim_world.esims.activating.reveal(BEN, linked.esim_id, Leave()).matching_id
    with pytest.raises(RetrievalCodeUnknownError):
        esim_world.esims.retrieving.link(code, ADA)


def test_nothing_is_unlinked_while_it_is_being_replaced(esim_world: EsimWorld) -> None:
    old = esim_world.installed()
    new = esim_world.esims.activating.replace(ADA, old.esim_id, Leave())
    for esim_id in (old.esim_id, new.esim_id):
        with pytest.raises(EsimStateError):
            esim_world.esims.ending.unlink(ADA, esim_id, Leave())


@pytest.mark.requirement("SIM-08")
@pytest.mark.parametrize("is_installed", [False, True])
def test_a_deleted_one_is_gone_and_the_provider_knows(
    esim_world_on_each: EsimWorld,
    is_installed: bool,
) -> None:
    world = esim_world_on_each
    status = world.installed() if is_installed else world.ready()
    iccid = world.iccid(status.esim_id)
    farewell = world.esims.ending.delete(ADA, status.esim_id, Leave())
    assert farewell.delete_on_device is is_installed
    assert world.state_at_provider(iccid) == ("Downloaded" if is_installed else "Unavailable")
    with world.database.read() as connection:
        for table in ("esim", "cancellation", "support_note"):
            assert connection.exec_driver_sql(f"SELECT * FROM {table}").all() == []
        left = repr(connection.exec_driver_sql("SELECT * FROM tally").all())
    assert iccid not in left
    # A notice that comes late finds nobody.
    from_then = world.esims.answering.counts()
    world.esims.hearing.take("es2plus", Notice(iccid, Told.DELETED, world.clock.now_seconds()))
    assert world.esims.answering.counts() == from_then


@pytest.mark.requirement("SIM-08")
def test_what_the_provider_could_not_be_told_waits_without_a_holder_and_ends(
    esim_world: EsimWorld,
) -> None:
    status = esim_world.ready()
    iccid = esim_world.iccid(status.esim_id)
    esim_world.smdp.wishes.is_down = True
    esim_world.esims.ending.delete(ADA, status.esim_id, Leave())
    with esim_world.database.read() as connection:
        (row,) = connection.exec_driver_sql("SELECT * FROM cancellation").mappings().all()
    kept = b"".join(value for value in row.values() if isinstance(value, bytes))
    assert ADA.owner not in kept
    assert iccid.encode() not in kept
    esim_world.smdp.wishes.is_down = False
    esim_world.esims.ending.run_if_due()
    assert esim_world.esims.answering.waiting() == 1, "it is not due yet"
    esim_world.clock.advance(60)
    esim_world.esims.ending.run_if_due()
    assert esim_world.esims.answering.waiting() == 0
    assert esim_world.state_at_provider(iccid) == "Unavailable"


def test_a_profile_that_the_provider_does_not_know_is_told_once(esim_world: EsimWorld) -> None:
    status = esim_world.ready()
    esim_world.smdp.profiles.clear()
    esim_world.esims.ending.delete(ADA, status.esim_id, Leave())
    assert esim_world.esims.answering.waiting() == 0


def test_what_is_deleted_while_it_is_ordered_is_given_back(esim_world: EsimWorld) -> None:
    esim_world.smdp.wishes.is_down = True
    status = esim_world.bought()
    esim_world.smdp.wishes.is_down = False
    provider, ending = esim_world.desk.provider("es2plus"), esim_world.esims.ending
    order = provider.order

    def ordered_meanwhile(item: str, call: bytes) -> Iccid:
        ending.delete(ADA, status.esim_id, Leave())
        return order(item, call)

    provider.order = ordered_meanwhile  # type: ignore[method-assign]
    with pytest.raises(EsimUnknownError):
        esim_world.esims.activating.activate(ADA, status.esim_id)
    ending.run_if_due()
    assert {p.state for p in esim_world.smdp.profiles.values()} == {"Available", "Unavailable"}


def test_under_duress_nothing_is_unlinked_deleted_or_replaced(esim_world: EsimWorld) -> None:
    status, leave = esim_world.ready(), Leave(is_duress=True)
    esims = esim_world.esims
    code = esims.ending.unlink(ADA, status.esim_id, leave)
    assert len(code) == 29
    assert not esims.ending.delete(ADA, status.esim_id, leave).delete_on_device
    esims.activating.replace(ADA, status.esim_id, leave)
    assert esims.reading.all_of(ADA) == [status]
    with pytest.raises(RetrievalCodeUnknownError):
        esims.retrieving.status(code)


@pytest.mark.requirement("SIM-08")
def test_an_erased_account_takes_its_own_along_and_leaves_what_it_unlinked(
    esim_world: EsimWorld,
) -> None:
    first, *_others = (esim_world.ready() for _ in range(3))
    bens = esim_world.ready(BEN)
    code = esim_world.esims.ending.unlink(ADA, first.esim_id, Leave())
    esim_world.esims.ending.leave(ADA.owner)
    esim_world.esims.ending.leave(ADA.owner)
    assert esim_world.esims.reading.all_of(ADA) == []
    assert esim_world.esims.answering.waiting() == 2
    esim_world.esims.ending.run_if_due()
    assert esim_world.esims.retrieving.status(code).profile is ProfileState.RELEASED
    assert esim_world.esims.reading.all_of(BEN) == [bens]


@pytest.mark.requirement("SIM-04")
def test_a_retired_one_ends_and_its_record_goes_thirty_days_later(esim_world: EsimWorld) -> None:
    status = esim_world.ready()
    iccid = esim_world.iccid(status.esim_id)
    retired = esim_world.esims.ending.retire(ADA, status.esim_id, Leave())
    assert retired.commercial is CommercialState.RETIRED
    assert retired.profile is ProfileState.UNAVAILABLE
    assert retired.deeds == {Deed.DELETE, Deed.UNLINK}
    assert esim_world.state_at_provider(iccid) == "Unavailable"
    with esim_world.store.read() as records:
        found = records.find(status.esim_id)
        assert records.code(status.esim_id) is None
    assert found is not None
    days = rules.PURGE_AFTER_DAYS * rules.SECONDS_PER_DAY
    assert found.purge_at == rules.day_of(esim_world.clock.now_seconds() + days)


def test_the_operator_retires_or_takes_back_what_the_provider_names(
    esim_world: EsimWorld,
) -> None:
    ending = esim_world.esims.ending
    first, second = esim_world.ready(), esim_world.installed()
    taken = ending.take_back_as_operator(esim_world.iccid(first.esim_id))
    assert taken.commercial is CommercialState.REFUNDED
    with pytest.raises(EsimStateError):
        ending.take_back_as_operator(esim_world.iccid(second.esim_id))
    retired = ending.retire_as_operator(esim_world.iccid(second.esim_id))
    assert retired.commercial is CommercialState.RETIRED
    with pytest.raises(EsimUnknownError):
        ending.retire_as_operator(Iccid("8949000000000099999"))
    assert (Deed.RETIRE.value, None) in esim_world.around.recorded


@pytest.mark.requirement("CMD-03")
def test_a_plan_is_not_ended_without_the_pin_or_under_duress(esim_world: EsimWorld) -> None:
    ending, esim_id = esim_world.esims.ending, esim_world.ready().esim_id
    with pytest.raises(ForbiddenError):
        ending.retire(ADA, esim_id, Leave(has_pin=False))
    ending.retire(ADA, esim_id, Leave(is_duress=True))
    assert esim_world.esims.reading.status(ADA, esim_id).commercial is not CommercialState.RETIRED
