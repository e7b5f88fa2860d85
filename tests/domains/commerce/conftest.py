"""A shop on each engine, and one for long stories on the embedded one."""

from __future__ import annotations

import pytest

from tests.support.databases import OpenDatabase
from tests.support.shop import Shop, open_shop


@pytest.fixture
def shop(open_database: OpenDatabase) -> Shop:
    return open_shop(open_database("commerce"))


@pytest.fixture
def one_shop(open_sqlcipher_database: OpenDatabase) -> Shop:
    return open_shop(open_sqlcipher_database("commerce"))
