"""A card processor and an eSIM provider beside the demo: parts of the tests, never shipped."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

import enigm
from enigm.assembly.demo.person import DemoError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TREE: Final = Path(enigm.__file__).parents[2]
_MODULE: Final = "tests.house.demo_counterparties"
_STOP_SECONDS_MAX: Final = 5.0


def tree_is_missing() -> str:
    """Return why there are no counterparties, or nothing where the tests lie beside the source."""
    is_there = (_TREE / _MODULE.replace(".", "/")).with_suffix(".py").exists()
    return "" if is_there else "the tests, whose parts they are, are not shipped with a wheel"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where they are, and the files by which the shop is known to them."""

    card_url: str
    card_key_file: str
    smdp_url: str
    authority: str
    certificate: str
    key: str


class Counterparties:
    """One process with both; it ends with its standard input."""

    def __init__(self, folder: Path) -> None:
        """Start them; their files go to a folder of theirs."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", _MODULE, str(folder)],
            cwd=_TREE,
            env=_environment(os.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        try:
            self.addresses = msgspec.convert(self._answer(), Addresses)
        except BaseException:
            self.stop()
            raise

    def ask(self, what: str, **given: str) -> Any:
        """Ask one thing."""
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode({"ask": what, **given}) + b"\n")
        self._process.stdin.flush()
        return self._answer()

    def stop(self) -> None:
        """End them."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(_STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise DemoError("The card processor and the eSIM provider of the demo ended.")
        return msgspec.json.decode(line)


def _environment(inherited: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in inherited.items() if not name.startswith("ENIGM_")}
