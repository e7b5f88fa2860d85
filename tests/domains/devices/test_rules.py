"""The devices' rules: every state, every limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.domains.devices import errors, rules
from enigm.domains.devices.model import Trust
from enigm.foundation.errors import Refusal
from enigm.wire.request_signature import WINDOW_SECONDS


@pytest.mark.requirement("TRU-01")
@pytest.mark.parametrize("trust", list(Trust))
def test_only_a_trusted_device_speaks(trust: Trust) -> None:
    expected: dict[Trust, type[Refusal]] = {
        Trust.UNKNOWN: errors.DeviceNotTrustedError,
        Trust.PENDING: errors.DeviceNotTrustedError,
        Trust.REVOKED: errors.DeviceRevokedError,
    }
    if trust is Trust.TRUSTED:
        rules.check_speaker(trust)
        return
    with pytest.raises(expected[trust]):
        rules.check_speaker(trust)


@given(st.integers(0, 2**40), st.integers(-1000, 1000))
def test_a_request_is_fresh_for_a_minute_either_way(now: int, shift: int) -> None:
    if abs(shift) <= WINDOW_SECONDS:
        rules.check_freshness(now + shift, now)
        return
    with pytest.raises(errors.RequestStaleError):
        rules.check_freshness(now + shift, now)


@given(st.integers(0, 2**40), st.integers(0, 1000))
def test_a_nonce_outlives_its_request(created: int, later: int) -> None:
    forgotten = created + later >= rules.nonce_end(created)
    if forgotten:
        with pytest.raises(errors.RequestStaleError):
            rules.check_freshness(created, created + later)


@pytest.mark.parametrize(
    ("trust", "waiting", "refusal"),
    [
        (Trust.UNKNOWN, 0, None),
        (Trust.UNKNOWN, 4, None),
        (Trust.UNKNOWN, 5, errors.TooManyPendingError),
        (Trust.PENDING, 5, None),
        (Trust.TRUSTED, 0, errors.DeviceKnownError),
        (Trust.REVOKED, 0, errors.DeviceRevokedError),
    ],
)
def test_who_may_wait(trust: Trust, waiting: int, refusal: type[Refusal] | None) -> None:
    if refusal is None:
        rules.check_enrolment(trust, waiting)
        return
    with pytest.raises(refusal):
        rules.check_enrolment(trust, waiting)


@pytest.mark.parametrize(
    ("held", "added", "fits"), [(0, 200, True), (199, 1, True), (200, 1, False)]
)
def test_how_many_key_packages_may_be_left(held: int, added: int, fits: bool) -> None:
    if fits:
        rules.check_room(held, added)
        return
    with pytest.raises(errors.TooManyKeyPackagesError):
        rules.check_room(held, added)
