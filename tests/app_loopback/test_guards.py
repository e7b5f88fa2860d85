"""Each guard turns away what it is there for, before the App hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

if TYPE_CHECKING:
    from tests.support.loopback import Loopback

SEND = "/api/conversations/chat-elif/messages"


async def test_the_page_itself_is_let_in(loopback: Loopback) -> None:
    answer = await loopback.client.get("/api/conversations", headers=loopback.as_page)
    assert answer.status_code == 200
    assert len(answer.json()) == 7


@pytest.mark.parametrize(
    ("header", "value", "status", "code"),
    [
        ("Host", "evil.test", 421, "loopback.host"),
        ("Host", "127.0.0.1", 421, "loopback.host"),
        ("Host", "127.0.0.1:1", 421, "loopback.host"),
        ("Origin", "http://evil.test", 403, "loopback.origin"),
        ("Origin", "null", 403, "loopback.origin"),
        ("Origin", "https://127.0.0.1", 403, "loopback.origin"),
        ("Sec-Fetch-Site", "cross-site", 403, "loopback.origin"),
        ("Sec-Fetch-Site", "same-site", 403, "loopback.origin"),
        ("Content-Type", "text/plain", 415, "loopback.media_type"),
        ("Content-Type", "application/json; charset=utf-8", 415, "loopback.media_type"),
        ("Content-Type", "application/x-www-form-urlencoded", 415, "loopback.media_type"),
        ("X-Enigm-Session", "guessed", 401, "loopback.session"),
        ("X-Enigm-Session", "", 401, "loopback.session"),
    ],
)
async def test_one_wrong_header_is_enough_to_be_turned_away(
    loopback: Loopback, header: str, value: str, status: int, code: str
) -> None:
    before = await loopback.app.messages("chat-elif")
    answer = await loopback.client.post(
        SEND, headers={**loopback.as_page, header: value}, json={"text": "forged"}
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert await loopback.app.messages("chat-elif") == before


async def test_an_origin_sent_twice_is_not_the_own_origin(loopback: Loopback) -> None:
    twice = [*loopback.as_page.items(), ("Origin", "http://evil.test")]
    answer = await loopback.client.get("/api/state", headers=twice)
    assert answer.status_code == 403


async def test_the_other_name_of_this_computer_has_its_own_origin(loopback: Loopback) -> None:
    name = f"localhost:{loopback.daemon.port}"
    headers = {**loopback.as_page, "Host": name, "Origin": f"http://{name}"}
    assert (await loopback.client.get("/api/state", headers=headers)).status_code == 200
    headers["Origin"] = loopback.origin
    assert (await loopback.client.get("/api/state", headers=headers)).status_code == 403


async def test_no_path_of_the_api_answers_without_a_session(loopback: Loopback) -> None:
    for path in ("/api/state", "/api/conversations", "/api/nothing", "/api/"):
        answer = await loopback.client.get(path)
        assert answer.status_code == 401, path


async def test_the_shell_is_served_without_a_session_and_holds_nothing_personal(
    loopback: Loopback,
) -> None:
    shell = await loopback.client.get("/", headers={"Sec-Fetch-Site": "none"})
    assert shell.status_code == 200
    assert "noor" not in shell.text


@pytest.mark.parametrize(
    "change",
    [
        {"Origin": "http://evil.test"},
        {"Origin": None},
        {"Origin": "null"},
    ],
)
async def test_the_stream_opens_for_the_own_origin_only(
    loopback: Loopback, change: dict[str, str | None]
) -> None:
    with pytest.raises(InvalidStatus):
        await _open_stream(loopback, origin=change["Origin"])
    assert loopback.app.subscribers() == 0


async def test_the_stream_needs_the_session(loopback: Loopback) -> None:
    with pytest.raises(InvalidStatus):
        await _open_stream(loopback, origin=loopback.origin, session="guessed")
    with pytest.raises(InvalidStatus):
        await _open_stream(loopback, origin=loopback.origin, session=None)
    assert loopback.app.subscribers() == 0


async def _open_stream(loopback: Loopback, *, origin: str | None, session: str | None = "") -> None:
    value = loopback.session if session == "" else session
    offered = ["enigm.events"] + ([f"enigm.session.{value}"] if value is not None else [])
    url = f"ws://127.0.0.1:{loopback.daemon.port}/api/events"
    async with connect(url, origin=origin, subprotocols=offered, proxy=None):  # type: ignore[arg-type]
        pass
