"""OPAQUE through the wrapper: both client libraries agree with it, and no bytes break it."""

from __future__ import annotations

from typing import Any

import opaque_snake
import opaquepy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enigm.domains.accounts.actions import opaque
from enigm.domains.accounts.errors import MalformedOpaqueError, SignInFailedError
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.entropy import SystemEntropy

SECRETS = opaque.make_secrets(SystemEntropy())
NAME = bytes(range(32))
LIBRARY: Any = opaquepy


def _record(password: str, name: bytes = NAME) -> bytes:
    client = opaque_snake.OpaqueClient()
    request, state = client.start_registration(password)
    answer = opaque.answer_registration(SECRETS, request.to_bytes(), name)
    response = opaque_snake.RegistrationResponse.from_bytes(answer)
    upload = client.finish_registration(response, state, password).upload.to_bytes()
    return opaque.read_record(upload)


RECORD = _record("right")


def _sign_in(record: bytes, password: str, name: bytes = NAME) -> None:
    client = opaque_snake.OpaqueClient()
    request, state = client.start_login(password)
    answer, kept = opaque.answer_login(SECRETS, record, request.to_bytes(), name)
    response = opaque_snake.CredentialResponse.from_bytes(answer)
    finished = client.finish_login(response, state, password)
    opaque.check_login(finished.finalization.to_bytes(), kept)


def test_the_right_password_signs_in() -> None:
    assert len(RECORD) == opaque.RECORD_BYTES
    _sign_in(RECORD, "right")


@pytest.mark.parametrize("password", ["wrong", "", "right "])
def test_another_password_does_not(password: str) -> None:
    with pytest.raises(opaque_snake.OpaqueError):
        _sign_in(RECORD, password)


def test_a_record_belongs_to_its_name() -> None:
    with pytest.raises(opaque_snake.OpaqueError):
        _sign_in(RECORD, "right", bytes(32))


def test_the_services_keys_are_needed() -> None:
    other = opaque.make_secrets(SystemEntropy())
    assert other.setup != SECRETS.setup
    client = opaque_snake.OpaqueClient()
    request, state = client.start_login("right")
    answer, _ = opaque.answer_login(other, RECORD, request.to_bytes(), NAME)
    with pytest.raises(opaque_snake.OpaqueError):
        client.finish_login(opaque_snake.CredentialResponse.from_bytes(answer), state, "right")


def test_the_librarys_own_client_signs_in_too() -> None:
    request, state = LIBRARY.lib.login_client("right")
    answer, kept = opaque.answer_login(SECRETS, RECORD, base64url_decode(request), NAME)
    finished = LIBRARY.lib.login_client_finish(state, "right", base64url_encode(answer))
    finalization = finished[0] if isinstance(finished, tuple) else finished
    opaque.check_login(base64url_decode(finalization), kept)


def test_the_decoy_answers_in_the_same_size_and_opens_to_nobody() -> None:
    request, _ = opaque_snake.OpaqueClient().start_login("right")
    known = opaque.answer_login(SECRETS, RECORD, request.to_bytes(), NAME)
    decoy = opaque.answer_login(SECRETS, SECRETS.decoy_record, request.to_bytes(), NAME)
    assert [len(part) for part in known] == [len(part) for part in decoy]
    with pytest.raises(opaque_snake.OpaqueError):
        _sign_in(SECRETS.decoy_record, "right")


def test_two_answers_to_one_request_share_no_masked_bytes() -> None:
    # The masking nonce makes the envelope look fresh every time, for known and unknown alike.
    request, _ = opaque_snake.OpaqueClient().start_login("right")
    for record in (RECORD, SECRETS.decoy_record):
        answers = [opaque.answer_login(SECRETS, record, request.to_bytes(), NAME)[0] for _ in "ab"]
        assert answers[0][:32] == answers[1][:32], "the oblivious part depends on the name alone"
        tails = [{a[i : i + 8] for i in range(32, len(a) - 8)} for a in answers]
        assert not tails[0] & tails[1]


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=0, max_size=200))
def test_arbitrary_bytes_are_refused_or_answered(octets: bytes) -> None:
    for deed in (
        lambda: opaque.answer_registration(SECRETS, octets, NAME),
        lambda: opaque.read_record(octets),
        lambda: opaque.answer_login(SECRETS, RECORD, octets, NAME),
    ):
        try:
            deed()
        except MalformedOpaqueError:
            continue


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=0, max_size=80))
def test_arbitrary_last_messages_sign_nobody_in(octets: bytes) -> None:
    request, _ = opaque_snake.OpaqueClient().start_login("right")
    _, kept = opaque.answer_login(SECRETS, RECORD, request.to_bytes(), NAME)
    with pytest.raises(SignInFailedError):
        opaque.check_login(octets, kept)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, opaque.RECORD_BYTES - 1), st.integers(0, 7))
def test_a_changed_upload_never_breaks_a_sign_in(place: int, bit: int) -> None:
    changed = bytearray(RECORD)
    changed[place] ^= 1 << bit
    try:
        record = opaque.read_record(bytes(changed))
    except MalformedOpaqueError:
        return
    with pytest.raises((opaque_snake.OpaqueError, MalformedOpaqueError)):
        _sign_in(record, "right")
