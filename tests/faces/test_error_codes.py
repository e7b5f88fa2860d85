"""Every code that any part of Enigm refuses with is written in docs/errors.md, and no other.

Clients match on codes: taking one away, or changing its category, is a change to be seen here.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING

from enigm.domains.commerce.model.trade import Reason
from enigm.domains.esim.errors import Refused
from enigm.domains.policy.model import Fact, FactState
from enigm.foundation import errors
from enigm.foundation.errors import Refusal
from tests.support.vectors import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = re.compile(r"[a-z_]+(\.[a-z0-9_]+)+")
TEMPLATE = re.compile(r"[a-z_]+\.[a-z0-9_]*\{.*")
DOCUMENT = (ROOT / "docs" / "errors.md").read_text()
CATEGORIES = {
    name: kind.category.word
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, Refusal) and hasattr(kind, "category")
}
# Codes that are put together when they are told, by the words they are put together from.
FAMILIES: dict[str, set[str]] = {
    "commerce.{reason}": {each.value for each in Reason},
    "esim.provider_{why}": {each.value for each in Refused},
    "policy.{fact}_{state}": {each.value for each in (*Fact, *FactState)} - {FactState.GOOD.value},
    "policy.{fact}_unavailable": set(),
    "invoices.{field}": {"name", "vat_id", "address", "reference"},
    "app.unknown_{what}": set(),
    "chat.no_{what}": set(),
    "chat.several_{what}s": set(),
    "limits.{limit}": set(),
}
# `why.value` and `limit.name` are told by the name before.
_WRAPPING = {"name", "value"}
SPACES = {
    "accounts", "administration", "agent", "app", "attestation", "audit", "backups", "chat",
    "command", "commerce", "contacts", "crypto", "delivery", "devices", "encoding", "entitlements",
    "esim", "handles", "http", "invites", "invoices", "loopback", "messaging", "policy",
    "posture", "storage", "tree_log", "wire",
}  # fmt: skip


@cache
def sources() -> list[ast.Module]:
    """Return the syntax of everything that may refuse."""
    return [ast.parse(file.read_text()) for file in sorted((ROOT / "src/enigm").rglob("*.py"))]


def codes_in_source(trees: list[ast.Module]) -> dict[str, str]:
    """Return each code with its category, as the classes and raises state it."""
    kinds = _kinds(trees)
    found: dict[str, str] = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.ClassDef) and (kind := _kind_of(node, kinds)):
            found |= dict.fromkeys(_texts(node), kind)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            kind = kinds.get(node.func.id)
            found |= dict.fromkeys(_texts(*node.args[:1]), kind) if kind else {}
    return found


def _kinds(trees: list[ast.Module]) -> dict[str, str]:
    """Return the category of every class of refusals, also of those that stand on others."""
    kinds = dict(CATEGORIES)
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for _ in range(3):
        kinds |= {each.name: kind for each in classes if (kind := _kind_of(each, kinds))}
    return kinds


def _kind_of(node: ast.ClassDef, kinds: dict[str, str]) -> str | None:
    bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
    return next((kinds[name] for name in bases if name in kinds), None)


def _texts(*nodes: ast.AST) -> Iterator[str]:
    for node in (inner for each in nodes for inner in ast.walk(each)):
        text = node.value if isinstance(node, ast.Constant) else None
        # What ends in "_" is the beginning of a code that is put together: see FAMILIES.
        if isinstance(text, str) and CODE.fullmatch(text) and not text.endswith("_"):
            yield text


def families_in_source(trees: list[ast.Module]) -> set[str]:
    """Return the codes that are put together, with a name in braces for each part."""
    firsts = [
        node.args[0]
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.JoinedStr)
    ]
    parts = ["".join(_part(part) for part in first.values) for first in firsts]
    return {text for text in parts if TEMPLATE.fullmatch(text)}


def _part(part: ast.expr) -> str:
    if isinstance(part, ast.FormattedValue):
        names = [name for name in ast.unparse(part.value).split(".") if name not in _WRAPPING]
        return "{" + "".join(names[-1:]).strip("_") + "}"
    return str(part.value) if isinstance(part, ast.Constant) else ""


def documented_codes() -> dict[str, str]:
    """Return each code with its category, as the document states it."""
    rows = re.findall(r"^\| `([a-z0-9_.{}]+)` \| ([a-z_]+) \|", DOCUMENT, re.MULTILINE)
    assert len({code for code, _ in rows}) == len(rows), "a code stands twice"
    return dict(rows)


def test_every_code_is_documented_with_its_category() -> None:
    documented = documented_codes()
    found = codes_in_source(sources())
    assert len(found) > 100
    assert {code: documented.get(code) for code in found} == found


def test_every_family_of_codes_is_documented_with_its_words() -> None:
    assert families_in_source(sources()) == set(FAMILIES)
    for family, words in FAMILIES.items():
        (row,) = re.findall(rf"^\| `{re.escape(family)}` \|(.*)$", DOCUMENT, re.MULTILINE)
        assert words <= set(re.findall(r"`([a-z_]+)`", row)), family


def test_no_code_is_documented_that_is_gone() -> None:
    library = {code for code in documented_codes() if code.startswith("http.")} | {"internal"}
    said = set(documented_codes()) - library - set(FAMILIES)
    assert said - set(codes_in_source(sources())) == set()


def test_codes_name_where_they_come_from() -> None:
    spaces = {code.partition(".")[0] for code in codes_in_source(sources())}
    assert spaces == SPACES


def test_a_code_that_nobody_wrote_down_is_found() -> None:
    planted = ast.parse(
        "class KettleError(ConflictError):\n"
        "    def __init__(self):\n        super().__init__('tea.cold', 'Heat it.')\n"
        "class OtherError(KettleError):\n"
        "    def __init__(self, what):\n        super().__init__(f'tea.{what}', 'Look.')\n"
        "raise OtherError('tea.gone')\n"
    )
    assert codes_in_source([planted]) == {"tea.cold": "conflict", "tea.gone": "conflict"}
    assert families_in_source([planted]) == {"tea.{what}"}
