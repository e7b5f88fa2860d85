"""Every code that the account path and the directory can answer with is written in docs/errors.md.

Clients match on codes: taking one away, or changing its category, is a change to be seen here.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from enigm.foundation import errors
from enigm.foundation.errors import Refusal
from tests.support.vectors import ROOT

SOURCES = (
    "domains/accounts",
    "domains/attestation",
    "domains/devices",
    "domains/posture",
    "faces/http",
    "wire/account_recovery.py",
    "wire/contact_card.py",
    "wire/device_chain.py",
    "wire/registration_proof.py",
    "wire/request_signature.py",
    "wire/user_name.py",
)
CODE = re.compile(r"[a-z]+(\.[a-z_]+)+")
CATEGORIES = {
    name: kind.category.word
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, Refusal) and hasattr(kind, "category")
}


def codes_in_source() -> dict[str, str]:
    """Return each code with its category, as the classes and raises state it."""
    found: dict[str, str] = {}
    for part in SOURCES:
        path = ROOT / "src" / "enigm" / part
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            found |= _codes(ast.parse(file.read_text()))
    return found


def _codes(tree: ast.Module) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
            category = next((CATEGORIES[name] for name in bases if name in CATEGORIES), None)
            for call in ast.walk(node):
                code = _first_text(call)
                if category and code:
                    found[code] = category
        name = node.func if isinstance(node, ast.Call) else None
        if isinstance(name, ast.Name) and name.id in CATEGORIES and (code := _first_text(node)):
            found[code] = CATEGORIES[name.id]
    return found


def _first_text(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call) or not node.args:
        return None
    first = node.args[0]
    text = first.value if isinstance(first, ast.Constant) else None
    return text if isinstance(text, str) and CODE.fullmatch(text) else None


def documented_codes() -> dict[str, str]:
    """Return each code with its category, as the document states it."""
    rows = re.findall(
        r"^\| `([a-z_.]+)` \| ([a-z_]+) \|", Path(ROOT / "docs/errors.md").read_text(), re.MULTILINE
    )
    assert len({code for code, _ in rows}) == len(rows), "a code stands twice"
    return dict(rows)


def test_every_code_is_documented_with_its_category() -> None:
    documented = documented_codes()
    found = codes_in_source()
    assert len(found) > 30
    assert {code: documented.get(code) for code in found} == found


def test_no_code_is_documented_that_is_gone() -> None:
    library = {code for code in documented_codes() if code.startswith("http.")} | {"internal"}
    assert set(documented_codes()) - library - set(codes_in_source()) == set()


def test_codes_name_where_they_come_from() -> None:
    spaces = {code.partition(".")[0] for code in codes_in_source()}
    assert spaces == {"accounts", "attestation", "devices", "http", "posture", "wire"}
