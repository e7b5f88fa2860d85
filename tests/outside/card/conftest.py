"""An acquirer, and a shop that is paid through it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from enigm.foundation.payment_settings import CardSettings
from enigm.outside.card import CardCheckout
from tests.chains.books import Addresses
from tests.chains.till import Till
from tests.support.acquirer import KEY, Acquirer, RunningAcquirer
from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RETURN_URL = "https://command.example/orders"


@pytest.fixture
def acquirer() -> Iterator[Acquirer]:
    with RunningAcquirer() as running:
        yield running


@pytest.fixture
def settings(acquirer: Acquirer, tmp_path: Path) -> CardSettings:
    key_file = tmp_path / "card.key"
    key_file.write_text(KEY + "\n")
    key_file.chmod(0o600)
    return CardSettings(url=acquirer.url, key_file=key_file, live=False)


@pytest.fixture
def addresses() -> Addresses:
    return Addresses()


@pytest.fixture
def checkout(settings: CardSettings, addresses: Addresses) -> Iterator[CardCheckout]:
    method = CardCheckout(settings, addresses, FakeClock(), RETURN_URL, ask_seconds=0)
    yield method
    method.close()


@pytest.fixture
def till(checkout: CardCheckout) -> Till:
    return Till(checkout)
