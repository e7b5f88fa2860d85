"""Each test begins with the file mask of most machines: a command run in a test narrows it."""

from __future__ import annotations

import os

_USUAL = 0o022


def pytest_runtest_setup() -> None:
    """Set it."""
    os.umask(_USUAL)
