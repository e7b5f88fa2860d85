"""Several processes on one PostgreSQL are one service: what one began, another finishes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from opaque_snake import CredentialResponse

from enigm.domains.accounts import rules
from enigm.wire.device_chain import Kind
from tests.support.clock import FakeClock
from tests.support.journey import Journey, Problem, b64, unb64
from tests.support.service import running_service, settings_of_tests

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.postgres


@asynccontextmanager
async def _two_processes(
    tmp_path: Path, server: PostgresServer, name: str
) -> AsyncGenerator[tuple[Journey, Journey]]:
    settings = settings_of_tests(
        tmp_path, database_url=server.url(name), database_admin_url=server.admin_url(name)
    )
    clock = FakeClock()
    async with (
        running_service(settings, clock) as first,
        running_service(settings, clock) as second,
    ):
        yield first.journey, second.journey


async def test_a_journey_goes_from_process_to_process(
    tmp_path: Path, postgres_server: PostgresServer, postgres_database: str
) -> None:
    async with _two_processes(tmp_path, postgres_server, postgres_database) as (one, two):
        alice = one.new_person()
        body = await one.registration_body(alice, await two.registration_proof())
        alice.session = (await two.ask("POST", "/accounts/v1/registration/finish", body))["session"]
        with pytest.raises(Problem, match="proof_refused"):
            await one.ask("POST", "/accounts/v1/registration/finish", body)

        request, state = one.opaque.start_login(alice.password)
        begin = {"lookup_id": b64(alice.lookup_id), "opaque_request": b64(request.to_bytes())}
        begun = await one.ask("POST", "/accounts/v1/session/start", begin)
        response = CredentialResponse.from_bytes(unb64(begun["opaque_response"]))
        finished = one.opaque.finish_login(response, state, alice.password)
        end = {
            "login": begun["login"],
            "opaque_finalization": b64(finished.finalization.to_bytes()),
        }
        alice.session = (await two.ask("POST", "/accounts/v1/session/finish", end))["session"]

        path = "/devices/v1/key-packages"
        headers = one.signed_headers(alice, "GET", path)
        await one.ask("GET", path, headers=headers)
        with pytest.raises(Problem, match="request_replayed"):
            await two.ask("GET", path, headers=headers)

        (token,) = await one.tokens(alice)
        await two.look_up(token, lookup_id=alice.lookup_id)
        with pytest.raises(Problem, match="token_spent"):
            await one.look_up(token, lookup_id=alice.lookup_id)

        await one.recover(alice, "new")
        await two.sign_in(alice)
        await two.erase(alice)
        with pytest.raises(Problem, match="session_ended"):
            await one.as_session(alice, "GET", "/devices/v1/chain")


async def test_of_appends_at_once_in_two_processes_one_wins(
    tmp_path: Path, postgres_server: PostgresServer, postgres_database: str
) -> None:
    async with _two_processes(tmp_path, postgres_server, postgres_database) as (one, two):
        alice = await one.register()
        for _ in range(3):
            waiting = [await one.enrol(alice), await one.enrol(alice)]
            chain = await one.chain(alice)
            bodies = [
                {
                    "entry": b64(
                        chain.by_device(
                            Kind.CERTIFY, device.signing.public, alice.device.signing, 0
                        )
                    )
                }
                for device in waiting
            ]
            answers = await asyncio.gather(
                *(
                    journey.as_device(alice, "POST", "/devices/v1/chain", body)
                    for journey, body in zip((one, two), bodies, strict=True)
                ),
                return_exceptions=True,
            )
            codes = sorted(a.code if isinstance(a, Problem) else "won" for a in answers)
            assert codes == ["devices.chain_moved", "won"]
            for device in waiting:
                if device.signing.public not in (await two.chain(alice)).trusted:
                    path = f"/devices/v1/enrolments/{b64(device.device_id)}"
                    await two.as_device(alice, "DELETE", path)


async def test_askers_at_two_processes_get_different_key_packages(
    tmp_path: Path, postgres_server: PostgresServer, postgres_database: str
) -> None:
    async with _two_processes(tmp_path, postgres_server, postgres_database) as (one, two):
        alice = await one.register()
        packages = [bytes([number]) * 40 for number in range(10)]
        body = {"key_packages": [b64(package) for package in packages]}
        await one.as_device(alice, "POST", "/devices/v1/key-packages", body)
        tokens = await one.tokens(alice, 10)
        found = await asyncio.gather(
            *(
                (one, two)[number % 2].look_up(token, lookup_id=alice.lookup_id, key_packages=True)
                for number, token in enumerate(tokens)
            )
        )
        given = [unb64(answer["devices"][0]["key_package"]) for answer in found]
        assert sorted(given) == packages


async def test_a_name_is_registered_once_however_many_try_at_once(
    tmp_path: Path, postgres_server: PostgresServer, postgres_database: str
) -> None:
    async with _two_processes(tmp_path, postgres_server, postgres_database) as (one, two):
        people = [one.new_person() for _ in range(4)]
        for person in people:
            person.lookup_id = people[0].lookup_id
        bodies = [await one.registration_body(person) for person in people]
        answers = await asyncio.gather(
            *(
                (one, two)[number % 2].ask("POST", "/accounts/v1/registration/finish", body)
                for number, body in enumerate(bodies)
            ),
            return_exceptions=True,
        )
        codes = sorted(a.code if isinstance(a, Problem) else "won" for a in answers)
        assert codes == ["accounts.name_taken"] * 3 + ["won"]


async def test_tries_are_counted_across_processes(
    tmp_path: Path, postgres_server: PostgresServer, postgres_database: str
) -> None:
    async with _two_processes(tmp_path, postgres_server, postgres_database) as (one, two):
        alice = await one.register()
        request, _ = one.opaque.start_login("a guess")
        body = {"lookup_id": b64(alice.lookup_id), "opaque_request": b64(request.to_bytes())}
        answers = await asyncio.gather(
            *(
                (one, two)[number % 2].ask("POST", "/accounts/v1/session/start", body)
                for number in range(rules.FREE_ATTEMPTS + 5)
            ),
            return_exceptions=True,
        )
        refused = [a for a in answers if isinstance(a, Problem)]
        assert len(refused) == 5
        assert {problem.code for problem in refused} == {"accounts.proof_needed"}
