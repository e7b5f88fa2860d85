"""The accounts' rules: prices, challenges, the ends of days."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.domains.accounts import rules
from enigm.domains.accounts.errors import WorkProofRefusedError
from enigm.domains.accounts.model import Attempts, Challenge, Purpose, WorkProof
from enigm.wire import registration_proof

KEY = bytes(range(32))
SALT = bytes(rules.CHALLENGE_SALT_BYTES)
NOW = 1_795_000_000
SUBJECT = b"whose"


def _sealed(bits: int = 3, expires_at: int = NOW + 600) -> bytes:
    challenge = Challenge(bits, expires_at)
    return rules.seal_challenge(KEY, Purpose.SIGN_IN, SUBJECT, challenge, SALT)


@given(st.integers(0, 28), st.integers(NOW + 1, 2**32 - 1))
def test_a_challenge_comes_back_as_it_was_sealed(bits: int, expires_at: int) -> None:
    sealed = _sealed(bits, expires_at)
    assert len(sealed) == rules.CHALLENGE_BYTES
    opened = rules.open_challenge(KEY, Purpose.SIGN_IN, SUBJECT, sealed, NOW)
    assert opened == Challenge(bits, expires_at)


@pytest.mark.parametrize(
    ("key", "purpose", "subject"),
    [
        (bytes(32), Purpose.SIGN_IN, SUBJECT),
        (KEY, Purpose.REGISTRATION, SUBJECT),
        (KEY, Purpose.RECOVERY, SUBJECT),
        (KEY, Purpose.SIGN_IN, b"another"),
        (KEY, Purpose.SIGN_IN, b""),
    ],
)
def test_a_challenge_is_worth_nothing_for_anything_else(
    key: bytes, purpose: Purpose, subject: bytes
) -> None:
    with pytest.raises(WorkProofRefusedError):
        rules.open_challenge(key, purpose, subject, _sealed(), NOW)


@given(st.integers(0, rules.CHALLENGE_BYTES - 1), st.integers(0, 7))
def test_a_changed_challenge_is_refused(place: int, bit: int) -> None:
    changed = bytearray(_sealed())
    changed[place] ^= 1 << bit
    with pytest.raises(WorkProofRefusedError):
        rules.open_challenge(KEY, Purpose.SIGN_IN, SUBJECT, bytes(changed), NOW)


@given(st.binary(max_size=40))
def test_arbitrary_bytes_are_no_challenge(octets: bytes) -> None:
    with pytest.raises(WorkProofRefusedError):
        rules.open_challenge(KEY, Purpose.SIGN_IN, SUBJECT, octets, NOW)


def test_a_challenge_ends_at_its_time() -> None:
    sealed = _sealed(expires_at=NOW + 1)
    rules.open_challenge(KEY, Purpose.SIGN_IN, SUBJECT, sealed, NOW)
    with pytest.raises(WorkProofRefusedError):
        rules.open_challenge(KEY, Purpose.SIGN_IN, SUBJECT, sealed, NOW + 1)


def test_work_must_be_done_and_be_enough() -> None:
    sealed = _sealed(bits=6)
    nonce = registration_proof.solve(sealed, 6)
    challenge = Challenge(6, NOW + 600)
    rules.check_work(challenge, WorkProof(sealed, nonce), 6)
    with pytest.raises(WorkProofRefusedError):
        rules.check_work(challenge, WorkProof(sealed, nonce), 7)
    wrong = next(
        other.to_bytes(8, "big")
        for other in range(1000)
        if not _holds(sealed, other.to_bytes(8, "big"))
    )
    with pytest.raises(WorkProofRefusedError):
        rules.check_work(challenge, WorkProof(sealed, wrong), 6)


def _holds(sealed: bytes, nonce: bytes) -> bool:
    try:
        registration_proof.check(sealed, nonce, 6)
    except registration_proof.WorkRefusedError:
        return False
    return True


@pytest.mark.parametrize(
    ("weight", "bits"),
    [(0, 0), (4, 0), (5, 16), (8, 16), (9, 17), (13, 18), (29, 22), (40, 22), (1000, 22)],
)
def test_the_price_of_a_try_rises_and_stays_bearable(weight: int, bits: int) -> None:
    assert rules.sign_in_price_bits(weight) == bits


@given(st.integers(0, 100), st.integers(0, 10**6), st.integers(-1000, 10**6))
def test_attempts_fade_and_never_grow_by_themselves(weight: int, at: int, elapsed: int) -> None:
    left = rules.faded(Attempts(weight, at), at + elapsed)
    assert 0 <= left <= weight
    if elapsed >= weight * rules.ATTEMPT_FADES_SECONDS:
        assert left == 0


@given(st.lists(st.integers(0, 5000), max_size=80))
def test_a_victim_is_never_more_than_a_day_away_from_a_free_try(waits: list[int]) -> None:
    attempts, now = Attempts(0, 0), NOW
    for wait in waits:
        now += wait
        attempts = rules.one_more(attempts, now)
    assert rules.sign_in_price_bits(rules.faded(attempts, now + 86_400)) == 0
    assert rules.faded(attempts, now + 8 * 3600) == 0, "the row may be forgotten by then"


@given(st.lists(st.integers(0, 2000), max_size=120), st.integers(1, 12))
def test_answers_are_never_more_than_at_once_and_what_came_back(
    waits: list[int], amount: int
) -> None:
    answers, now, given_at = Attempts(0, 0), NOW, list[int]()
    for wait in waits:
        now += wait
        more = rules.one_answer_more(answers, now, amount, 3600)
        if isinstance(more, Attempts):
            answers = more
            given_at.append(now)
        else:
            later = rules.one_answer_more(answers, now + more, amount, 3600)
            assert isinstance(later, Attempts), "as it was told"
    for first, began in enumerate(given_at):
        within = sum(1 for at in given_at[first:] if at - began < 3600)
        assert within <= 2 * amount, "a full bucket, and what came back in an hour"
    assert rules.one_answer_more(answers, now + 3600, amount, 3600) == Attempts(1, now + 3600)


@given(st.integers(0, 2**40))
def test_a_quota_ends_at_the_next_midnight(now: int) -> None:
    end = rules.quota_day_end(now)
    assert now < end <= now + 86_400
    assert end % 86_400 == 0
