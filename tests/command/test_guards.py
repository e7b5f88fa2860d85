"""Command answers to its own origin alone, and says on every answer what a page may load."""

from __future__ import annotations

from pathlib import Path

import pytest

from enigm.faces.command.origin import origin_of
from enigm.faces.command.sessions import GUEST_COOKIE, ORDER_COOKIE, SESSION_COOKIE
from enigm.foundation.settings import Settings
from tests.support.command import RunningCommand, Visit
from tests.support.journey import Journey

STRANGE_HOSTS = ("evil.test", "127.0.0.1", "127.0.0.1:1", "command.test:8461", "")


@pytest.mark.requirement("CMD-11")
@pytest.mark.parametrize("host", STRANGE_HOSTS)
async def test_another_host_is_misdirected(visit: Visit, host: str) -> None:
    answer = await visit.get("/", Host=host)
    assert answer.status_code == 421
    assert "Buy" not in answer.text


@pytest.mark.requirement("CMD-11")
@pytest.mark.parametrize(
    "said",
    [
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
        {},
    ],
    ids=str,
)
async def test_a_form_of_another_origin_is_refused(
    visit: Visit, journey: Journey, said: dict[str, str]
) -> None:
    await visit.sign_in(await journey.register())
    answer = await visit.http.post("/sign-out", data={"form_token": visit.form_token}, headers=said)
    assert answer.status_code == 403
    assert (await visit.get("/sessions")).status_code == 200


@pytest.mark.requirement("CMD-11")
async def test_a_form_without_the_token_of_its_visitor_is_refused(
    visit: Visit, command: RunningCommand, journey: Journey
) -> None:
    await visit.sign_in(await journey.register())
    other = command.visit()
    await other.get("/sign-in")
    own = visit.form_token
    for token in ("", "A" * 43, other.form_token):
        visit.form_token = token
        assert (await visit.post("/sign-out")).status_code == 403
    visit.form_token = own
    assert (await visit.post("/sign-out")).status_code == 303


@pytest.mark.parametrize("dest", ["image", "iframe", "script"])
async def test_nothing_of_command_loads_in_another_sites_page(visit: Visit, dest: str) -> None:
    said = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": dest}
    assert (await visit.get("/", **said)).status_code == 403
    framed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": dest}
    assert (await visit.get("/", **framed)).status_code == 403


async def test_a_link_from_elsewhere_leads_here(visit: Visit) -> None:
    said = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    assert (await visit.get("/", **said)).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/nothing-here", "/sessions", "/static/command.css", "/%2e%2e"]
)
async def test_every_answer_carries_the_policy(visit: Visit, path: str) -> None:
    answer = await visit.get(path)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe-inline" not in policy
    assert "http" not in policy
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "server" not in answer.headers


async def test_only_the_worker_may_compile(visit: Visit) -> None:
    for path in ("/sign-in", "/sign-up", "/static/entering.js", "/static/vendor/htmx.js"):
        assert "wasm" not in (await visit.get(path)).headers["content-security-policy"]
    worker = await visit.get("/static/vendor/keys.js")
    policy = worker.headers["content-security-policy"]
    assert policy == "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"


@pytest.mark.parametrize("path", ["/static/../application.py", "/static/", "/static/vendor"])
async def test_nothing_but_named_files_is_served(visit: Visit, path: str) -> None:
    assert (await visit.get(path)).status_code == 404


async def test_a_page_that_is_not_there_says_so_in_plain_words(visit: Visit) -> None:
    answer = await visit.get("/nothing-here")
    assert answer.status_code == 404
    assert "There is no page at this address." in answer.text


@pytest.mark.requirement("CMD-11")
async def test_cookies_are_for_this_origin_and_no_script(visit: Visit, journey: Journey) -> None:
    answer = await visit.get("/")
    guest = answer.headers["set-cookie"]
    assert "HttpOnly" in guest
    assert "SameSite=strict" in guest
    await visit.sign_in(await journey.register())
    assert visit.http.cookies["enigm-command"]


@pytest.mark.requirement("CMD-11")
def test_over_tls_browsers_hold_every_cookie_to_this_host_alone() -> None:
    """A ``__Host-`` cookie comes from this very host over TLS, and from no other port's program."""
    secure = origin_of(Settings(data_folder=Path("unused"), command_origin="https://command.test"))
    local = origin_of(Settings(data_folder=Path("unused")))
    for name in (SESSION_COOKIE, GUEST_COOKIE, ORDER_COOKIE):
        assert secure.cookie(name) == f"__Host-{name}"
        assert local.cookie(name) == name
    assert (secure.is_secure, local.is_secure) == (True, False)
