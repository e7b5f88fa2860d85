"""Versions sort as dpkg sorts them."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from enigm.agent.posture.versions import version_key

# deb-version(7), from the oldest to the newest.
ORDERED = [
    *("0~", "0", "1~~", "1~~a", "1~", "1-0~1", "1", "1-1", "1.0~rc1", "1.0", "1.0a", "1.0+b1"),
    *("1.2.9-1", "1.2.10-1~deb12u1", "1.2.10-1", "1.2.10-1+b2", "2", "1:0.1"),
]


def test_versions_sort_as_the_manual_says() -> None:
    newest_first = ORDERED[::-1]
    assert sorted(newest_first, key=version_key) == ORDERED


@settings(max_examples=60, deadline=None)
@given(*[st.from_regex(r"[0-9][0-9a-z.+~]{0,6}(-[0-9a-z.+~]{1,4})?", fullmatch=True)] * 2)
@example("0", "0-0")
@example("1", "1-0~1")
def test_dpkg_agrees(left: str, right: str) -> None:
    if shutil.which("dpkg") is None:
        pytest.skip("dpkg is not here")
    for relation, holds in (
        ("lt", version_key(left) < version_key(right)),
        ("eq", version_key(left) == version_key(right)),
    ):
        done = subprocess.run(["dpkg", "--compare-versions", left, relation, right], check=False)
        assert (done.returncode == 0) is holds
