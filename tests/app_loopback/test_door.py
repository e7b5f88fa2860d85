"""The one-time token, the session, and what a stranger can learn of either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.app.loopback.door import SESSIONS_MAX, Door
from tests.support.entropy import FakeEntropy

if TYPE_CHECKING:
    from tests.support.loopback import Loopback


async def test_a_token_opens_once(loopback: Loopback) -> None:
    token = loopback.daemon.door.token
    first = await loopback.client.post("/api/session", json={"token": token})
    replayed = await loopback.client.post("/api/session", json={"token": token})
    assert first.status_code == 200
    assert (replayed.status_code, replayed.json()["code"]) == (401, "loopback.token")
    as_first = {**loopback.as_page, "X-Enigm-Session": first.json()["session"]}
    assert (await loopback.client.get("/api/state", headers=as_first)).status_code == 200


async def test_a_wrong_token_does_not_burn_the_right_one(loopback: Loopback) -> None:
    token = loopback.daemon.door.token
    for wrong in ("", "x", token + "x", token[:-1], "é"):
        answer = await loopback.client.post("/api/session", json={"token": wrong})
        assert answer.status_code == 401
    assert loopback.daemon.door.token == token


def test_each_burned_token_is_followed_by_another_that_is_told() -> None:
    told: list[str] = []
    door = Door(FakeEntropy(), told.append)
    first = door.token
    assert door.exchange(first) is not None
    assert told == [first, door.token]
    assert door.token != first


def test_a_session_is_not_a_token_and_a_token_is_not_a_session() -> None:
    door = Door(FakeEntropy())
    token = door.token
    session = door.exchange(token)
    assert session is not None
    assert door.exchange(session) is None
    assert not door.admits(token)
    assert not door.admits(door.token)
    assert not door.admits("")


def test_the_oldest_session_ends_when_there_are_too_many() -> None:
    door = Door(FakeEntropy())
    sessions = [door.exchange(door.token) or "" for _ in range(SESSIONS_MAX + 1)]
    assert not door.admits(sessions[0])
    assert all(door.admits(session) for session in sessions[1:])
