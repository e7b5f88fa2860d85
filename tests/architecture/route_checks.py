"""House rules over routes: what takes the PIN goes through the one decision path, on every face."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.architecture.tree import Module, Tree

_METHODS = {"get", "post", "put", "patch", "delete"}
# What a handler names, or takes, that enters the PIN or spends what it gave.
_TAKES_THE_PIN = {"permit_of", "leave_of", "CriticalActionSpendsPinGrant", "PinPermit", "Leave"}
_ENTRIES = {"start", "finish"}
# Where the door, or the gate, has asked policy: nobody else writes down what may be spent.
_MAKES_PERMITS = {
    "src/enigm/faces/http/door.py",
    "src/enigm/faces/command/gate.py",
    "src/enigm/faces/command/critical.py",
    "src/enigm/crossings/protected_operation_asks_policy.py",
}
_ROUTES = ("src/enigm/faces/", "src/enigm/domains/")


def critical_routes_are_protected(tree: Tree) -> list[str]:
    """A route that enters the PIN, or spends what it gave, is one that policy is asked about."""
    modules = list(tree.modules(*_ROUTES))
    constants = {module.path: set(_protected_names(module)) for module in modules}
    return [
        f"{module.path}:{handler.lineno}: {handler.name} takes the PIN and is not protected"
        for module in modules
        for protected in [constants[module.path] | _imported(module, constants)]
        for handler in _functions(module)
        if (opened := _opened_by(handler)) is not None
        and _takes_the_pin(handler, module)
        and not _is_protected(opened, protected)
    ]


def permits_come_from_the_door(tree: Tree) -> list[str]:
    """Who asks, and what they show, is written down where policy was asked, and nowhere else."""
    return [
        f"{module.path}:{call.lineno}: makes a Permit, which only the door and the gate do"
        for module in tree.modules("src/")
        if module.path not in _MAKES_PERMITS
        for call in ast.walk(module.syntax)
        if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] == "Permit"
    ]


def _functions(module: Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        node
        for node in ast.walk(module.syntax)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def _opened_by(handler: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.expr | None:
    """Return what a route says of how it may be reached; None for what is no route."""
    for decorator in handler.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) in _METHODS:
            said = [each.value for each in decorator.keywords if each.arg == "opt"]
            return said[0] if said else ast.Constant(value=None)
    return None


def _takes_the_pin(
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    module: Module,
    seen: frozenset[str] = frozenset(),
) -> bool:
    """Say whether a function, or one of its module that it names, takes the PIN."""
    named = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    if named & _TAKES_THE_PIN or any(_entries(function)):
        return True
    further = seen | {function.name}
    return any(
        _takes_the_pin(other, module, further)
        for other in _functions(module)
        if other.name in named - further
    )


def _entries(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.Attribute]:
    for node in ast.walk(function):
        if not isinstance(node, ast.Attribute) or node.attr not in _ENTRIES:
            continue
        if ast.unparse(node.value).endswith("grants"):
            yield node


def _is_protected(said: ast.expr, names: set[str]) -> bool:
    if isinstance(said, ast.Name):
        return said.id in names
    return isinstance(said, ast.Call) and ast.unparse(said.func) == "protected"


def _protected_names(module: Module) -> Iterator[str]:
    """Yield the module's constants that are made by ``protected``."""
    for node in module.syntax.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        is_made = isinstance(value, ast.Call) and ast.unparse(value.func) == "protected"
        if isinstance(target, ast.Name) and is_made:
            yield target.id


def _imported(module: Module, constants: dict[str, set[str]]) -> set[str]:
    return {
        alias.asname or alias.name
        for node in ast.walk(module.syntax)
        if isinstance(node, ast.ImportFrom) and node.module
        for path in [f"src/{node.module.replace('.', '/')}.py"]
        for alias in node.names
        if alias.name in constants.get(path, set())
    }


ROUTE_CHECKS = (
    critical_routes_are_protected,
    permits_come_from_the_door,
)
