"""Acknowledged means kept: servers are killed in a loop and nothing acknowledged is lost.

`ENIGM_CHAOS_SECONDS` makes it last longer than a test run should.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from tests.chaos.crowd import Story, Tally
from tests.chaos.processes import ServerProcess, issue_tokens
from tests.domains.messaging.running import Channel
from tests.support.nats import running_nats

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postgres import PostgresServer

SECONDS = int(os.environ.get("ENIGM_CHAOS_SECONDS", "10"))
# Between the shortest start and a long quiet spell; where in its work a server dies is chance.
LIFE_SECONDS_MIN, LIFE_SECONDS_MAX = 0.3, 2.0
SETTLE_SECONDS_MAX = 60


def _some_seconds() -> float:
    share = int.from_bytes(SystemEntropy().random_bytes(2), "big") / 0xFFFF
    return LIFE_SECONDS_MIN + share * (LIFE_SECONDS_MAX - LIFE_SECONDS_MIN)


async def _kill_in_a_loop(servers: list[ServerProcess]) -> None:
    clock = SystemClock()
    ends_at = clock.monotonic_seconds() + SECONDS
    turn = 0
    while clock.monotonic_seconds() < ends_at:
        victim = servers[turn % len(servers)]
        await asyncio.to_thread(victim.wait_until_listening)
        await asyncio.sleep(_some_seconds())
        victim.kill()
        victim.start()
        turn += 1


async def _run_story(servers: list[ServerProcess], tokens: list[bytes]) -> list[Tally]:
    ports = [server.port for server in servers]
    plain, contested = Story(Channel(), ports), Story(Channel(), ports)
    await plain.begin(tokens[0], writers=3, readers=2, committers=0)
    await contested.begin(tokens[1], writers=1, readers=2, committers=3)
    await _kill_in_a_loop(servers)
    async with asyncio.timeout(SETTLE_SECONDS_MAX):
        return [await plain.end(), await contested.end()]


def _judge(tallies: list[Tally], servers: list[ServerProcess]) -> None:
    kills = sum(server.kills for server in servers)
    for tally in tallies:
        delivered = sum(len(seen) for seen in tally.delivered)
        print(
            f"kills {kills}, acknowledged {len(tally.acknowledged)}, delivered {delivered}, "
            f"lost {tally.lost}, duplicated {tally.duplicated}, epochs {len(tally.commits_won)}"
        )
        assert len(tally.acknowledged) > 100
        assert tally.lost == 0
        assert tally.duplicated == 0
        assert tally.in_one_order()
        assert set(tally.commits_won.values()) <= {1}
    assert kills >= 2
    assert tallies[1].commits_won


@pytest.mark.slow
async def test_one_embedded_server_killed_at_any_instant_loses_and_repeats_nothing(
    tmp_path: Path,
) -> None:
    servers = [ServerProcess(tmp_path)]
    tokens = issue_tokens(tmp_path, 2)
    await _survive(servers, tokens)


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.nats
async def test_two_servers_on_postgres_and_nats_killed_in_turn_lose_and_repeat_nothing(
    tmp_path: Path, postgres_server: PostgresServer, postgres_database: str
) -> None:
    with running_nats() as nats:
        servers = [
            ServerProcess(
                tmp_path,
                database_url=postgres_server.url(postgres_database),
                database_admin_url=postgres_server.admin_url(postgres_database),
                nats_url=nats.url,
            )
            for _ in range(2)
        ]
        tokens = issue_tokens(tmp_path, 2)
        await _survive(servers, tokens)


async def _survive(servers: list[ServerProcess], tokens: list[bytes]) -> None:
    try:
        for server in servers:
            server.start()
            await asyncio.to_thread(server.wait_until_listening)
        _judge(await _run_story(servers, tokens), servers)
    finally:
        for server in servers:
            server.stop()
