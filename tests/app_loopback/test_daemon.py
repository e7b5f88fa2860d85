"""Starting and stopping the daemon of a profile: one at a time, no token left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import stat
from typing import TYPE_CHECKING

import httpx
import pytest

from enigm.app.loopback.daemon import run
from enigm.app.options import Options

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

_SECONDS_MAX = 20
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/#token=(\S+)")


@pytest.fixture
def options(tmp_path: Path) -> Options:
    """A new profile; its service is never asked."""
    return Options("default", "http://127.0.0.1:9", tmp_path)


async def test_the_address_is_printed_where_there_is_no_screen_and_works_once(
    options: Options, capsys: pytest.CaptureFixture[str]
) -> None:
    async with _running(options):
        port, token = await _printed(capsys)
        assert await _log_in(port, token) == 200
        assert await _log_in(port, token) == 401


async def test_a_second_start_opens_the_running_daemon_with_a_fresh_token(
    options: Options, capsys: pytest.CaptureFixture[str]
) -> None:
    async with _running(options):
        first_port, first_token = await _printed(capsys)
        assert await _log_in(first_port, first_token) == 200
        await run(options, open_browser=False)
        port, token = await _printed(capsys)
        assert port == first_port
        assert token != first_token
        assert await _log_in(port, token) == 200


async def test_only_the_owner_reads_the_token_and_nothing_of_it_stays(
    options: Options, capsys: pytest.CaptureFixture[str]
) -> None:
    note = options.folder / options.profile / "door.json"
    async with _running(options):
        await _printed(capsys)
        assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert not note.exists()


async def test_a_note_that_a_crash_left_behind_does_not_hinder_a_start(
    options: Options, capsys: pytest.CaptureFixture[str]
) -> None:
    note = options.folder / options.profile / "door.json"
    note.parent.mkdir(parents=True)
    address = "http://127.0.0.1:9/#token=old"
    note.write_text(f'{{"process": {os.getpid()}, "address": "{address}"}}')
    async with _running(options):
        port, token = await _printed(capsys)
        assert await _log_in(port, token) == 200


@contextlib.asynccontextmanager
async def _running(options: Options) -> AsyncGenerator[None]:
    task = asyncio.create_task(run(options, open_browser=False))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _printed(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    printed = ""
    async with asyncio.timeout(_SECONDS_MAX):
        while (found := _ADDRESS.search(printed)) is None:
            await asyncio.sleep(0)
            printed += capsys.readouterr().out
    return found.group(1), found.group(2)


async def _log_in(port: str, token: str) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        url = f"http://127.0.0.1:{port}/api/session"
        return (await client.post(url, json={"token": token})).status_code
