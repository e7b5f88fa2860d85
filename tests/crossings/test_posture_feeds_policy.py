"""A policy that names a signal gets it from the device behind the request, or says no."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from enigm.domains.handles.actions import recalling as handles_look
from enigm.domains.handles.model import Purpose
from enigm.domains.handles.rules import EPOCH_SECONDS
from enigm.domains.posture.rules import FRESH_SECONDS
from enigm.wire.posture_report import Signal, State
from tests.crossings.test_stores_share_nothing import all_rows, values
from tests.support.evidence import Operator, challenged, operator_of, report_posture
from tests.support.journey import Person, Problem
from tests.support.service import Running, running

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["running"]

pytestmark = pytest.mark.requirement("TSC-03", "POL-01")

NEEDS_ENCRYPTION = """
@id("anyone") permit (principal, action, resource);
@id("encrypted-disk")
@say("This needs a device whose disk is encrypted.")
forbid (principal, action, resource) unless { context.disk_encryption == "true" };
"""


@pytest.fixture
def operator(running: Running, tmp_path: Path) -> Operator:
    return operator_of(running, tmp_path)


@pytest.fixture
async def alice(running: Running) -> Person:
    person = await running.journey.register()
    await running.journey.sign_in(person)
    return person


async def denied(running: Running, person: Person) -> bool:
    """Say whether the policy denies an ordinary protected operation."""
    try:
        await running.journey.tokens(person)
    except Problem as problem:
        if problem.code != "policy.denied":
            raise
        return problem.body["detail"] == "This needs a device whose disk is encrypted."
    return False


async def test_the_default_policy_asks_nothing_and_locks_nobody_out(
    running: Running, alice: Person
) -> None:
    journey = running.journey
    assert not await denied(running, alice)
    assert await journey.as_device(alice, "GET", "/posture/v1/signals") == {"signals": []}
    assert await journey.as_device(alice, "POST", "/posture/v1/challenges") == {"signals": []}


async def test_a_good_report_opens_what_a_missing_bad_unknown_or_stale_one_keeps_closed(
    running: Running, operator: Operator, alice: Person
) -> None:
    journey = running.journey
    operator.enforce(NEEDS_ENCRYPTION)
    running.clock.advance(2)
    assert await denied(running, alice), "missing"
    for state, standing in ((State.FALSE, "bad"), (State.UNKNOWN, "unknown")):
        assert await report_posture(journey, alice, disk_encryption=state) == standing
        assert await denied(running, alice), standing
    assert await report_posture(journey, alice, disk_encryption=State.TRUE) == "good"
    assert not await denied(running, alice)
    running.clock.advance(FRESH_SECONDS + 1)
    await journey.sign_in(alice)
    assert await denied(running, alice), "stale"
    assert await report_posture(journey, alice, disk_encryption=State.TRUE) == "good"
    assert not await denied(running, alice)


async def test_a_device_whose_handle_is_revoked_is_not_good_whatever_it_reported(
    running: Running, operator: Operator, alice: Person
) -> None:
    operator.enforce(NEEDS_ENCRYPTION)
    running.clock.advance(2)
    await report_posture(running.journey, alice, disk_encryption=State.TRUE)
    assert not await denied(running, alice)
    operator.trust.handles.revoke(alice.device.device_id)
    running.clock.advance(handles_look.LOOK_SECONDS)
    assert await denied(running, alice), "within a second of what another process revoked"


@pytest.mark.requirement("TRU-02")
async def test_a_new_months_handle_has_no_past(
    running: Running, operator: Operator, alice: Person
) -> None:
    operator.enforce(NEEDS_ENCRYPTION)
    running.clock.advance(2)
    await report_posture(running.journey, alice, disk_encryption=State.TRUE)
    (before,) = operator.evidence.posture_review.overview(b"o" * 20).rows
    running.clock.advance(EPOCH_SECONDS)
    await running.journey.sign_in(alice)
    assert await denied(running, alice)
    await report_posture(running.journey, alice, disk_encryption=State.TRUE)
    assert not await denied(running, alice)
    handles = [row.handle for row in operator.evidence.posture_review.overview(b"o" * 20).rows]
    assert len(set(handles) - {before.handle}) == 1


async def test_reporting_itself_is_never_closed_by_the_posture_that_it_brings(
    running: Running, operator: Operator, alice: Person
) -> None:
    both = """
    permit (principal, action, resource);
    forbid (principal, action, resource)
    unless { context.posture == "good" && context.attestation == "good" };
    """
    operator.enforce(both)
    running.clock.advance(2)
    all_well = {signal.word: State.TRUE for signal in Signal}
    assert await report_posture(running.journey, alice, **all_well) == "good"
    with pytest.raises(Problem, match=r"policy\.denied"):
        await running.journey.tokens(alice)


async def test_only_what_a_policy_names_is_asked_for_and_more_is_refused(
    running: Running, operator: Operator, alice: Person
) -> None:
    operator.enforce(NEEDS_ENCRYPTION)
    running.clock.advance(2)
    answer = await running.journey.as_device(alice, "GET", "/posture/v1/signals")
    assert answer == {"signals": ["disk_encryption"]}
    with pytest.raises(Problem) as problem:
        await report_posture(
            running.journey, alice, disk_encryption=State.TRUE, firewall=State.TRUE
        )
    assert problem.value.code == "posture.unasked"
    assert await denied(running, alice)


async def test_what_a_device_reported_goes_when_its_user_or_its_account_ends_it(
    running: Running, operator: Operator, alice: Person
) -> None:
    journey = running.journey
    operator.enforce(NEEDS_ENCRYPTION)
    running.clock.advance(2)
    await report_posture(journey, alice, disk_encryption=State.TRUE)
    await journey.as_device(alice, "DELETE", "/posture/v1/report")
    assert await denied(running, alice)
    await report_posture(journey, alice, disk_encryption=State.TRUE)
    await journey.erase(alice)
    assert operator.evidence.posture_review.overview(b"o" * 20).rows == ()


@pytest.mark.requirement("TRU-02", "PRV-05")
async def test_what_is_kept_of_a_posture_stands_in_no_other_store(
    running: Running, operator: Operator, alice: Person
) -> None:
    operator.enforce(NEEDS_ENCRYPTION)
    running.clock.advance(2)
    await report_posture(running.journey, alice, disk_encryption=State.TRUE)
    await challenged(running.journey, alice)
    kept = {domain: values(rows) for domain, rows in all_rows(running).items()}
    assert len(kept["posture"]) == 3, "a handle, a sealed report, a sealed challenge"
    for domain in kept.keys() - {"posture"}:
        assert not kept["posture"] & kept[domain], domain
    everything = b"".join(kept["posture"])
    for identifier in (alice.device.device_id, alice.device.signing.public, alice.fingerprint):
        assert identifier not in everything


async def test_it_stands_under_the_handle_of_its_own_purpose_and_no_other_name(
    running: Running, operator: Operator, alice: Person
) -> None:
    operator.enforce(NEEDS_ENCRYPTION)
    running.clock.advance(2)
    await report_posture(running.journey, alice, disk_encryption=State.TRUE)
    (row,) = operator.evidence.posture_review.overview(b"o" * 20).rows
    device_id = alice.device.device_id
    assert row.handle == operator.trust.handles.handle(device_id, Purpose.POSTURE)
    assert row.handle != operator.trust.handles.handle(device_id, Purpose.AUDIT)
    assert row.states == {Signal.DISK_ENCRYPTION: State.TRUE}
