"""Enigm as a `Peer` of the benchmark kit: `bench.py --plugin enigm_peer.py --peers enigm,…`."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "src"), str(HERE)]

import peers as kit  # noqa: E402 - the kit's own module, found by bench.py
from common import payload  # noqa: E402
from load_client import CREDIT_BYTES, LoadProtocol  # noqa: E402

from enigm.wire import delivery  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

# The service's own environment; the generator runs in the kit's.
BIN = Path(os.environ.get("ENIGM_BIN", ROOT / ".venv" / "bin"))
EPOCH = 0
TTL_SECONDS = 14 * 86_400
GROUP = "group"


def channel_of(user: str) -> tuple[bytes, bytes]:
    """Return the name and the token of the channel that a user receives on."""
    digest = hashlib.sha512(f"enigm benchmark {user}".encode()).digest()
    return digest[:16], digest[16:48]


class Client:
    """One connection of a sender, a receiver or a member."""

    def __init__(self, port: int, on_ids: Callable[[list[int]], None] | None = None) -> None:
        self._port = port
        self._on_ids = on_ids
        self._number = 1
        self._posts: dict[str, bytes] = {}

    async def open(self) -> Client:
        loop = asyncio.get_running_loop()
        _, self.line = await loop.create_connection(
            lambda: LoadProtocol(self._on_ids), kit.HOST, self._port
        )
        await asyncio.wait_for(self.line.opened, 20)
        return self

    async def follow(self, user: str, after_seq: int) -> None:
        channel, token = channel_of(user)
        frame = delivery.Open(0xFFFF, channel, EPOCH, token, after_seq, CREDIT_BYTES)
        self.line.cursor = after_seq
        self.line.queue(delivery.encode(frame))

    async def create(self, user: str, admission: bytes) -> None:
        channel, token = channel_of(user)
        self._number += 1
        frame = delivery.CreateChannel(
            self._number, channel, hashlib.sha256(token).digest(), admission
        )
        await self.line.ask(self._number, delivery.encode(frame))

    async def send(self, to: str, number: int) -> None:
        start = self._posts.get(to)
        if start is None:
            channel, token = channel_of(to)
            start = channel + EPOCH.to_bytes(8, "big") + token
            self._posts[to] = start
        self._number = request = self._number + 1
        body = payload(number, binary=True)
        fields = start + number.to_bytes(16, "big") + TTL_SECONDS.to_bytes(4, "big") + body
        await self.line.ask(request, delivery.HEAD.pack(5 + len(fields), 0x02, request) + fields)

    async def send_group(self, number: int) -> None:
        await self.send(GROUP, number)

    def abort(self) -> None:
        self.line.abort()

    async def close(self) -> None:
        self.line.close()


class Enigm(kit.Peer):
    """The service on SQLCipher: one process, every ACK after a forced write."""

    name = "enigm"
    port = 18460

    def __init__(self) -> None:
        super().__init__()
        self._cursors: dict[str, int] = {}
        self._readers: dict[str, Client] = {}

    def environment(self) -> dict[str, str]:
        return {
            "ENIGM_DATA_FOLDER": str(self.data),
            "ENIGM_LISTEN_PORT": str(self.port),
            # The peers' rate limits are lifted as well: they would be all that is measured.
            "ENIGM_LIMITS": json.dumps(
                {"messaging.channel_posts": 10**9, "messaging.connection_requests": 10**9}
            ),
        }

    def spawn(self) -> None:
        process = self.run([str(BIN / "enigm"), "serve"], env_extra=self.environment())
        kit.wait_port(self.port, process)

    def connect(self, on_ids: Callable[[list[int]], None] | None = None) -> Client:
        return Client(self.port, on_ids)

    def provision(self) -> None:
        async def create_channels() -> None:
            self.spawn()
            client = await self.connect().open()
            users = [*kit.RECEIVERS, *kit.OFFLINE, GROUP]
            for user, token in zip(users, self.tokens(len(users)), strict=True):
                await client.create(user, token)
            await client.close()

        asyncio.run(create_channels())
        self.stop()

    def tokens(self, count: int) -> list[bytes]:
        """Issue tokens by the service's own seed, in a process of the service's environment."""
        return [bytes.fromhex(line) for line in self.tool("issue_tokens.py", str(count)).split()]

    def tool(self, program: str, *arguments: str) -> str:
        """Run a program of this folder in the service's environment; return what it prints."""
        return subprocess.run(
            [str(BIN / "python"), str(HERE / program), *arguments],
            env={**os.environ, **self.environment()},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def flush_for_size(self) -> None:
        """Ask the store to write out what it holds."""
        self.tool("checkpoint.py")

    def reset(self) -> None:
        super().reset()
        self._cursors.clear()

    async def probe(self) -> None:
        """Follow a channel: the first thing that needs the store and the right secret."""
        client = await self.connect().open()
        try:
            await client.follow(kit.OFFLINE[0], 0)
            await self._live(client)
        finally:
            await client.close()

    async def sender(self, user: str) -> Client:  # noqa: ARG002
        return await self.connect().open()

    async def receiver(self, user: str, on_ids: Callable[[list[int]], None] | None) -> Client:
        client = await self.connect(on_ids).open()
        await client.follow(user, self._cursors.get(user, 0))
        return client

    async def member(
        self, _user: str, on_ids: Callable[[list[int]], None], *, first: bool = False
    ) -> Client:
        """Join the group; the first member has nothing to found here."""
        del first
        return await self._live(await self.receiver(GROUP, on_ids))

    async def _live(self, client: Client) -> Client:
        await asyncio.wait_for(client.line.live, 20)
        return client

    async def group_sender(self, user: str) -> Client:
        return await self.sender(user)

    async def leave(self, user: str) -> None:
        client = await self._live(await self.receiver(user, None))
        self.remember(user, client)
        await client.close()

    def remember(self, user: str, client: Client) -> None:
        """A device keeps its cursor: it asks for what comes after."""
        self._cursors[user] = client.line.cursor

    def disk_paths(self) -> list[Path]:
        return [self.data]

    def version(self) -> str:
        return "enigm (this tree)"

    def settings(self) -> dict[str, Any]:
        return {
            "storage": "SQLCipher, WAL, synchronous=FULL: a forced write before each ACK",
            "limits": "messaging.channel_posts and connection_requests lifted",
            "processes": "one",
        }


class EnigmPostgres(Enigm):
    """Two server processes on one PostgreSQL, joined by NATS; clients spread over both."""

    name = "enigm-postgres"
    port = 18470
    nats_port = 18480

    def __init__(self) -> None:
        super().__init__()
        self.database = kit.Postgres(self.data / "pg")
        self._turns = itertools.cycle((self.port, self.port + 1))

    def environment(self) -> dict[str, str]:
        where = f"{kit.HOST}:{self.database.port}/enigm"
        return {
            **super().environment(),
            "ENIGM_DATABASE_URL": f"postgresql://{where}",
            "ENIGM_DATABASE_ADMIN_URL": f"postgresql://bench@{where}",
            "ENIGM_NATS_URL": f"nats://{kit.HOST}:{self.nats_port}",
        }

    def spawn(self) -> None:
        self.database.spawn(self)
        nats = ["nats-server", "-a", kit.HOST, "-p", str(self.nats_port)]
        kit.wait_port(self.nats_port, self.run(nats, cwd="/"))
        for port in (self.port, self.port + 1):
            command = [str(BIN / "enigm"), "serve", "--role=delivery", f"--port={port}"]
            kit.wait_port(port, self.run(command, env_extra=self.environment()))

    def provision(self) -> None:
        self.database.create(self, "enigm")
        # Roles log in with derived passwords; only the administrator is trusted.
        rules = f"host all bench {kit.HOST}/32 trust\nhost all all {kit.HOST}/32 scram-sha-256\n"
        (self.data / "pg" / "pg_hba.conf").write_text(rules)
        super().provision()

    def connect(self, on_ids: Callable[[list[int]], None] | None = None) -> Client:
        return Client(next(self._turns), on_ids)

    def flush_for_size(self) -> None:
        self.database.sql("CHECKPOINT")

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "storage": self.database.show(), "processes": "two and NATS"}
