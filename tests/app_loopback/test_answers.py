"""What the loopback server answers: headers, packaged files, problem details, limits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from enigm.app.loopback.routes import ROUTES
from enigm.app.loopback.server import BODY_BYTES_MAX
from tests.support.vectors import ROOT

if TYPE_CHECKING:
    from tests.support.loopback import Loopback

SEND = "/api/conversations/chat-elif/messages"


async def test_every_answer_carries_the_security_headers(loopback: Loopback) -> None:
    answers = [
        await loopback.client.get("/"),
        await loopback.client.get("/main.js"),
        await loopback.client.get("/nothing"),
        await loopback.client.get("/api/state", headers=loopback.as_page),
        await loopback.client.get("/api/state"),
        await loopback.client.get("/", headers={"Host": "evil.test"}),
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "frame-ancestors 'none'" in policy
        assert policy.endswith("require-trusted-types-for 'script'; trusted-types lit-html")
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "camera=()" in answer.headers["permissions-policy"]
        assert "server" not in answer.headers


def test_the_policy_allows_nothing_inline_and_nothing_foreign() -> None:
    from enigm.app.loopback.headers import CONTENT_SECURITY_POLICY

    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    assert "*" not in CONTENT_SECURITY_POLICY


@pytest.mark.parametrize(
    "path",
    [
        "/../views.py",
        "/..%2fviews.py",
        "/%2e%2e/views.py",
        "/vendor/../../views.py",
        "//etc/passwd",
        "/styles",
        "/styles/",
        "/index.html/",
        "/main.js%00",
    ],
)
async def test_nothing_but_the_packaged_files_is_served(loopback: Loopback, path: str) -> None:
    answer = await loopback.client.get(loopback.origin + path)
    assert (answer.status_code, answer.json()["code"]) == (404, "loopback.path")


async def test_a_refusal_of_the_app_is_told_as_problem_details(loopback: Loopback) -> None:
    answer = await loopback.client.get("/api/conversations/none", headers=loopback.as_page)
    assert answer.status_code == 404
    assert answer.json() == {
        "status": 404,
        "code": "conversations.unknown",
        "category": "not_found",
        "detail": "There is no such conversation.",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"text": 5}',
        b'{"text": ""}',
        b'{"text": "x", "more": 1}',
        b'{"text": "\xff"}',
        b'{"text": "' + b"x" * 70_000 + b'"}',
    ],
)
async def test_a_body_that_is_not_the_routes_own_is_refused(
    loopback: Loopback, body: bytes
) -> None:
    answer = await loopback.client.post(SEND, headers=loopback.as_page, content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "loopback.body")


async def test_a_body_without_end_is_cut_off(loopback: Loopback) -> None:
    body = b" " * (BODY_BYTES_MAX + 1)
    answer = await loopback.client.post(SEND, headers=loopback.as_page, content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "loopback.too_long")


@pytest.mark.parametrize("limit", ["0", "-1", "ten", "1e3", "٣", "9999999999"])
async def test_a_page_size_is_a_whole_number(loopback: Loopback, limit: str) -> None:
    answer = await loopback.client.get(SEND, headers=loopback.as_page, params={"limit": limit})
    assert answer.status_code == 400


async def test_a_contact_is_named_in_exactly_one_way(loopback: Loopback) -> None:
    bodies: list[dict[str, str]] = [{}, {"username": "ines", "invite": "enigm:invite#x"}]
    for body in bodies:
        answer = await loopback.client.post("/api/contacts", headers=loopback.as_page, json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "contacts.which")


async def test_a_bug_tells_the_page_nothing(
    loopback: Loopback, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any) -> None:
        # Not the words themselves: a traceback shows the source line.
        raise ZeroDivisionError("sdrow terces eht"[::-1])

    loopback.app.send = broken  # type: ignore[method-assign,assignment]
    answer = await loopback.client.post(SEND, headers=loopback.as_page, json={"text": "hello"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert "ZeroDivisionError" in caplog.text
    assert "the secret words" not in caplog.text


def test_the_contract_and_the_routes_list_the_same_requests() -> None:
    contract = (ROOT / "docs" / "app-api.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in contract.splitlines() if line.startswith("| `")]
    written = {request for row in rows for request in _requests(row)}
    served = {f"{route.method} {'/'.join(route.segments)}" for route in ROUTES}
    assert written == served


def _requests(row: str) -> list[str]:
    found: list[str] = []
    method, stem = "", ""
    for text in re.findall(r"`([^`]+)`", row):
        if " " in text:
            method, path = text.split("?")[0].split(" ")
            stem = path.rsplit("/", 1)[0]
        else:
            path = text if text.startswith("/api") else stem + text
        found.append(f"{method} {re.sub(r'{[a-z]+}', '*', path)}")
    return found
