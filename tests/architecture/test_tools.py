"""The linter, the formatter, the type checker and the speller each refuse a planted fault."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.tree import REPOSITORY

TOOLS = Path(sys.executable).parent
PYRIGHT = REPOSITORY / "node_modules/.bin/pyright"

SAYS = '"""What this is for."""\n\nfrom __future__ import annotations\n\n'

LINT = [
    ("TID251", "import importlib\n\nPART = importlib.import_module('enigm.app')\n"),
    ("TID251", "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n"),
    ("TID251", "import time\n\nNOW = time.time()\n"),
    ("TID251", "import random\n\nDICE = random.random()\n"),
    ("TID252", "from . import accounts\n"),
    ("BLE001", "try:\n    A = 1\nexcept Exception:\n    A = 2\n"),
    ("S307", "A = eval('1')\n"),
    ("ERA001", "A = 1\n# A = 2\n"),
    ("D103", "def speak() -> None:\n    return\n"),
    ("E501", "A = '" + "a" * 100 + "'\n"),
]


@pytest.mark.parametrize(("code", "text"), LINT, ids=[f"{c}-{n}" for n, (c, _) in enumerate(LINT)])
def test_the_linter_refuses(code: str, text: str) -> None:
    answer = subprocess.run(
        [TOOLS / "ruff", "check", "--stdin-filename", "src/enigm/domains/a/actions.py", "-"],
        cwd=REPOSITORY,
        input=SAYS + text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert code in answer.stdout


def test_the_formatter_refuses_loose_text() -> None:
    answer = subprocess.run(
        [TOOLS / "ruff", "format", "--check", "--stdin-filename", "src/enigm/a.py", "-"],
        cwd=REPOSITORY,
        input="A   =  1\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1


def test_the_speller_refuses_a_misspelling(tmp_path: Path) -> None:
    planted = tmp_path / "a.md"
    planted.write_text("We rec" + "ieve nothing.\n")
    command = [TOOLS / "codespell", "--toml", REPOSITORY / "pyproject.toml", planted]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode != 0


@pytest.mark.skipif(not PYRIGHT.exists(), reason="pyright is not here: run `make check`")
def test_the_type_checker_refuses_what_it_cannot_prove(tmp_path: Path) -> None:
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["pyright"]
    assert settings["typeCheckingMode"] == "strict"
    settings["venvPath"] = str(REPOSITORY)
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    for folder in ("src", "tests"):
        (tmp_path / folder).mkdir()
        planted = tmp_path / folder / "planted.py"
        planted.write_text(SAYS + "def double(number: int) -> str:\n    return number * 2\n")
    (tmp_path / "src/untyped.py").write_text("def give(a):\n    return a\n")
    command = [PYRIGHT, "--outputjson", "-p", tmp_path]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    found = {
        (Path(fault["file"]).parent.name, Path(fault["file"]).name, fault["rule"])
        for fault in json.loads(answer.stdout)["generalDiagnostics"]
        if "rule" in fault
    }
    assert ("src", "planted.py", "reportReturnType") in found
    assert ("tests", "planted.py", "reportReturnType") in found
    assert ("src", "untyped.py", "reportMissingParameterType") in found
