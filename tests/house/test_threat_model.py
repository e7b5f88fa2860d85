"""Every "cannot" of SECURITY.md names a test that exists; what we build on cannot change unseen."""

from __future__ import annotations

import ast
import json
import re

import pytest

from tests.support.vectors import ROOT

SECURITY = (ROOT / "SECURITY.md").read_text()
ADVERSARIES = [
    "A curious operator",
    "A coerced or hostile operator",
    "The network",
    "A thief",
    "A malicious member",
    "A malicious administrator",
    "A payer",
    "A shop that remembers",
    "A supplier",
]


@pytest.mark.parametrize("adversary", ADVERSARIES)
def test_each_adversary_has_what_they_can_and_cannot_do(adversary: str) -> None:
    (section,) = re.findall(
        rf"^### {adversary}.*?(?=^###|^\*\*|^## )", SECURITY, re.MULTILINE | re.DOTALL
    )
    assert re.search(r"^Can: \w", section, re.MULTILINE)
    rows = re.findall(r"^\| (?!cannot|---)(.*) \|$", section.replace("|---|---|", ""), re.MULTILINE)
    assert len(rows) >= 2
    for row in rows:
        assert re.search(r"\| `tests/[\w/]+\.py::test_\w+`$", row), row


def test_every_test_that_shows_a_cannot_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", SECURITY)
    assert len(named) > 30
    for path, name in named:
        tree = ast.walk(ast.parse((ROOT / path).read_text()))
        functions = {
            each.name for each in tree if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert name in functions, f"SECURITY.md names {path}::{name}"


@pytest.mark.parametrize(
    "lock", ["requirements.lock", "requirements-dev.lock", "requirements-tpm.lock"]
)
def test_every_locked_package_has_its_hash(lock: str) -> None:
    entries = re.split(
        r"^(?=[a-z0-9])", (ROOT / lock).read_text(), flags=re.MULTILINE | re.IGNORECASE
    )
    packages = [entry for entry in entries if re.match(r"[\w.\[\]-]+==", entry)]
    assert packages
    assert [entry.partition(" ")[0] for entry in packages if "--hash=sha256:" not in entry] == []


def test_every_locked_package_of_the_page_has_its_hash() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert len(packages) > 5
    assert [name for name, each in packages.items() if name and not each.get("integrity")] == []
