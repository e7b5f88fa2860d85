"""A tree of files that the house rules read: this repository, or a small one with a fault."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[2]

_TEXT_ENDINGS = {
    ".py", ".md", ".toml", ".lock", ".json", ".sh", ".mjs", ".js", ".css", ".html", ".yml",
    ".yaml", ".txt", ".ini", ".mako", ".service", ".sql", "",
}  # fmt: skip


@dataclass(frozen=True)
class Module:
    """One Python file: where it stands, its text and its syntax."""

    path: str
    text: str

    @cached_property
    def syntax(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


class Tree:
    """All files of the project: what git tracks, or everything where there is no git."""

    def __init__(self, root: Path = REPOSITORY) -> None:
        self.root = root

    @cached_property
    def paths(self) -> list[str]:
        if (self.root / ".git").exists():
            listed = subprocess.run(
                ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
                cwd=self.root,
                check=True,
                capture_output=True,
            ).stdout.decode()
            names = [name for name in listed.split("\0") if name]
        else:
            names = [
                str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()
            ]
        return sorted(name for name in names if (self.root / name).is_file())

    def modules(self, *folders: str) -> Iterator[Module]:
        """Yield the Python files under these folders."""
        for path in self.paths:
            if path.endswith(".py") and path.startswith(folders or ("",)):
                yield Module(path, self.read(path))

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield every text file with its path."""
        for path in self.paths:
            if Path(path).suffix in _TEXT_ENDINGS:
                yield path, self.read(path)

    def documents(self) -> Iterator[tuple[str, str]]:
        """Yield every Markdown file with its path."""
        return ((path, text) for path, text in self.texts() if path.endswith(".md"))

    def read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8", errors="replace")


def plant(root: Path, files: dict[str, str]) -> Tree:
    """Write a small tree and return it."""
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return Tree(root)
