"""`enigm chat`: two people talk from a shell; every refusal has its number and its sentence."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from cyclopts import CycloptsError

from enigm.faces.cli.chat import app as chat
from tests.support.app_world import PASSWORD, PIN, world

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.app_world import World

__all__ = ["world"]


@dataclass(slots=True)
class Shell:
    """One person at a shell."""

    profile: str
    address: str
    capsys: pytest.CaptureFixture[str]

    async def run(self, *words: str) -> tuple[int, Any, str]:
        """Run a command; return its number, its JSON and what it complained."""
        tokens = [*words, "--profile", self.profile, "--json"]
        code = await asyncio.to_thread(chat, tokens)
        captured = self.capsys.readouterr()
        value = json.loads(captured.out) if captured.out else None
        return code, value, captured.err

    async def says(self, *words: str) -> Any:
        """Run a command that must succeed; return its JSON."""
        code, value, complaint = await self.run(*words)
        assert code == 0, complaint
        return value


@pytest.fixture
def shells(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> tuple[Shell, Shell]:
    monkeypatch.setenv("ENIGM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("ENIGM_PASSWORD", PASSWORD)
    address = world.service.address
    return Shell("alice", address, capsys), Shell("bob", address, capsys)


@pytest.mark.slow
async def test_two_people_talk_from_a_shell(shells: tuple[Shell, Shell], tmp_path: Path) -> None:
    alice, bob = shells
    made = await alice.says("register", "alice", "--service", alice.address)
    assert len(made["phrase"]) == 24
    words = tmp_path / "words"
    made = await bob.says("register", "bob", "--service", bob.address, "--phrase-to", str(words))
    assert "phrase" not in made
    assert len(words.read_text().split()) == 24
    assert words.stat().st_mode & 0o077 == 0
    await alice.says("contacts", "add", "bob", "--greeting", "hello bob")
    (request,) = await bob.says("requests", "list")
    assert (request["name"], request["greeting"]) == ("alice", "hello bob")
    await bob.says("requests", "accept", "alice")
    sent = await bob.says("send", "alice", "hello alice")
    assert sent["state"] in {"sent", "delivered"}
    lines = await alice.says("read", "bob")
    assert [line["text"] for line in lines if line["kind"] == "text"] == [
        "hello bob",
        "hello alice",
    ]
    (hit,) = await alice.says("search", "alice")
    assert hit["snippet"] == [["hello ", False], ["alice", True]]
    ours, theirs = await alice.says("safety", "bob"), await bob.says("safety", "alice")
    assert ours["digits"] == theirs["digits"]


async def test_every_refusal_has_its_number(shells: tuple[Shell, Shell]) -> None:
    alice, bob = shells
    assert (await alice.run("list"))[0] == 14
    await alice.says("register", "alice", "--service", alice.address)
    code, _, complaint = await bob.run("register", "alice", "--service", bob.address)
    assert code == 14
    assert json.loads(complaint)["code"] == "accounts.name_taken"
    assert (await bob.run("register", "!", "--service", bob.address))[0] == 10
    assert (await bob.run("register", "bob", "--service", "ftp://x"))[0] == 10
    assert (await alice.run("send", "nobody", "hello"))[0] == 13
    assert (await alice.run("contacts", "add", "nobody-here"))[0] == 13
    assert (await alice.run("delete"))[0] == 10
    sessions = await alice.says("sessions", "list")
    assert {each["kind"] for each in sessions} == {"app"}
    assert [each["this"] for each in sessions].count(True) == 1
    assert (await alice.run("sessions", "end", "A" * 22))[0] == 13
    assert (await alice.run("register", "again"))[0] == 14


@pytest.mark.requirement("CMD-03")
async def test_critical_commands_ask_for_the_pin(
    shells: tuple[Shell, Shell], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, _ = shells
    words, fresh = tmp_path / "words", tmp_path / "fresh"
    fresh.write_text("a new password\n")
    await alice.says("register", "alice", "--service", alice.address, "--phrase-to", str(words))
    code, _, complaint = await alice.run("password", "--new-password-file", str(fresh))
    assert (code, json.loads(complaint)["code"]) == (10, "chat.pin")

    async def typing(lines: str, *command: str) -> tuple[int, Any, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(lines))
        return await alice.run(*command, "--pin-stdin")

    change = ("password", "--new-password-file", str(fresh))
    code, _, complaint = await typing(f"{PIN}\n", *change)
    assert (code, json.loads(complaint)["code"]) == (14, "app.pin_missing")
    assert (await typing("123456\n", "pin", "set"))[0] == 10
    assert (await typing(f"{PIN}\n", "pin", "set"))[1]["is_set"]
    assert (await typing(f"{PIN}\n314159\n", "pin", "duress"))[0] == 0
    assert (await typing(f"{PIN}\n", "pin", "duress", "--none"))[0] == 0
    assert (await typing(f"{PIN}\n161803\n", "pin", "change"))[0] == 0
    code, _, complaint = await typing(f"{PIN}\n", "delete", "--yes")
    assert (code, json.loads(complaint)["code"]) == (12, "app.wrong_pin")
    assert PIN not in complaint
    assert (await typing(f"{PIN}\n", "pin", "reset", "--phrase-file", str(words)))[0] == 0
    monkeypatch.setenv("ENIGM_PIN", PIN)
    assert (await alice.says("pin", "status"))["tries_left"] == 5
    assert not (await alice.says("pin", "remove"))["is_set"]


async def test_a_wrong_password_is_told_without_repeating_it(
    shells: tuple[Shell, Shell], tmp_path: Path
) -> None:
    alice, _ = shells
    await alice.says("register", "alice", "--service", alice.address)
    file = tmp_path / "password"
    file.write_text("not the password\n")
    code, _, complaint = await alice.run("list", "--password-file", str(file))
    assert code == 11
    assert "not the password" not in complaint


async def test_a_wrong_command_line_is_a_usage_error() -> None:
    with pytest.raises(CycloptsError):
        chat(["send"], exit_on_error=False, print_error=False)
