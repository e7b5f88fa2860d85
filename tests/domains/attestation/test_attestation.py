"""What stands behind a verdict: who is believed, once, for how long, and what ends it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from enigm.crypto.attestation.errors import AttestationRefusedError
from enigm.crypto.attestation.evidence import TpmEvidence
from enigm.crypto.attestation.quote import bound_nonce
from enigm.crypto.attestation.verdict import read_verdict
from enigm.crypto.signatures import Hybrid
from enigm.domains.attestation import rules, store
from enigm.domains.attestation.actions.proving import Proving
from enigm.domains.attestation.actions.records import LOOK_SECONDS, AttestationRecords
from enigm.domains.attestation.actions.review import AttestationReview
from enigm.domains.attestation.actions.setup import AttestationSetup
from enigm.domains.attestation.errors import (
    AnchorInvalidError,
    AnchorUnknownError,
    ChallengeEndedError,
    NotEnrolledError,
    NotSetUpError,
)
from enigm.domains.attestation.model import (
    AnchorKind,
    AttestationHandle,
    Attester,
    KeptDevice,
    Standing,
)
from enigm.foundation.retention import RetentionJob
from tests.crypto.attestation.paper_tpm import NOW, Maker, PaperTpm, event_log
from tests.support.attesting import RELEASER, manifest, set_up
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.entropy import FakeEntropy
from tests.support.migrations import assert_migrations_make

if TYPE_CHECKING:
    from enigm.crypto.attestation.attestation_key import Challenge

pytestmark = pytest.mark.requirement("ATT-01")

OWNER, DEVICE_ID, READER = b"o" * 32, b"d" * 16, b"r" * 20
HANDLE = AttestationHandle(b"h" * 20)
DEVICE_PUBLIC = b"p" * 32
MONTH_SECONDS = 30 * 86_400
ENDORSEMENT = rsa.generate_private_key(public_exponent=65537, key_size=2048)
MAKER = Maker()


class OneAttester:
    """Knows one device."""

    def __init__(self) -> None:
        self.known = Attester(HANDLE, NOW + MONTH_SECONDS, DEVICE_PUBLIC)

    def attester(self, owner: bytes, device_id: bytes) -> Attester:
        assert (owner, device_id) == (OWNER, DEVICE_ID)
        return self.known


class Readings:
    """Remembers who looked."""

    def __init__(self) -> None:
        self.readers: list[bytes] = []

    def record(self, reader: bytes) -> None:
        self.readers.append(reader)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def database(open_database):
    return open_database("attestation", store.metadata)


@pytest.fixture
def records(database, clock) -> AttestationRecords:
    return AttestationRecords(database, keys_of_tests(), clock, FakeEntropy())


@pytest.fixture
def setup(records) -> AttestationSetup:
    return AttestationSetup(records)


@pytest.fixture
def attesters() -> OneAttester:
    return OneAttester()


@pytest.fixture
def proving(records, setup, attesters) -> Proving:
    return Proving(records, setup, attesters)


@pytest.fixture
def tpm() -> PaperTpm:
    return PaperTpm()


@pytest.fixture
def enrolled(records, setup, attesters, tpm) -> PaperTpm:
    """A device whose key is known, at a service that knows its state as good."""
    set_up(setup, [MAKER.root], NOW, good=tpm.registers)
    with records.database.begin() as connection:
        records.enrol(connection, attesters.known, KeptDevice(tpm.public_area()))
    return tpm


def evidence(proving: Proving, tpm: PaperTpm) -> TpmEvidence:
    nonce = proving.challenge(OWNER, DEVICE_ID)
    return TpmEvidence(tpm.quote(bound_nonce(nonce, DEVICE_PUBLIC)))


def refused_code(deed, *arguments) -> str:
    with pytest.raises(AttestationRefusedError) as refused:
        deed(*arguments)
    return refused.value.code


def test_migrations_make_the_tables(open_database) -> None:
    assert_migrations_make(open_database("attestation"), store.metadata, store.DESIGN.versions)


def test_a_good_quote_becomes_a_verdict_that_ends_within_a_day(
    proving, records, enrolled, clock
) -> None:
    assert records.standing(HANDLE) is Standing.MISSING
    proof = proving.prove(OWNER, DEVICE_ID, evidence(proving, enrolled))
    public = records.verdict_key.public
    read = read_verdict(proof.token, public, now_seconds=clock.now_seconds())
    assert (read.handle, read.state, read.system) == (HANDLE, "good", "tpm")
    assert records.standing(HANDLE) is Standing.GOOD
    clock.advance(rules.VERDICT_SECONDS)
    assert records.standing(HANDLE) is Standing.STALE


def test_what_another_process_learned_counts_here_at_once_where_it_is_good_and_soon_where_not(
    proving, records, setup, enrolled, database, clock
) -> None:
    there = AttestationRecords(database, keys_of_tests(), clock, FakeEntropy())
    assert there.standing(HANDLE) is Standing.MISSING
    proving.prove(OWNER, DEVICE_ID, evidence(proving, enrolled))
    assert there.standing(HANDLE) is Standing.GOOD
    enrolled.registers[7] = b"\x07" * 32
    assert refused_code(proving.prove, OWNER, DEVICE_ID, evidence(proving, enrolled)) == (
        "attestation.measurement"
    )
    assert records.standing(HANDLE) is Standing.BAD
    clock.advance(LOOK_SECONDS)
    assert there.standing(HANDLE) is Standing.BAD


def test_a_nonce_serves_one_quote_for_two_minutes(proving, enrolled, clock) -> None:
    shown = evidence(proving, enrolled)
    proving.prove(OWNER, DEVICE_ID, shown)
    with pytest.raises(ChallengeEndedError):
        proving.prove(OWNER, DEVICE_ID, shown)
    proving.challenge(OWNER, DEVICE_ID)
    assert refused_code(proving.prove, OWNER, DEVICE_ID, shown) == "attestation.nonce"
    late = evidence(proving, enrolled)
    clock.advance(rules.CHALLENGE_SECONDS + 1)
    with pytest.raises(ChallengeEndedError):
        proving.prove(OWNER, DEVICE_ID, late)


def test_a_quote_for_another_devices_key_or_by_another_key_is_refused(
    proving, records, enrolled
) -> None:
    nonce = proving.challenge(OWNER, DEVICE_ID)
    passed_on = TpmEvidence(enrolled.quote(bound_nonce(nonce, b"q" * 32)))
    assert refused_code(proving.prove, OWNER, DEVICE_ID, passed_on) == "attestation.nonce"
    forged = evidence(proving, PaperTpm())
    assert refused_code(proving.prove, OWNER, DEVICE_ID, forged) == "attestation.signature"
    assert records.standing(HANDLE) is Standing.MISSING, "strangers' bytes change nothing"


def test_a_machine_that_shows_an_unknown_state_stands_bad_until_it_is_good_again(
    proving, records, enrolled
) -> None:
    proving.prove(OWNER, DEVICE_ID, evidence(proving, enrolled))
    good = enrolled.registers[11]
    enrolled.registers[11] = bytes(32)
    shown = evidence(proving, enrolled)
    assert refused_code(proving.prove, OWNER, DEVICE_ID, shown) == "attestation.measurement"
    assert records.standing(HANDLE) is Standing.BAD
    enrolled.registers[11] = good
    log = event_log([(0, 8, b"what the firmware never measured")])
    unexplained = replace(evidence(proving, enrolled), event_log=log)
    assert refused_code(proving.prove, OWNER, DEVICE_ID, unexplained) == "attestation.event_log"
    assert records.standing(HANDLE) is Standing.BAD
    proving.prove(OWNER, DEVICE_ID, evidence(proving, enrolled))
    assert records.standing(HANDLE) is Standing.GOOD


def test_counters_that_go_back_are_an_older_state_put_back(
    proving, records, attesters, enrolled
) -> None:
    with records.database.begin() as connection:
        # The paper TPM has started seven times.
        later = KeptDevice(enrolled.public_area(), resets=8)
        records.enrol(connection, attesters.known, later)
    shown = evidence(proving, enrolled)
    assert refused_code(proving.prove, OWNER, DEVICE_ID, shown) == "attestation.rollback"
    assert records.standing(HANDLE) is Standing.BAD


def test_new_reference_values_are_tried_first_and_end_what_is_good_no_more(
    proving, setup, records, enrolled, clock
) -> None:
    proving.prove(OWNER, DEVICE_ID, evidence(proving, enrolled))
    other = {index: bytes([index]) * 32 for index in range(24)}
    signed = manifest(2, clock.now_seconds(), {"next": other})
    change = setup.try_reference(signed)
    assert (change.added, change.removed, change.ended_verdicts) == (("next",), ("good",), 1)
    assert records.standing(HANDLE) is Standing.GOOD, "trying changes nothing"
    assert setup.load_reference(signed) == change
    assert records.standing(HANDLE) is Standing.MISSING
    assert refused_code(setup.load_reference, signed) == "attestation.reference_rollback"
    old = manifest(1, clock.now_seconds(), {"good": enrolled.registers})
    assert refused_code(setup.load_reference, old) == "attestation.reference_rollback"


def test_reference_values_of_anybody_else_are_refused(setup, clock, tpm) -> None:
    signed = manifest(1, clock.now_seconds(), {"good": tpm.registers})
    with pytest.raises(NotSetUpError):
        setup.load_reference(signed)
    setup.believe_reference_key(Hybrid.generate(FakeEntropy(b"somebody")).public)
    assert refused_code(setup.load_reference, signed) == "attestation.reference"
    setup.believe_reference_key(RELEASER.public)
    assert setup.load_reference(signed).added == ("good",)
    clock.advance(366 * 86_400)
    assert refused_code(setup.reference) == "attestation.reference_expired"


def test_anchors_are_the_operators_and_can_be_taken_back(setup) -> None:
    with pytest.raises(NotSetUpError):
        setup.makers()
    (made,) = setup.believe_makers(MAKER.root.public_bytes(Encoding.PEM))
    assert [each.kind for each in setup.anchors()] == [AnchorKind.MAKER]
    assert setup.makers() == [MAKER.root]
    setup.remove(made.anchor_id)
    assert setup.anchors() == []
    with pytest.raises(AnchorUnknownError):
        setup.remove(made.anchor_id)
    for wrong in (b"no certificate", b""):
        with pytest.raises(AnchorInvalidError):
            setup.believe_makers(wrong)
    with pytest.raises(AnchorInvalidError):
        setup.believe_reference_key(b"short")


def test_an_endorsement_of_another_maker_is_not_challenged(proving, setup, tpm) -> None:
    setup.believe_makers(Maker().root.public_bytes(Encoding.PEM))

    def begin() -> Challenge:
        claim = MAKER.claim(ENDORSEMENT)
        return proving.begin_enrolment(OWNER, DEVICE_ID, claim, tpm.public_area())

    assert refused_code(begin) == "attestation.endorsement_chain"
    with pytest.raises(NotEnrolledError):
        proving.challenge(OWNER, DEVICE_ID)


def test_a_challenge_that_was_not_opened_enrols_nothing(proving, setup, tpm) -> None:
    setup.believe_makers(MAKER.root.public_bytes(Encoding.PEM))
    with pytest.raises(ChallengeEndedError):
        proving.finish_enrolment(OWNER, DEVICE_ID, bytes(32))
    proving.begin_enrolment(OWNER, DEVICE_ID, MAKER.claim(ENDORSEMENT), tpm.public_area())
    code = refused_code(proving.finish_enrolment, OWNER, DEVICE_ID, bytes(32))
    assert code == "attestation.activation"
    with pytest.raises(ChallengeEndedError):
        proving.finish_enrolment(OWNER, DEVICE_ID, bytes(32))
    with pytest.raises(NotEnrolledError):
        proving.challenge(OWNER, DEVICE_ID)


def test_a_public_area_that_fits_no_row_is_refused(proving, tpm) -> None:
    long = tpm.public_area() + bytes(rules.PUBLIC_AREA_BYTES_MAX)
    code = refused_code(proving.begin_enrolment, OWNER, DEVICE_ID, MAKER.claim(ENDORSEMENT), long)
    assert code == "attestation.format"


@pytest.mark.requirement("PRV-02")
def test_a_device_ends_with_its_handle_or_when_its_user_ends_it(
    proving, records, enrolled, database, clock
) -> None:
    proving.forget(OWNER, DEVICE_ID)
    with pytest.raises(NotEnrolledError):
        proving.challenge(OWNER, DEVICE_ID)
    with records.database.begin() as connection:
        attester = Attester(HANDLE, NOW + MONTH_SECONDS, DEVICE_PUBLIC)
        records.enrol(connection, attester, KeptDevice(enrolled.public_area()))
    clock.advance(MONTH_SECONDS + 1)
    RetentionJob([(database, store.metadata)], clock).run()
    with database.read() as connection:
        assert connection.execute(store.device.select()).all() == []


@pytest.mark.requirement("TRU-02")
def test_no_column_but_the_handle_tells_two_devices_apart(
    proving, records, attesters, enrolled, database, clock
) -> None:
    proving.prove(OWNER, DEVICE_ID, evidence(proving, enrolled))
    clock.advance(3600)
    attesters.known = replace(attesters.known, handle=AttestationHandle(b"a" * 20))
    with records.database.begin() as connection:
        records.enrol(connection, attesters.known, KeptDevice(PaperTpm().public_area()))
    with database.read() as connection:
        rows = connection.execute(store.device.select()).all()
    assert len({(len(row.sealed), row.ends_at) for row in rows}) == 1
    assert len(rows) == 2
    if database.dialect == "sqlite":
        assert [row.handle[:1] for row in rows] == [b"a", b"h"]


@pytest.mark.requirement("TSC-02")
def test_an_administrator_sees_states_under_handles_and_leaves_a_record(
    proving, records, enrolled
) -> None:
    readings = Readings()
    review = AttestationReview(records, readings)
    proving.prove(OWNER, DEVICE_ID, evidence(proving, enrolled))
    seen = review.overview(READER)
    assert seen.by_standing == {Standing.GOOD: 1}
    assert [(row.handle, row.state) for row in seen.rows] == [(HANDLE, "good")]
    assert readings.readers == [READER]
