"""Our client and our check of signed calls hold against a processor that others wrote."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import REPOSITORY

PROGRAM = Path(sys.executable).with_name("localstripe")


def own_network() -> list[str] | None:
    """Return what starts a program where it can reach nobody; None where that is not allowed."""
    for start in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        if (
            shutil.which("unshare")
            and not subprocess.run([*start, "true"], check=False, capture_output=True).returncode
        ):
            return start
    return None


@pytest.mark.slow
@pytest.mark.requirement("PAY-07")
def test_localstripe_is_asked_understood_and_believed(tmp_path: Path) -> None:
    start = own_network()
    if start is None or not PROGRAM.exists() or not shutil.which("ip"):
        pytest.skip("localstripe needs a network of its own (unshare, ip), which is not to be had")
    story = [sys.executable, "-m", "tests.outside.card.independent_story"]
    ran = subprocess.run(
        [*start, *story, str(PROGRAM), str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert not ran.returncode, ran.stderr.decode()
    seen = json.loads(ran.stdout)
    assert int(seen.pop("cursor")) >= 0
    assert seen == {
        "signed call": "payment_intent.succeeded",
        "events of others": 0,
        "refund": "re_",
        "refund of nothing": 404,
        "stranger": 401,
        "no hosted pages": "WalletUnavailableError",
    }
