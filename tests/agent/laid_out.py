"""A machine laid out as a tree of files, with the answers of the few commands that are asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from enigm.agent.posture.machine import Machine

NOW = 1_795_000_000
USER = 1000


@dataclass
class ScriptedRunner:
    """Answers each command as the test says; what it was not told fails."""

    answers: dict[str, str] = field(default_factory=dict)

    def run(self, *command: str) -> str | None:
        return next(
            (a for start, a in self.answers.items() if " ".join(command).startswith(start)), None
        )


class LaidOut:
    """Puts files, links and answers where collectors look for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "root"
        self.installation = folder / "site-packages"
        self.runner = ScriptedRunner()
        self.folder.mkdir()
        self.installation.mkdir()

    @property
    def machine(self) -> Machine:
        return Machine(self.folder, self.runner, USER, self.installation)

    def put(self, path: str, content: str | bytes = "") -> Path:
        target = self.folder / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def link(self, path: str, target: str) -> None:
        place = self.folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)

    def command(self, name: str, start: str = "", answer: str | None = None) -> None:
        """Install a program, and say what it answers to commands that begin so."""
        self.put(f"/usr/bin/{name}")
        if answer is not None:
            self.runner.answers[start or name] = answer

    def mount(self, *rows: str) -> None:
        """Say what is mounted: ``254:0 / ext4 /dev/mapper/root``."""
        lines: list[str] = []
        for number, row in enumerate(rows):
            device, place, kind, source = row.split()
            lines.append(f"{number} 1 {device} / {place} rw,relatime shared:1 - {kind} {source} rw")
        self.put("/proc/self/mountinfo", "\n".join(lines) + "\n")

    def block(self, number: str, name: str, mapping: str = "", on: str = "") -> None:
        """Add a block device, mapped by dm of that UUID onto another one."""
        for folder in (f"/sys/dev/block/{number}", f"/sys/class/block/{name}"):
            self.put(f"{folder}/dev", number)
            if mapping:
                self.put(f"{folder}/dm/uuid", mapping + "\n")
            if on:
                self.link(f"{folder}/slaves/{on}", str(self.folder / f"sys/class/block/{on}"))
