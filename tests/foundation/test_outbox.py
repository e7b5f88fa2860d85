"""A fact is handed over at least once and acted on exactly once, whatever is killed."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from enigm.foundation.database import Database
from enigm.foundation.log import EventLog
from enigm.foundation.outbox import (
    BATCH_FACTS,
    LEASE_SECONDS,
    RETRY_DELAY_SECONDS_MAX,
    Courier,
    Fact,
    announce,
)
from tests.foundation.couriers import (
    deliver_to,
    deliveries,
    outbox,
    receiver_metadata,
    sales,
    sender_metadata,
)
from tests.support.clock import FakeClock
from tests.support.databases import OpenDatabase
from tests.support.entropy import FakeEntropy
from tests.support.vectors import ROOT

DEADLY_MOMENTS = ["before announcing", "before committing", "before acting", "after acting"]
LATER_SECONDS = 10_000


@pytest.fixture
def sender(open_database: OpenDatabase) -> Database:
    return open_database("sender", sender_metadata)


@pytest.fixture
def receiver(open_database: OpenDatabase) -> Database:
    return open_database("receiver", receiver_metadata)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sink() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def courier_with(
    sender: Database, clock: FakeClock, sink: io.StringIO
) -> Callable[[Callable[[Fact], None]], Courier]:
    log = EventLog(sink, clock, strict=True)
    return lambda carry: Courier(sender, outbox, {"sold": carry}, clock=clock, log=log)


def _announce(sender: Database, clock: FakeClock, *numbers: int, kind: str = "sold") -> None:
    entropy = FakeEntropy(repr(numbers).encode())
    with sender.begin() as connection:
        for number in numbers:
            body = number.to_bytes(8, "big")
            announce(connection, outbox, kind, body, entropy=entropy, clock=clock)


def _numbers(database: Database, table: sa.Table) -> list[int]:
    with database.read() as connection:
        return sorted(connection.execute(sa.select(table.c.number)).scalars())


def test_facts_arrive_once_and_in_order(
    sender: Database, clock: FakeClock, courier_with: Callable[..., Courier]
) -> None:
    arrived: list[int] = []
    numbers = list(range(2 * BATCH_FACTS + 3))
    _announce(sender, clock, *numbers)
    courier = courier_with(lambda fact: arrived.append(int.from_bytes(fact.body, "big")))
    assert courier.deliver_due() == len(numbers)
    assert arrived == numbers
    assert courier.deliver_due() == 0
    assert _numbers(sender, outbox) == []


def test_a_change_that_is_rolled_back_announces_nothing(sender: Database, clock: FakeClock) -> None:
    def fail() -> None:
        with sender.begin() as connection:
            announce(connection, outbox, "sold", b"", entropy=FakeEntropy(), clock=clock)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert _numbers(sender, outbox) == []


@pytest.mark.requirement("PRV-04")
def test_a_fact_that_fails_waits_longer_each_time_and_holds_up_no_other(
    sender: Database,
    clock: FakeClock,
    sink: io.StringIO,
    courier_with: Callable[..., Courier],
) -> None:
    arrived: list[int] = []

    def carry(fact: Fact) -> None:
        number = int.from_bytes(fact.body, "big")
        if number == 1:
            raise ValueError("alice is not at home")
        arrived.append(number)

    courier = courier_with(carry)
    _announce(sender, clock, 1, 2)
    assert courier.deliver_due() == 1
    assert arrived == [2]
    for delay in (1, 2, 4, 8):
        clock.advance(delay - 1)
        lines = sink.getvalue().count("\n")
        courier.deliver_due()
        assert sink.getvalue().count("\n") == lines
        clock.advance(1)
        courier.deliver_due()
    line = msgspec.json.decode(sink.getvalue().splitlines()[-1])
    assert (line["event"], line["attempts"]) == ("outbox.delivery_failed", 5)
    assert "alice" not in sink.getvalue()


def test_the_wait_of_a_failing_fact_is_bounded(
    sender: Database, clock: FakeClock, courier_with: Callable[..., Courier]
) -> None:
    tries = 0

    def carry(_fact: Fact) -> None:
        nonlocal tries
        tries += 1
        raise ValueError

    courier = courier_with(carry)
    _announce(sender, clock, 1)
    for turn in range(1, 40):
        courier.deliver_due()
        assert tries == turn
        clock.advance(RETRY_DELAY_SECONDS_MAX)


def test_a_fact_that_nobody_carries_waits(
    sender: Database, clock: FakeClock, courier_with: Callable[..., Courier]
) -> None:
    _announce(sender, clock, 1, kind="unknown")
    assert courier_with(lambda _fact: None).deliver_due() == 0
    assert len(_numbers(sender, outbox)) == 1


def test_a_second_courier_leaves_a_claimed_fact_alone_until_the_lease_ends(
    sender: Database, clock: FakeClock, courier_with: Callable[..., Courier]
) -> None:
    arrived: list[str] = []
    second = courier_with(lambda _fact: arrived.append("second"))

    def carry(_fact: Fact) -> None:
        arrived.append("first")
        clock.advance(LEASE_SECONDS - 1)
        assert second.deliver_due() == 0
        clock.advance(1)
        assert second.deliver_due() == 1

    _announce(sender, clock, 1)
    courier_with(carry).deliver_due()
    assert arrived == ["first", "second"]
    assert _numbers(sender, outbox) == []


@pytest.mark.parametrize(
    "engine", ["sqlcipher", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def test_killed_at_any_moment_every_committed_fact_is_acted_on_exactly_once(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    open_one = request.getfixturevalue(f"open_{engine}_database")
    sender, receiver = open_one("sender", sender_metadata), open_one("receiver", receiver_metadata)
    where = str(tmp_path)
    if engine == "postgres":
        name = request.getfixturevalue("postgres_database")
        where = request.getfixturevalue("postgres_server").url(name)
    announced: list[int] = []
    now = 1_000_000
    for moment in DEADLY_MOMENTS:
        command = [
            sys.executable,
            "-m",
            "tests.foundation.couriers",
            engine,
            where,
            str(now),
            moment,
        ]
        killed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        announced += [int(line.split()[1]) for line in killed.stdout.splitlines()]
        now += LATER_SECONDS
    clock = FakeClock(now)
    arrivals = 0

    def carry(fact: Fact) -> None:
        nonlocal arrivals
        arrivals += 1
        deliver_to(receiver, clock, fact)

    log = EventLog(io.StringIO(), clock, strict=True)
    Courier(sender, outbox, {"sold": carry}, clock=clock, log=log).deliver_due()
    assert arrivals
    assert _numbers(sender, outbox) == []
    assert _numbers(receiver, deliveries) == _numbers(sender, sales) == announced
