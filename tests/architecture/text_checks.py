"""House rules over documents and all other text. Each takes a tree and returns its faults."""

from __future__ import annotations

import ast
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.architecture.tree import Tree

# The rules name what they forbid, so their own files and their proofs are not read by them.
_OWN = "tests/architecture/"
# Texts by others that are kept to the letter.
_FOREIGN = ("LICENSE", "tests/vectors/official/")

_TOP_FOLDERS = (
    "src/", "tests/", "docs/", "decisions/", "scripts/", "benchmarks/", "deploy/", ".ci/",
    "changes/",
)  # fmt: skip

REQUIREMENTS = "docs/requirements.md"
DECISION_LINES_MAX = 60


def _ours(tree: Tree) -> Iterator[tuple[str, str]]:
    for path, text in tree.texts():
        if not path.startswith((_OWN, *_FOREIGN)):
            yield path, text


def _matches(tree: Tree, pattern: re.Pattern[str], reason: str) -> list[str]:
    return [
        f"{path}:{number}: {found.group(0)!r} {reason}"
        for path, text in _ours(tree)
        for number, line in enumerate(text.splitlines(), 1)
        for found in [pattern.search(line)]
        if found
    ]


# The lists stand in pieces, so that this file keeps the rule it checks.
_HOMES = ("work", "root", r"home/\w+", r"Users/\w+")
_MACHINE_PATHS = re.compile(rf"(?<![\w.])/(?:{'|'.join(_HOMES)})/")
_REGISTRY_HOSTS = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in (
            ("pythonhosted", "org"),
            ("pypi", "org"),
            ("registry", "npmjs"),
            ("registry", "yarnpkg"),
            ("crates", "io"),
            ("rubygems", "org"),
            ("proxy", "golang"),
        )
    )
)


def no_machine_paths(tree: Tree) -> list[str]:
    """Nothing in the tree depends on the machine that it was written on."""
    return _matches(tree, _MACHINE_PATHS, "is a path of one machine")


def no_registry_hosts(tree: Tree) -> list[str]:
    """Lock files hold hashes, not places: any mirror will do."""
    return _matches(tree, _REGISTRY_HOSTS, "is a package registry's host")


_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_PLACEHOLDER = re.compile(r"[*<>{}…$]|\.\.\.")


def named_paths_exist(tree: Tree) -> list[str]:
    """Every path that a document names is in the tree."""
    known = set(tree.paths)
    folders = {str(parent) for path in known for parent in PurePosixPath(path).parents}
    faults: list[str] = []
    for path, text in tree.documents():
        if path.startswith(_FOREIGN):
            continue
        for named in _named_paths(text):
            target = named.rstrip("/")
            if target not in known and target not in folders:
                faults.append(f"{path}: names {named}, which is not there")
        for link in _LINK.findall(text):
            if "://" in link or link.startswith("mailto:"):
                continue
            target = (tree.root / path).parent / link
            if not target.exists():
                faults.append(f"{path}: links to {link}, which is not there")
    return faults


def _named_paths(text: str) -> Iterator[str]:
    for span in _SPAN.findall(text):
        for word in span.split():
            cleaned = word.strip(",;:()").split("::")[0]
            if cleaned.startswith(_TOP_FOLDERS) and not _PLACEHOLDER.search(cleaned):
                yield cleaned


_MAKE = re.compile(r"\bmake ([a-z]+)\b")
# `enigm device chain v1` is a label that is hashed, not a command.
_ENIGM = re.compile(r"\benigm ([a-z]+)\b(?!.* v\d)")
_TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
_FENCE = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _commands(text: str, pattern: re.Pattern[str]) -> set[str]:
    """Return what the code spans and fenced lines of a document call."""
    spans = [span for span in _SPAN.findall(text) if pattern.match(span)]
    fenced = [
        line.strip().removeprefix("$ ").split("#")[0]
        for block in _FENCE.findall(text)
        for line in block.splitlines()
    ]
    called = [line for line in fenced if pattern.match(line)]
    return {found for line in spans + called for found in pattern.findall(line)}


def named_make_targets_exist(tree: Tree) -> list[str]:
    """Every `make` command that a document names is in the Makefile."""
    targets = set(_TARGET.findall(tree.read("Makefile")))
    return [
        f"{path}: names `make {target}`, which is not in the Makefile"
        for path, text in tree.documents()
        for target in sorted(_commands(text, _MAKE) - targets)
    ]


def named_enigm_commands_exist(tree: Tree, commands: set[str]) -> list[str]:
    """Every `enigm` command that a document names is one."""
    return [
        f"{path}: names `enigm {command}`, which is not a command"
        for path, text in tree.documents()
        for command in sorted(_commands(text, _ENIGM) - commands)
    ]


_ROW = re.compile(r"^\| ([A-Z]{3}-\d{2}) \|", re.MULTILINE)


def requirement_rows(tree: Tree) -> set[str]:
    """Return the ids of all rows in the requirements."""
    return set(_ROW.findall(tree.read(REQUIREMENTS)))


def marked_requirements(tree: Tree) -> Iterator[tuple[str, str]]:
    """Yield each requirement id that a test is marked with, and the test file's path."""
    for module in tree.modules("tests/"):
        if module.path.startswith(_OWN + "test_planted"):
            continue
        for node in ast.walk(module.syntax):
            match node:
                case ast.Call(func=ast.Attribute(attr="requirement"), args=arguments):
                    for argument in arguments:
                        if isinstance(argument, ast.Constant):
                            yield str(argument.value), module.path
                case _:
                    pass


def marked_requirements_exist(tree: Tree) -> list[str]:
    """Every row that a test claims to be evidence for is in the requirements."""
    rows = requirement_rows(tree)
    return [
        f"{path}: is marked with {identity}, which is no row of {REQUIREMENTS}"
        for identity, path in marked_requirements(tree)
        if identity not in rows
    ]


def no_lifecycle_downloads(tree: Tree) -> list[str]:
    """The front-end lock names no place, and set-up runs no package's own scripts."""
    faults = [
        f"{path}: names where a part was downloaded"
        for path, text in tree.texts()
        if Path(path).name == "package-lock.json" and '"resolved"' in text
    ]
    for path, text in tree.texts():
        if path.startswith("scripts/"):
            faults += [
                f"{path}:{number}: runs npm without --ignore-scripts"
                for number, line in enumerate(text.splitlines(), 1)
                if re.search(r"^[^#]*\bnpm (?:ci|install)\b", line)
                and "--ignore-scripts" not in line
            ]
    return faults


def decisions_name_their_check(tree: Tree) -> list[str]:
    """A decision fits a screen, is in sequence, and says which check keeps it."""
    faults: list[str] = []
    decisions = [(path, text) for path, text in tree.documents() if path.startswith("decisions/")]
    for number, (path, text) in enumerate(decisions, 1):
        if not Path(path).name.startswith(f"{number:04}-"):
            faults.append(f"{path}: is not number {number} of the sequence")
        if len(text.splitlines()) > DECISION_LINES_MAX:
            faults.append(f"{path}: is longer than {DECISION_LINES_MAX} lines")
        if not re.search(r"^\*\*Kept by\.\*\* .+`", text, re.MULTILINE):
            faults.append(f"{path}: does not say which check keeps it")
    return faults


TEXT_CHECKS = (
    decisions_name_their_check,
    no_machine_paths,
    no_registry_hosts,
    named_paths_exist,
    named_make_targets_exist,
    marked_requirements_exist,
    no_lifecycle_downloads,
)
