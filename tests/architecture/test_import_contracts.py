"""The import contracts hold in the tree, and each fails on a planted import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import REPOSITORY

LINTER = Path(sys.executable).parent / "lint-imports"

# The smallest house with every room that the contracts speak of.
ROOMS = (
    "foundation/clock", "crypto/kdf", "crypto/mls/tree", "crypto/mls/member/group", "wire/sizes",
    "domains/accounts/errors", "domains/accounts/model", "domains/accounts/rules",
    "domains/accounts/store", "domains/accounts/actions", "domains/accounts/routes",
    "domains/devices/model", "domains/devices/store", "domains/devices/actions",
    "domains/esim/model", "faces/esim/progress", "assembly/esim", "assembly/esim_process",
    "domains/messaging/actions", "domains/messaging/routes",
    "app/vault", "crossings/accounts_ask_devices", "outside/push", "faces/http/server",
    "faces/cli/chat", "assembly/service", "assembly/main", "faces/command/pages", "agent/mode",
    "assembly/command", "domains/messaging/model",
    "crossings/policy_asks_device_evidence", "crossings/protected_operation_asks_policy",
    "crossings/protected_request_asks_device_trust", "domains/attestation/model",
    "domains/audit/model", "domains/handles/model", "domains/policy/model",
    "domains/posture/model", "domains/commerce/model", "domains/entitlements/model",
    "domains/invoices/model", "outside/bitcoin", "outside/card", "outside/monero",
)  # fmt: skip

PLANTED = [
    # contract, in which room, what it imports
    ("layers", "foundation/clock", "enigm.crypto.kdf"),
    ("layers", "crypto/kdf", "enigm.wire.sizes"),
    ("layers", "wire/sizes", "enigm.domains.accounts.model"),
    ("layers", "domains/accounts/actions", "enigm.crossings.accounts_ask_devices"),
    ("layers", "app/vault", "enigm.domains.accounts.model"),
    ("layers", "crossings/accounts_ask_devices", "enigm.outside.push"),
    ("layers", "helpers", None),
    ("domains-apart", "domains/accounts/actions", "enigm.domains.devices.model"),
    ("domain-inside", "domains/accounts/model", "enigm.domains.accounts.store"),
    ("domain-inside", "domains/accounts/rules", "enigm.domains.accounts.store"),
    ("domain-inside", "domains/accounts/service", None),
    ("stores-private", "crossings/accounts_ask_devices", "enigm.domains.devices.store"),
    ("stores-private", "faces/http/server", "enigm.domains.devices.store"),
    ("rules-private", "faces/http/server", "enigm.domains.accounts.rules"),
    ("rules-pure", "domains/accounts/rules", "time"),
    ("rules-pure", "domains/accounts/rules", "os"),
    ("rules-pure", "domains/accounts/model", "sqlalchemy"),
    ("server-blind", "domains/accounts/actions", "enigm.crypto.mls.member.group"),
    ("server-blind", "crossings/accounts_ask_devices", "enigm.app.vault"),
    ("server-blind", "faces/http/server", "enigm.app.vault"),
    ("server-blind", "assembly/service", "enigm.app.vault"),
    ("command-blind", "faces/command/pages", "enigm.app.vault"),
    ("command-blind", "faces/command/pages", "enigm.crypto.mls.tree"),
    ("command-blind", "faces/command/pages", "enigm.domains.messaging.model"),
    ("command-blind", "assembly/command", "enigm.domains.messaging.model"),
    ("esim-opens-nothing", "domains/esim/model", "enigm.crypto.mls.tree"),
    ("esim-opens-nothing", "faces/esim/progress", "enigm.app.vault"),
    ("esim-opens-nothing", "assembly/esim", "enigm.domains.messaging.actions"),
    ("esim-opens-nothing", "assembly/esim_process", "enigm.agent.mode"),
    ("payments-open-nothing", "domains/devices/actions", "enigm.domains.entitlements.model"),
    ("payments-open-nothing", "domains/messaging/actions", "enigm.domains.commerce.model"),
    ("payments-open-nothing", "domains/policy/model", "enigm.domains.invoices.model"),
    ("payments-open-nothing", "domains/accounts/rules", "enigm.outside.card"),
    ("payments-open-nothing", "crypto/kdf", "enigm.outside.monero"),
    ("payments-open-nothing", "app/vault", "enigm.domains.esim.model"),
    (
        "payments-open-nothing",
        "crossings/protected_operation_asks_policy",
        "enigm.domains.entitlements.model",
    ),
    ("third-parties-visible", "domains/accounts/actions", "httpx"),
    ("third-parties-visible", "crossings/accounts_ask_devices", "urllib.request"),
    ("no-cycles", "crypto/mls/tree", "enigm.crypto.kdf"),
]


def _lint(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    chosen = [word for contract in contracts for word in ("--contract", contract)]
    return subprocess.run(
        [LINTER, "--config", folder / "pyproject.toml", "--no-cache", *chosen],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def _house(root: Path) -> Path:
    for room in ROOMS:
        path = root / "enigm" / f"{room}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for folder in [root / "enigm", *(p for p in (root / "enigm").rglob("*") if p.is_dir())]:
        (folder / "__init__.py").touch()
    (root / "enigm/faces/cli/chat.py").write_text("import enigm.app.vault\n")
    (root / "enigm/assembly/main.py").write_text("import enigm.faces.cli.chat\n")
    (root / "enigm/assembly/service.py").write_text("import enigm.domains.accounts.store\n")
    (root / "enigm/crypto/kdf.py").write_text("import enigm.crypto.mls.tree\n")
    (root / "pyproject.toml").write_text((REPOSITORY / "pyproject.toml").read_text())
    return root


def test_the_small_house_keeps_every_contract(tmp_path: Path) -> None:
    answer = _lint(_house(tmp_path))
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("contract", "room", "target"), PLANTED, ids=[f"{c}-{r}-{t}" for c, r, t in PLANTED]
)
def test_a_planted_import_is_found(
    contract: str, room: str, target: str | None, tmp_path: Path
) -> None:
    house = _house(tmp_path)
    planted = house / "enigm" / f"{room}.py"
    planted.write_text(f"import {target}\n" if target else "")
    answer = _lint(house, contract)
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert "BROKEN" in answer.stdout or "exhaustive" in answer.stdout.lower(), answer.stdout


def test_an_import_hidden_in_a_function_is_found(tmp_path: Path) -> None:
    house = _house(tmp_path)
    planted = house / "enigm/domains/accounts/actions.py"
    planted.write_text("def open_content() -> None:\n    import enigm.app.vault\n")
    assert _lint(house, "server-blind").returncode == 1


def test_an_import_for_types_alone_is_found(tmp_path: Path) -> None:
    house = _house(tmp_path)
    planted = house / "enigm/domains/accounts/actions.py"
    planted.write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import enigm.app.vault\n"
    )
    assert _lint(house, "server-blind").returncode == 1
