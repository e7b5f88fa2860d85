"""What the service keeps after a whole journey: no two stores can be joined by any value."""

from __future__ import annotations

import hashlib
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from enigm.wire import delivery
from tests.support.journey import Journey, Person, Problem, b64
from tests.support.service import Running, running_service, settings_of_tests

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postgres import PostgresServer

WINDOW_BYTES = 8
DOMAINS = ("accounts", "devices", "messaging")
# A named purpose keeps these beyond an account's end: evidence of critical decisions.
AUDITED = {
    ("audit", "entry"),
    ("audit", "head"),
    ("audit", "payload_key"),
    ("handles", "epoch_key"),
}
# Alembic's own bookkeeping says which version of the tables this is, and a number how often handles
# changed; they are of nobody.
BOOKKEEPING = {"schema_version", "revision"}


def all_rows(running: Running) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Return every row of every table of every store, as the operator could read it."""
    rows: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for domain, database in running.service.databases.items():
        with database.read() as connection:
            schema = None if database.dialect == "sqlite" else domain
            found = sa.inspect(connection).get_table_names(schema=schema)
            rows[domain] = [
                (name, dict(row))
                for name in found
                if name not in BOOKKEEPING
                for row in connection.execute(sa.text(f'SELECT * FROM "{name}"')).mappings()
            ]
    return rows


def values(rows: list[tuple[str, dict[str, Any]]]) -> set[bytes]:
    """Return every value of 8 bytes or more."""
    octets = (
        value.encode() if isinstance(value, str) else value
        for _table, row in rows
        for value in row.values()
        if isinstance(value, bytes | str)
    )
    return {value for value in octets if len(value) >= WINDOW_BYTES}


def windows(found: set[bytes]) -> set[bytes]:
    """Return every run of 8 bytes anywhere in any value, but for those that say nothing."""
    return {
        window
        for value in found
        for start in range(len(value) - WINDOW_BYTES + 1)
        if len(set(window := value[start : start + WINDOW_BYTES])) > 3
    }


async def _send(journey: Journey, frame: delivery.Request) -> list[Any]:
    answer = await journey.http.post(
        delivery.EXCHANGE_PATH,
        content=delivery.encode(frame),
        headers={"Content-Type": delivery.MEDIA_TYPE},
    )
    assert answer.status_code == 200
    return list(delivery.decode_answers(answer.content))


async def _deliver(journey: Journey, person: Person) -> None:
    """Make the person's inbox and a channel, and put something in each."""
    random = journey.entropy.random_bytes
    token, secret, channel = random(32), random(32), random(16)
    tokens = await journey.tokens(person, 3)
    body, week = random(512), 7 * 86_400
    read_hash, token_hash = (hashlib.sha256(value).digest() for value in (secret, token))
    frames: list[delivery.Request] = [
        delivery.CreateInbox(1, person.device.inbox, read_hash, tokens[0]),
        delivery.Drop(2, person.device.inbox, tokens[1], random(16), week, body),
        delivery.CreateChannel(3, channel, token_hash, tokens[2]),
        delivery.Post(4, channel, 0, token, random(16), week, body),
    ]
    for frame in frames:
        (answer,) = await _send(journey, frame)
        assert isinstance(answer, delivery.Ack), answer


async def whole_journey(journey: Journey) -> Person:
    """Do everything that can be done with an account; return who did."""
    alice = await journey.register()
    await journey.sign_in(alice)
    await journey.link(alice)
    await journey.enrol(alice)
    packages = [journey.entropy.random_bytes(900) for _ in range(3)]
    body = {"key_packages": [b64(p) for p in packages], "last_resort": b64(packages[0])}
    await journey.as_device(alice, "POST", "/devices/v1/key-packages", body)
    for token in await journey.tokens(alice, 2):
        await journey.look_up(token, lookup_id=alice.lookup_id, key_packages=True)
    await _deliver(journey, alice)
    await journey.recover(alice, "new")
    await journey.sign_in(alice)
    request, _ = journey.opaque.start_login("unfinished")
    begun = {"lookup_id": b64(alice.lookup_id), "opaque_request": b64(request.to_bytes())}
    await journey.ask("POST", "/accounts/v1/session/start", begun)
    return alice


def _assert_nothing_shared(running: Running, alice: Person) -> None:
    rows = all_rows(running)
    by_domain = {domain: windows(values(found)) for domain, found in rows.items()}
    assert all(len(by_domain[domain]) > 100 for domain in DOMAINS), "the journey filled them"
    for one, other in combinations(by_domain, 2):
        assert not by_domain[one] & by_domain[other], (one, other)
    # Nor does any store hold what the device sent to another, or a secret as it was sent.
    everything = set[bytes]().union(*by_domain.values())
    assert not everything & windows({alice.lookup_id, alice.session.encode()})
    assert not by_domain["accounts"] & windows(
        {alice.fingerprint, alice.root.public, alice.device.signing.public, alice.device.device_id}
    )
    assert not by_domain["devices"] & windows({alice.device.inbox, alice.backup})
    assert not by_domain["messaging"] & windows(
        {alice.fingerprint, alice.root.public, alice.device.signing.public}
    )


@pytest.mark.requirement("PRV-03")
async def test_no_value_stands_in_two_domains_stores(running: Running) -> None:
    alice = await whole_journey(running.journey)
    _assert_nothing_shared(running, alice)


@pytest.mark.postgres
@pytest.mark.requirement("PRV-03")
async def test_no_value_stands_in_two_domains_schemas(
    tmp_path: Path, postgres_server: PostgresServer, postgres_database: str
) -> None:
    settings = settings_of_tests(
        tmp_path,
        database_url=postgres_server.url(postgres_database),
        database_admin_url=postgres_server.admin_url(postgres_database),
    )
    async with running_service(settings) as running:
        alice = await whole_journey(running.journey)
        _assert_nothing_shared(running, alice)


async def test_the_windows_find_what_is_planted(running: Running) -> None:
    # The control: a value of one store planted in another must be found.
    await whole_journey(running.journey)
    rows = all_rows(running)
    owner = next(row["owner"] for table, row in rows["devices"] if table == "chain")
    planted = {b"before" + owner[5:20] + b"after"}
    assert windows(planted) & windows(values(rows["devices"]))
    assert not windows(planted) & windows(values(rows["accounts"]))


def _keyed(rows: dict[str, list[tuple[str, dict[str, Any]]]]) -> set[tuple[str, str, str]]:
    return {
        (domain, table, repr(sorted(row.items())))
        for domain, found in rows.items()
        for table, row in found
    }


@pytest.mark.requirement("APP-18")
async def test_a_deleted_account_leaves_nothing(running: Running) -> None:
    journey = running.journey
    bob = await journey.register()
    before = _keyed(all_rows(running))
    alice = await whole_journey(journey)
    await journey.erase(alice)
    left = {(domain, table) for domain, table, _row in _keyed(all_rows(running)) - before}
    # What stays is of nobody: hashes that let a challenge, a signed request or a token be used
    # once, and ciphertext in logs that no store ties to an account; and the audit log, which is
    # kept for a named purpose, under handles whose epoch's key ends.
    assert left <= AUDITED | {
        ("accounts", "spent_challenge"),
        ("devices", "nonce"),
        ("messaging", "spent_tokens"),
        ("messaging", "places"),
        ("messaging", "records"),
        ("messaging", "acknowledgements"),
        ("messaging", "past_epochs"),
    }
    running.clock.advance(86_400)
    running.service.upkeep.run_once()
    rest = _keyed(all_rows(running)) - before
    # Policy remembers what it decided over which facts for a month, without anybody's name.
    lasting = AUDITED | {("policy", "decision")}
    assert {(domain, table) for domain, table, _row in rest if domain != "messaging"} <= lasting
    await journey.sign_in(bob)


@pytest.mark.requirement("APP-18")
async def test_a_deleted_account_is_gone_from_every_answer(journey: Journey) -> None:
    alice, bob = await journey.register(), await journey.register()
    tokens = await journey.tokens(bob, 2)
    await journey.erase(alice)
    with pytest.raises(Problem, match="session_ended"):
        await journey.as_session(alice, "GET", "/accounts/v1/sessions")
    with pytest.raises(Problem, match="unknown"):
        await journey.look_up(tokens[0], lookup_id=alice.lookup_id)
    with pytest.raises(Problem, match="unknown"):
        await journey.look_up(tokens[1], fingerprint=alice.fingerprint)
    with pytest.raises(Problem, match="recovery_refused"):
        await journey.recover(alice, "new")
    # The name and the root are free again, and nothing of the past comes with them.
    alice.others.clear()
    await journey.register(alice)
    assert len((await journey.chain(alice)).entries) == 1


@pytest.mark.requirement("APP-18")
async def test_a_deletion_cut_short_is_finished_by_the_next_process(tmp_path: Path) -> None:
    settings = settings_of_tests(tmp_path)
    async with running_service(settings) as running:
        alice = await running.journey.register()
        path = running.service.account_path
        assert path is not None
        own = path.accounts.own
        # As if the process had died between the two stores: the fact is written, not delivered.
        with own._store.begin() as records:
            (session,) = [
                row["account_id"]
                for table, row in all_rows(running)["accounts"]
                if table == "session"
            ]
            records.erase(session, running.clock, running.journey.entropy)
        assert [t for t, _ in all_rows(running)["devices"] if t == "chain"] == ["chain"]
    async with running_service(settings) as running:
        running.service.upkeep.run_once()
        assert all_rows(running)["devices"] == [] or {
            table for table, _ in all_rows(running)["devices"]
        } <= {"nonce"}
        await running.journey.register(alice)


@pytest.mark.requirement("APP-18", "PRV-03")
async def test_deleted_bytes_are_gone_from_the_files(tmp_path: Path) -> None:
    from sqlcipher3 import dbapi2 as sqlcipher

    from enigm.foundation.keyfile import load_or_create_keys
    from tests.support.service import SystemEntropy

    settings = settings_of_tests(tmp_path)
    async with running_service(settings) as running:
        alice = await whole_journey(running.journey)
        await running.journey.erase(alice)
        running.clock.advance(86_400)
        running.service.upkeep.run_once()
    keys = load_or_create_keys(settings.key_file, SystemEntropy())
    for domain in ("accounts", "devices"):
        source = settings.stores_folder / f"{domain}.db"
        assert not source.with_name(f"{domain}.db-wal").exists()
        plain = tmp_path / f"{domain}.plain"
        connection = sqlcipher.connect(str(source))
        connection.execute(f"PRAGMA key = \"x'{keys.derive(domain, 'store').hex()}'\"")
        free_pages = connection.execute("PRAGMA freelist_count").fetchone()[0]
        connection.execute(f"ATTACH DATABASE '{plain}' AS plain KEY ''")
        connection.execute("SELECT sqlcipher_export('plain')")
        connection.close()
        octets = plain.read_bytes()
        for secret in (alice.backup, alice.fingerprint, alice.device.signing.public):
            assert secret[:16] not in octets
        assert free_pages == 0
