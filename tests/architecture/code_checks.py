"""House rules over Python files. Each takes a tree and returns one sentence per fault."""

from __future__ import annotations

import ast
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.architecture.tree import Module, Tree

FILE_LINES_MAX = 450
# Longer for a reason; each may only shrink.
LONGER_FILES = {
    # The negative tests of RFC 9420 §12.4.3, in the clause's order.
    "tests/conformance/test_welcomes.py": 476,
}
FUNCTION_LINES_MAX = 60
FIRST_LINE_CHARACTERS_MAX = 100

DOMAIN_WORDS = {
    "__init__", "errors", "model", "events", "needs", "rules", "store", "actions", "routes",
    "migrations",
}  # fmt: skip

DRAWERS = {
    "utils", "util", "helpers", "helper", "common", "misc", "base", "core", "manager",
    "managers", "processor", "data", "info", "obj", "tmp", "stuff", "lib", "handlers",
}  # fmt: skip
DRAWER_CLASS_ENDINGS = ("Manager", "Helper", "Helpers", "Utils", "Processor", "Util")

_DYNAMIC_NAMES = {"__import__", "exec", "eval", "compile"}
_DYNAMIC_MODULES = {"importlib", "runpy", "pkgutil", "imp"}
# Reading files and versions of installed packages loads no code.
_HARMLESS = {"importlib.resources", "importlib.metadata", "importlib.resources.abc"}


def dynamic_imports(tree: Tree) -> list[str]:
    """No code is loaded by a name made at run time: the import contracts could not see it."""
    return [
        f"{module.path}:{line}: {what} loads code that the import contracts cannot see"
        for module in tree.modules("src/")
        for line, what in _dynamic(module)
    ]


def _dynamic(module: Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module.syntax):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    if alias.name.split(".")[0] in _DYNAMIC_MODULES and alias.name not in _HARMLESS:
                        yield node.lineno, alias.name
            case ast.ImportFrom(module=str(source), names=names):
                full = {f"{source}.{alias.name}" for alias in names}
                of_dynamic = source.split(".")[0] in _DYNAMIC_MODULES
                if of_dynamic and source not in _HARMLESS and not full <= _HARMLESS:
                    yield node.lineno, source
            case ast.Name(id=name) if name in _DYNAMIC_NAMES:
                yield node.lineno, name
            case _:
                pass


def types_that_are_called(tree: Tree) -> list[str]:
    """``frozenset[Role]()`` needs ``Role`` when it runs: importing it for types alone breaks it.

    The linter takes the brackets for an annotation and says nothing (ruff's TC004).
    """
    return [
        f"{module.path}:{call.lineno}: {name.id} is imported for types only, and called here"
        for module in tree.modules("src/", "tests/", "benchmarks/", "scripts/")
        for for_types in [_imported_for_types(module)]
        for call in ast.walk(module.syntax)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Subscript)
        for name in ast.walk(call.func)
        if isinstance(name, ast.Name) and name.id in for_types
    ]


def _imported_for_types(module: Module) -> set[str]:
    return {
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(module.syntax)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for imported in ast.walk(node)
        if isinstance(imported, ast.Import | ast.ImportFrom)
        for alias in imported.names
    }


def first_lines(tree: Tree) -> list[str]:
    """Every module and package opens with one plain line that says what it is for."""
    faults: list[str] = []
    for module in tree.modules("src/", "tests/", "benchmarks/", "scripts/"):
        if not module.text.strip():
            if module.path.startswith("tests/") and module.path.endswith("__init__.py"):
                continue
            faults.append(f"{module.path}: says nothing of what it is for")
            continue
        opening = (ast.get_docstring(module.syntax) or "").split("\n", 1)
        if not opening[0]:
            faults.append(f"{module.path}: opens without a line that says what it is for")
        elif len(opening[0]) > FIRST_LINE_CHARACTERS_MAX:
            faults.append(f"{module.path}: its first line is over {FIRST_LINE_CHARACTERS_MAX}")
    return faults


def packages_declared(tree: Tree) -> list[str]:
    """Every folder of source that holds Python is a package with its own first line."""
    modules = [module.path for module in tree.modules("src/enigm/")]
    folders = {str(PurePath(path).parent) for path in modules}
    allowed = {f for f in folders if PurePath(f).name in {"versions", "migration_environment"}}
    return [
        f"{folder}: has no __init__.py that says what the package is"
        for folder in sorted(folders - allowed)
        if f"{folder}/__init__.py" not in modules
    ]


def short_files(tree: Tree) -> list[str]:
    """No file is longer than a reader can hold."""
    return [
        f"{module.path}: {len(module.lines)} lines, at most {FILE_LINES_MAX}"
        for module in tree.modules("src/", "tests/", "benchmarks/", "scripts/")
        if len(module.lines) > LONGER_FILES.get(module.path, FILE_LINES_MAX)
    ]


def short_functions(tree: Tree) -> list[str]:
    """No function is longer than a screen."""
    return [
        f"{module.path}:{node.lineno}: {node.name} has {length} lines, at most {FUNCTION_LINES_MAX}"
        for module in tree.modules("src/")
        # A migration is one list of tables, read once and never changed.
        if "/migrations/versions/" not in module.path
        for node in ast.walk(module.syntax)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for length in [(node.end_lineno or node.lineno) - node.lineno + 1]
        if length > FUNCTION_LINES_MAX
    ]


def no_drawers(tree: Tree) -> list[str]:
    """No file, folder or class is named as a drawer for anything."""
    faults: list[str] = []
    for module in tree.modules("src/", "tests/", "benchmarks/"):
        parts = PurePath(module.path).with_suffix("").parts
        faults += [f"{module.path}: {part} is a drawer" for part in parts if part in DRAWERS]
        faults += [
            f"{module.path}:{node.lineno}: {node.name} is a drawer"
            for node in ast.walk(module.syntax)
            if isinstance(node, ast.ClassDef) and node.name.endswith(DRAWER_CLASS_ENDINGS)
        ]
    return faults


def domain_vocabulary(tree: Tree) -> list[str]:
    """Inside a domain there are the same few words and no others."""
    faults: list[str] = []
    for module in tree.modules("src/enigm/domains/"):
        inside = PurePath(module.path).relative_to("src/enigm/domains").parts
        if len(inside) < 2:
            continue
        word = PurePath(inside[1]).stem
        if word not in DOMAIN_WORDS:
            faults.append(f"{module.path}: a domain has no {word}; its words are fixed")
    return faults


def no_open_promises(tree: Tree) -> list[str]:
    """What is not done is in an issue or in the known limits, not in the code."""
    marks = ("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")
    return [
        f"{module.path}:{number}: an open promise ({mark})"
        for module in tree.modules("src/", "tests/", "benchmarks/", "scripts/")
        for number, line in enumerate(module.lines, 1)
        for mark in marks
        if f"# {mark}" in line or f"#{mark}" in line
    ]


def crossings_are_sentences(tree: Tree) -> list[str]:
    """A crossing is named as a sentence and says what it carries, withholds and when it dies."""
    faults: list[str] = []
    for module in tree.modules("src/enigm/crossings/"):
        name = PurePath(module.path).stem
        if name == "__init__":
            continue
        if name.count("_") < 2:
            faults.append(f"{module.path}: {name} is not a sentence")
        said = ast.get_docstring(module.syntax) or ""
        faults += [
            f"{module.path}: its docstring has no line '{word}:'"
            for word in ("Carries", "Withholds", "Dies")
            if f"{word}:" not in said
        ]
    return faults


CODE_CHECKS = (
    dynamic_imports,
    types_that_are_called,
    first_lines,
    packages_declared,
    short_files,
    short_functions,
    no_drawers,
    domain_vocabulary,
    no_open_promises,
    crossings_are_sentences,
)
