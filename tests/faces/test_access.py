"""Who may reach what: every route is marked, and every protected one refuses every half-truth."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import httpx
import pytest

from enigm.faces.http.door import access_of
from enigm.foundation.access import Access
from enigm.wire.request_signature import WINDOW_SECONDS
from tests.support.journey import Device, Journey, Person
from tests.support.service import Running

SIX_HOURS = 6 * 3600


def marked_routes(running: Running) -> dict[tuple[str, str], Access]:
    """Return every (method, path) of the application with how it may be reached."""
    path = running.service.account_path
    assert path is not None
    return {
        (method, route.path): access_of(handler)
        for route in path.application.routes
        for handler in route.route_handlers
        for method in handler.http_methods
    }


def _reached(running: Running, access: Access) -> list[tuple[str, str]]:
    return [
        (method, path.replace("{session_id:str}", "A" * 22).replace("{device:str}", "A" * 22))
        for (method, path), mark in sorted(marked_routes(running).items())
        if mark is access
    ]


@pytest.mark.requirement("APP-19", "TRU-01")
async def test_every_route_says_how_it_may_be_reached(running: Running) -> None:
    # The list is written out on purpose: opening a route wider is a change to be seen here.
    routes = {
        route: access
        for route, access in marked_routes(running).items()
        if route[0] != "OPTIONS" and not route[1].startswith("/openapi")
    }
    account, device = "/accounts/v1", "/devices/v1"
    assert routes == {
        ("GET", f"{account}/registration"): Access.PUBLIC,
        ("POST", f"{account}/registration/start"): Access.PUBLIC,
        ("POST", f"{account}/registration/finish"): Access.PUBLIC,
        ("POST", f"{account}/session/start"): Access.PUBLIC,
        ("POST", f"{account}/session/finish"): Access.PUBLIC,
        ("POST", f"{account}/recovery/start"): Access.PUBLIC,
        ("POST", f"{account}/recovery/opaque"): Access.PUBLIC,
        ("POST", f"{account}/recovery/chain"): Access.PUBLIC,
        ("POST", f"{account}/recovery/finish"): Access.PUBLIC,
        ("GET", f"{account}/tokens/key"): Access.PUBLIC,
        ("GET", f"{account}/sessions"): Access.SESSION,
        ("DELETE", f"{account}/sessions/{{session_id:str}}"): Access.SESSION,
        ("PUT", f"{account}/password"): Access.PROTECTED,
        ("DELETE", f"{account}/account"): Access.PROTECTED,
        ("POST", f"{account}/tokens"): Access.PROTECTED,
        ("GET", f"{account}/pin"): Access.PROTECTED,
        ("PUT", f"{account}/pin"): Access.PROTECTED,
        ("DELETE", f"{account}/pin"): Access.PROTECTED,
        ("POST", f"{account}/pin/start"): Access.PROTECTED,
        ("POST", f"{account}/pin/finish"): Access.PROTECTED,
        ("POST", f"{account}/pin/register"): Access.PROTECTED,
        ("POST", f"{account}/pin/change"): Access.PROTECTED,
        ("POST", f"{account}/pin/duress"): Access.PROTECTED,
        ("POST", f"{account}/pin/reset"): Access.PROTECTED,
        ("GET", f"{device}/chain"): Access.SESSION,
        ("POST", f"{device}/enrolments"): Access.SESSION,
        ("DELETE", f"{device}/enrolments/{{device:str}}"): Access.PROTECTED,
        ("POST", f"{device}/chain"): Access.PROTECTED,
        ("PUT", f"{device}/card"): Access.PROTECTED,
        ("POST", f"{device}/key-packages"): Access.PROTECTED,
        ("GET", f"{device}/key-packages"): Access.PROTECTED,
        ("POST", "/directory/v1/lookup"): Access.TOKEN,
        ("GET", "/posture/v1/signals"): Access.PROTECTED,
        ("POST", "/posture/v1/challenges"): Access.PROTECTED,
        ("POST", "/posture/v1/reports"): Access.PROTECTED,
        ("DELETE", "/posture/v1/report"): Access.PROTECTED,
        ("POST", "/attestation/v1/enrolments"): Access.PROTECTED,
        ("POST", "/attestation/v1/enrolments/answer"): Access.PROTECTED,
        ("POST", "/attestation/v1/nonces"): Access.PROTECTED,
        ("POST", "/attestation/v1/quotes"): Access.PROTECTED,
        ("DELETE", "/attestation/v1/device"): Access.PROTECTED,
    }


@pytest.mark.requirement("APP-07", "APP-19", "TRU-01")
async def test_a_route_that_needs_a_session_refuses_what_is_none(running: Running) -> None:
    journey = running.journey
    person = await journey.register()
    token = person.session
    running.clock.advance(SIX_HOURS)
    shown = {
        "no session": (None, "accounts.session_needed"),
        "another scheme": ("Basic QWxhZGRpbg", "accounts.session_needed"),
        "nothing": ("Bearer ", "accounts.session_ended"),
        "an unknown one": ("Bearer " + "A" * 43, "accounts.session_ended"),
        "no base64": ("Bearer " + "!" * 43, "accounts.session_ended"),
        "a long one": ("Bearer " + "A" * 4000, "accounts.session_ended"),
        "an expired one": (f"Bearer {token}", "accounts.session_ended"),
    }
    routes = _reached(running, Access.SESSION) + _reached(running, Access.PROTECTED)
    assert len(routes) >= 11
    for method, path in routes:
        for name, (authorization, code) in shown.items():
            headers = {} if authorization is None else {"Authorization": authorization}
            answer = await journey.http.request(method, path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, code), (path, name)
            assert "Bearer" in answer.headers["WWW-Authenticate"]


@dataclasses.dataclass
class _Cast:
    """Everyone who might sign a request for Alice's account."""

    alice: Person
    pending: Device
    revoked: Device
    stranger: Device
    mallory: Person


async def _cast(journey: Journey) -> _Cast:
    alice, mallory = await journey.register(), await journey.register()
    revoked = await journey.link(alice)
    await journey.revoke(alice, revoked)
    pending = await journey.enrol(alice)
    return _Cast(alice, pending, revoked, journey.new_device(), mallory)


def _half_truths(
    journey: Journey, cast: _Cast, method: str, path: str, body: Any
) -> dict[str, tuple[dict[str, str], str]]:
    """Return headers that each lack one thing, and the code that refuses them."""
    alice, now = cast.alice, journey.clock.now_seconds()

    def signed(**changes: Any) -> dict[str, str]:
        return journey.signed_headers(alice, method, path, body, **changes)

    whole = signed()
    no_signature = {"Authorization": whole["Authorization"]}
    other_session = {"Authorization": f"Bearer {cast.mallory.session}"}
    other_path = journey.signed_headers(alice, method, path + "x", body)
    other_method = journey.signed_headers(alice, "PATCH", path, body)
    other_body = journey.signed_headers(alice, method, path, {"other": 1})
    flipped = whole["Signature"].replace("enigm=:", "enigm=:A", 1)[:-3] + "=:"
    posing = dataclasses.replace(alice.device, signing=dataclasses.replace(cast.stranger.signing))
    return {
        "no signature": (no_signature, "devices.not_trusted"),
        "no digest": (whole | {"Content-Digest": ""}, "devices.not_trusted"),
        "no input": (whole | {"Signature-Input": ""}, "devices.not_trusted"),
        "a bad signature": (whole | {"Signature": flipped}, "devices.not_trusted"),
        "a foreign device": (signed(device=cast.stranger), "devices.not_trusted"),
        "a pending device": (signed(device=cast.pending), "devices.not_trusted"),
        "another account's device": (signed(device=cast.mallory.device), "devices.not_trusted"),
        "another key under the device's id": (
            _under_id(signed(device=posing), posing, alice.device),
            "devices.not_trusted",
        ),
        "a revoked device": (signed(device=cast.revoked), "devices.revoked"),
        "the session of another account": (whole | other_session, "devices.not_trusted"),
        "signed for another account's session": (
            signed(authorization=other_session["Authorization"]),
            "devices.not_trusted",
        ),
        "another path": (other_path, "devices.not_trusted"),
        "another method": (other_method, "devices.not_trusted"),
        "another body": (other_body, "devices.not_trusted"),
        "too old": (signed(created=now - WINDOW_SECONDS - 1), "devices.request_stale"),
        "from the future": (signed(created=now + WINDOW_SECONDS + 1), "devices.request_stale"),
    }


def _under_id(headers: dict[str, str], signer: Device, claimed: Device) -> dict[str, str]:
    from tests.support.journey import b64

    named = headers["Signature-Input"].replace(b64(signer.device_id), b64(claimed.device_id))
    return headers | {"Signature-Input": named}


async def _send(
    journey: Journey, method: str, path: str, body: Any, headers: dict[str, str]
) -> httpx.Response:
    content = b"" if body is None else json.dumps(body).encode()
    kind = {"Content-Type": "application/json"} if content else {}
    return await journey.http.request(method, path, content=content, headers=kind | headers)


@pytest.mark.requirement("APP-05", "APP-19", "TRU-01")
async def test_a_protected_route_refuses_every_half_truth(running: Running) -> None:
    journey = running.journey
    cast = await _cast(journey)
    routes = _reached(running, Access.PROTECTED)
    assert len(routes) == len(set(routes)) >= 17
    for method, path in routes:
        body = None if method in {"GET", "DELETE"} else {}
        for name, (headers, code) in _half_truths(journey, cast, method, path, body).items():
            answer = await _send(journey, method, path, body, headers)
            assert (answer.status_code, answer.json()["code"]) == (403, code), (path, name)


@pytest.mark.requirement("APP-19", "TRU-01")
async def test_a_protected_route_takes_a_signed_request_once(running: Running) -> None:
    journey = running.journey
    for method, path in _reached(running, Access.PROTECTED):
        alice = await journey.register()
        body = None if method in {"GET", "DELETE"} else {}
        headers = journey.signed_headers(alice, method, path, body)
        let_in = await _send(journey, method, path, body, headers)
        # The control: past the door, an empty body, an absent thing, no PIN is refused for itself.
        assert let_in.status_code in {200, 204, 400, 404} or (
            let_in.json()["code"] == "accounts.pin_needed"
        ), path
        again = await _send(journey, method, path, body, headers)
        assert (again.status_code, again.json()["code"]) == (403, "devices.request_replayed"), path


@pytest.mark.parametrize("seconds", [-WINDOW_SECONDS, 0, WINDOW_SECONDS])
async def test_a_request_within_the_window_is_fresh(running: Running, seconds: int) -> None:
    journey = running.journey
    alice = await journey.register()
    path = "/devices/v1/key-packages"
    created = running.clock.now_seconds() + seconds
    headers = journey.signed_headers(alice, "GET", path, created=created)
    assert (await _send(journey, "GET", path, None, headers)).status_code == 200


async def test_a_nonce_is_remembered_as_long_as_its_request_could_pass(running: Running) -> None:
    journey = running.journey
    alice = await journey.register()
    path = "/devices/v1/key-packages"
    created = running.clock.now_seconds() + WINDOW_SECONDS
    headers = journey.signed_headers(alice, "GET", path, created=created)
    assert (await _send(journey, "GET", path, None, headers)).status_code == 200
    running.clock.advance(2 * WINDOW_SECONDS)
    running.service.upkeep.run_once()
    again = await _send(journey, "GET", path, None, headers)
    assert again.json()["code"] == "devices.request_replayed"
    running.clock.advance(1)
    running.service.upkeep.run_once()
    again = await _send(journey, "GET", path, None, headers)
    assert again.json()["code"] == "devices.request_stale"


async def test_a_protected_request_has_no_query(running: Running) -> None:
    journey = running.journey
    alice = await journey.register()
    path = "/devices/v1/key-packages"
    headers = journey.signed_headers(alice, "GET", path)
    answer = await _send(journey, "GET", path + "?unsigned=1", None, headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "http.query")


@pytest.mark.requirement("APP-05")
async def test_signing_in_alone_adds_and_removes_no_device(journey: Journey) -> None:
    alice = await journey.register()
    thief = journey.new_device()
    await journey.enrol(alice, thief)
    chain = await journey.chain(alice)
    assert list(chain.trusted) == [alice.device.signing.public]
    for method, path in [("POST", "/devices/v1/chain"), ("DELETE", "/accounts/v1/account")]:
        answer = await _send(
            journey, method, path, {}, {"Authorization": f"Bearer {alice.session}"}
        )
        assert answer.json()["code"] == "devices.not_trusted"
