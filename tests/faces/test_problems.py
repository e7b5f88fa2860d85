"""How the service says no: one form for everything, and nothing in it that should not leave."""

from __future__ import annotations

import pytest
from litestar import Router, get
from litestar.testing import AsyncTestClient

from enigm.domains.accounts.errors import SignInFailedError
from enigm.faces.http.application import http_application
from enigm.faces.http.headers import SECURITY_HEADERS
from enigm.faces.http.problem import Problems
from enigm.foundation.access import Access, opened_to
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import UnavailableError
from tests.support.journey import Journey
from tests.support.service import Running

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "category"}
SECRET = "the operator's eyes only"


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "code"),
    [
        ("GET", "/nowhere", b"", 404, "http.no_such_path"),
        ("PATCH", "/accounts/v1/registration", b"", 405, "http.method"),
        ("POST", "/accounts/v1/session/finish", b"{", 400, "http.invalid"),
        ("POST", "/accounts/v1/session/finish", b"", 400, "http.invalid"),
        ("POST", "/accounts/v1/session/finish", b"[]", 400, "http.invalid"),
        ("POST", "/accounts/v1/session/finish", b"\xff\xfe", 400, "http.invalid"),
        ("POST", "/accounts/v1/session/finish", b'{"login": 7}', 400, "http.invalid"),
        ("POST", "/accounts/v1/recovery/start", b'{"email": "x"}', 400, "http.invalid"),
        ("POST", "/accounts/v1/recovery/start", b" " * 70_000, 413, "http.body_too_large"),
        ("POST", "/delivery-like/v1", b"", 404, "http.no_such_path"),
    ],
)
async def test_bad_requests_get_a_stable_code_and_a_sentence(
    journey: Journey,
    method: str,
    path: str,
    content: bytes,
    status: int,
    code: str,
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await journey.http.request(method, path, content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == MEMBERS
    assert answer.json()["status"] == status
    assert len(answer.json()["detail"]) > 10
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value


async def test_an_unknown_field_is_named_and_its_value_is_not(journey: Journey) -> None:
    body = {"fingerprint": "A" * 43, "phone": SECRET}
    answer = await journey.http.post("/accounts/v1/recovery/start", json=body)
    assert answer.status_code == 400
    assert "phone" in answer.json()["detail"]
    assert SECRET not in answer.text


@pytest.mark.parametrize("text", ["A" * 42 + "B", "A" * 43 + "\n", "A" * 42 + "="])
async def test_a_second_spelling_of_bytes_is_refused(journey: Journey, text: str) -> None:
    answer = await journey.http.post("/accounts/v1/recovery/start", json={"fingerprint": text})
    assert answer.status_code == 400
    assert answer.json()["category"] == "invalid"


@get("/broken", opt=opened_to(Access.PUBLIC), sync_to_thread=False)
def broken() -> None:
    raise ValueError(SECRET)


@get("/refused", opt=opened_to(Access.PUBLIC), sync_to_thread=False)
def refused() -> None:
    raise SignInFailedError(SECRET)


@get("/away", opt=opened_to(Access.PUBLIC), sync_to_thread=False)
def away() -> None:
    raise UnavailableError("storage.unavailable", "Storage is away.", trace=SECRET)


@get("/unmarked", sync_to_thread=False)
def unmarked() -> None:
    """Do nothing."""


@pytest.mark.requirement("PRV-04")
@pytest.mark.parametrize(
    ("path", "status", "code", "logged"),
    [
        ("/broken", 500, "internal", "request.failed"),
        ("/refused", 401, "accounts.sign_in_failed", None),
        ("/away", 503, "storage.unavailable", "request.refused"),
    ],
)
async def test_what_helps_an_engineer_stays_inside(
    running: Running, path: str, status: int, code: str, logged: str | None
) -> None:
    problems = Problems(running.service.log, SystemEntropy())
    router = Router(path="/", route_handlers=[broken, refused, away])
    application = http_application([router], _open_door, problems)  # type: ignore[arg-type]
    async with AsyncTestClient(application, raise_server_exceptions=False) as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert SECRET not in answer.text
    lines = running.log.getvalue()
    assert SECRET not in lines
    reference = answer.json()["instance"].removeprefix("urn:enigm:request:")
    assert (logged is None) or (logged in lines and reference in lines)


async def test_a_route_that_does_not_say_how_it_may_be_reached_stops_the_start() -> None:
    router = Router(path="/", route_handlers=[unmarked])
    problems = Problems(None, SystemEntropy())  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="does not say how it may be reached"):
        http_application([router], _open_door, problems)  # type: ignore[arg-type]


async def _open_door(*_: object) -> None:
    """Let everyone in."""


async def test_the_description_says_how_to_get_in_and_what_a_refusal_is(journey: Journey) -> None:
    answer = await journey.http.get("/openapi/openapi.json")
    assert answer.status_code == 200
    paths = answer.json()["paths"]
    assert paths["/devices/v1/chain"]["get"]["security"] == [{"session": []}]
    assert paths["/devices/v1/chain"]["post"]["security"] == [{"session": [], "device": []}]
    assert paths["/directory/v1/lookup"]["post"]["security"] == []
    for operations in paths.values():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            assert "400" not in operation["responses"]
    again = await journey.http.get("/openapi/openapi.json")
    assert again.content == answer.content
