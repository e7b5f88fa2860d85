"""Every house rule is shown to fail: a small tree with one fault, and the rule that names it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.architecture import code_checks, route_checks, text_checks
from tests.architecture.tree import Tree, plant
from tests.architecture.wording import (
    COMMAND,
    REQUIRED,
    WORDING_CHECKS,
    honest_sentences,
    honest_wording,
)
from tests.support.loopback_only import BeyondLoopbackError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SAYS = '"""What this is for."""\n'
PAGE = "src/enigm/faces/command/pages/a.py"
OPEN = SAYS + '@post("/a", opt=opened_to(Access.SESSION))\ndef erase(request):\n    '

PLANTED: list[tuple[Callable[[Tree], list[str]], str, dict[str, str]]] = [
    (
        code_checks.dynamic_imports,
        "import_module",
        {"src/enigm/a.py": SAYS + "import importlib\nimportlib.import_module('enigm.app')\n"},
    ),
    (
        code_checks.dynamic_imports,
        "__import__",
        {"src/enigm/a.py": SAYS + "__import__('enigm.app')\n"},
    ),
    (
        code_checks.dynamic_imports,
        "from importlib",
        {"src/enigm/a.py": SAYS + "from importlib import import_module\n"},
    ),
    (code_checks.dynamic_imports, "exec", {"src/enigm/a.py": SAYS + "exec('import enigm.app')\n"}),
    (
        code_checks.types_that_are_called,
        "called type",
        {
            "src/enigm/a.py": SAYS
            + "if TYPE_CHECKING:\n    from enigm.b import Role\nA = frozenset[Role]()\n"
        },
    ),
    (code_checks.first_lines, "silent", {"src/enigm/a.py": "A = 1\n"}),
    (code_checks.first_lines, "wordy", {"src/enigm/a.py": '"""' + "a" * 101 + '"""\n'}),
    (code_checks.first_lines, "empty package", {"src/enigm/a/__init__.py": ""}),
    (code_checks.packages_declared, "no package", {"src/enigm/a/b.py": SAYS}),
    (code_checks.short_files, "long file", {"src/enigm/a.py": SAYS + "A = 1\n" * 450}),
    (
        code_checks.short_functions,
        "long function",
        {"src/enigm/a.py": SAYS + "def a() -> None:\n" + "    print()\n" * 60},
    ),
    (code_checks.no_drawers, "file", {"src/enigm/app/utils.py": SAYS}),
    (code_checks.no_drawers, "folder", {"src/enigm/common/a.py": SAYS}),
    (code_checks.no_drawers, "class", {"src/enigm/a.py": SAYS + "class KeyManager:\n    pass\n"}),
    (code_checks.domain_vocabulary, "word", {"src/enigm/domains/accounts/service.py": SAYS}),
    (code_checks.no_open_promises, "promise", {"src/enigm/a.py": SAYS + "# TO" + "DO: later\n"}),
    (code_checks.crossings_are_sentences, "noun", {"src/enigm/crossings/payments.py": SAYS}),
    (
        code_checks.crossings_are_sentences,
        "silent",
        {"src/enigm/crossings/a_becomes_b.py": SAYS + "A = 1\n"},
    ),
    (
        route_checks.critical_routes_are_protected,
        "page",
        {PAGE: OPEN + "own(permit_of(request))\n"},
    ),
    (
        route_checks.critical_routes_are_protected,
        "behind another function",
        {PAGE: OPEN + "_do(request)\n\ndef _do(request):\n    leave_of(request)\n"},
    ),
    (
        route_checks.critical_routes_are_protected,
        "entry",
        {PAGE: OPEN + "accounts.pins.grants.start(request)\n"},
    ),
    (
        route_checks.critical_routes_are_protected,
        "unmarked",
        {PAGE: SAYS + '@post("/a")\ndef erase(request):\n    leave_of(request)\n'},
    ),
    (
        route_checks.critical_routes_are_protected,
        "account path",
        {
            "src/enigm/domains/accounts/routes/a.py": SAYS
            + 'SESSION = opened_to(Access.SESSION)\n\n@delete("/a", opt=SESSION)\n'
            "def erase(permit: PinPermit):\n    own.erase(permit)\n"
        },
    ),
    (
        route_checks.permits_come_from_the_door,
        "page",
        {PAGE: OPEN + "own.erase(Permit(request.caller, b'', request.grant))\n"},
    ),
    (text_checks.no_machine_paths, "work", {"docs/a.md": f"See `/{'work'}/main/docs`.\n"}),
    (text_checks.no_machine_paths, "home", {"src/enigm/a.py": "A = '/home/someone/a'\n"}),
    (
        text_checks.no_registry_hosts,
        "pypi",
        {"a.lock": f"--index-url https://{'pypi'}.org/simple\n"},
    ),
    (text_checks.no_registry_hosts, "npm", {"b.json": f'"https://registry.{"npmjs"}.org/lit"'}),
    (honest_wording, "found", {"README.md": "Enigm makes you anonymous.\n"}),
    (honest_wording, "page", {"src/enigm/app/ui/a.js": "text = 'Untraceable!'\n"}),
    (honest_wording, "degree", {"README.md": "It is completely secure.\n"}),
    (honest_wording, "traffic", {"docs/a.md": "Shaping defeats traffic analysis.\n"}),
    (honest_wording, "card", {"src/enigm/a.html": "<p>Cards are as private as codes.\n"}),
    (honest_wording, "ledger", {"docs/a.md": "Bitcoin payments are private.\n"}),
    (honest_wording, "audited", {"README.md": "Our engine is independently audited.\n"}),
    (honest_wording, "carrier", {"docs/a.md": "Enigm is your carrier.\n"}),
    (honest_sentences, "absent", {}),
    (honest_sentences, "half", {"README.md": "The engine is unaudited.\n"}),
    (text_checks.named_paths_exist, "path", {"README.md": "See `docs/absent.md`.\n"}),
    (text_checks.named_paths_exist, "link", {"README.md": "See [this](docs/absent.md).\n"}),
    (
        text_checks.named_make_targets_exist,
        "target",
        {"README.md": "Run `make coffee`.\n", "Makefile": "tea:\n"},
    ),
    (
        text_checks.named_make_targets_exist,
        "fenced",
        {"README.md": "```sh\nmake coffee\n```\n", "Makefile": "tea:\n"},
    ),
    (
        text_checks.marked_requirements_exist,
        "row",
        {
            "docs/requirements.md": "| APP-01 | words | test |\n",
            "tests/test_a.py": "import pytest\n\n@pytest.mark.requirement('APP-99')\n"
            "def test_a(): ...\n",
        },
    ),
    (
        text_checks.no_lifecycle_downloads,
        "resolved",
        {"package-lock.json": '{"resolved": "https://example.org/a.tgz"}'},
    ),
    (text_checks.decisions_name_their_check, "unkept", {"decisions/0001-a.md": "# 1. A\n"}),
    (
        text_checks.decisions_name_their_check,
        "gap",
        {"decisions/0002-a.md": "# 2. A\n\n**Kept by.** `make check`.\n"},
    ),
    (text_checks.no_lifecycle_downloads, "npm", {"scripts/a.sh": "npm ci\n"}),
]

ALL_CHECKS = (
    *code_checks.CODE_CHECKS,
    *route_checks.ROUTE_CHECKS,
    *text_checks.TEXT_CHECKS,
    *WORDING_CHECKS,
)

HONEST = {
    "README.md": "Run `make tea`, read `docs/a.md`. Nobody is untraceable, and we do not say so.\n",
    "Makefile": "tea:\n",
    "docs/a.md": "# A\n",
    "decisions/0001-a.md": "# 1. A\n\n**Kept by.** `make tea`.\n",
    "docs/requirements.md": "| APP-01 | words | test |\n",
    "src/enigm/__init__.py": SAYS,
    "src/enigm/domains/__init__.py": SAYS,
    "src/enigm/domains/accounts/__init__.py": SAYS,
    "src/enigm/faces/command/pages/__init__.py": SAYS,
    PAGE: SAYS + 'END = protected("esim.end")\n\n@post("/a", opt=END)\ndef end(request):\n'
    "    leave_of(request)\n",
    "src/enigm/faces/command/pages/b.py": SAYS + "from enigm.faces.command.pages.a import END\n\n"
    '@post("/b", opt=END)\ndef end(request):\n    leave_of(request)\n',
    "src/enigm/domains/accounts/rules.py": SAYS + "import importlib.resources\n",
    "src/enigm/crossings/__init__.py": SAYS,
    "src/enigm/crossings/a_becomes_b.py": '"""A. B.\n\nCarries: a\nWithholds: b\nDies: c\n"""\n',
    "tests/test_a.py": SAYS + "import pytest\n\n@pytest.mark.requirement('APP-01')\n"
    "def test_a(): ...\n",
}


for _path, _sentences in REQUIRED.items():
    _comment = "# " if _path.endswith(".py") else ""
    HONEST[_path] = HONEST.get(_path, SAYS if _comment else "") + "".join(
        f"{_comment}{sentence}.\n" for sentence in _sentences
    )
for _folder in ("faces", "faces/command", "domains/esim"):
    HONEST[f"src/enigm/{_folder}/__init__.py"] = SAYS


@pytest.mark.parametrize(
    ("check", "files"),
    [(check, files) for check, _, files in PLANTED],
    ids=[f"{check.__name__}-{name}" for check, name, _ in PLANTED],
)
def test_a_planted_fault_is_found(
    check: Callable[[Tree], list[str]], files: dict[str, str], tmp_path: Path
) -> None:
    assert check(plant(tmp_path, files))


@pytest.mark.parametrize(
    "check",
    ALL_CHECKS,
    ids=lambda check: check.__name__,
)
def test_an_honest_tree_passes(check: Callable[[Tree], list[str]], tmp_path: Path) -> None:
    assert check(plant(tmp_path, HONEST)) == []


def test_every_check_has_a_planted_fault() -> None:
    planted = {check for check, _, _ in PLANTED}
    assert planted == set(ALL_CHECKS)


@pytest.mark.parametrize(
    ("path", "sentence"), [(p, s) for p, all_ in REQUIRED.items() for s in all_]
)
def test_one_sentence_that_is_left_out_is_found(path: str, sentence: str, tmp_path: Path) -> None:
    without = {**HONEST, path: HONEST[path].replace(sentence, "It is wonderful")}
    assert honest_sentences(plant(tmp_path, without)) == [f"{path}: does not say {sentence!r}"]


def test_a_sentence_in_pieces_is_read_as_one(tmp_path: Path) -> None:
    pieces = 'A = (\n    "Its ledger is "\n    "public for good"\n)\n'
    path = f"{COMMAND}wording.py"
    files = {**HONEST, path: HONEST[path].replace("# Its ledger is public for good.\n", pieces)}
    assert honest_sentences(plant(tmp_path, files)) == []


def test_a_command_that_does_not_exist_is_found(tmp_path: Path) -> None:
    tree = plant(tmp_path, {"README.md": "Run `enigm fly`, then `enigm up`.\n"})
    assert len(text_checks.named_enigm_commands_exist(tree, {"up"})) == 1


def test_a_connection_beyond_this_machine_is_refused() -> None:
    # 192.0.2.0/24 is kept for examples (RFC 5737): were the guard away, nothing would answer.
    with socket.socket() as outward:
        outward.settimeout(1)
        with pytest.raises(BeyondLoopbackError, match=r"192\.0\.2\.1"):
            outward.connect(("192.0.2.1", 80))
