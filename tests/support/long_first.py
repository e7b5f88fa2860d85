"""Files that take long come first: at a run's end no worker waits for another's long one."""

from __future__ import annotations

import pytest

# Tests of more than ten seconds, and the many that drive a browser.
_LONG = ("slow", "browser")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the order of chance within both halves."""
    long = {item.path for item in items if any(item.get_closest_marker(name) for name in _LONG)}
    items.sort(key=lambda item: item.path not in long)
