"""What eSIMs keep: nothing that a carrier records, nothing readable, nothing past its end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from enigm.domains.esim import store
from enigm.domains.esim.model import Concern, Told
from enigm.foundation.retention import RetentionJob
from tests.architecture.tree import REPOSITORY
from tests.support.esim_world import ADA, EsimWorld, Leave
from tests.support.migrations import assert_migrations_make

# What a carrier, a phone company or an identity check would keep.
FOREIGN_WORDS = (
    "msisdn", "phone", "number", "voice", "call", "sms", "text", "imsi", "imei", "eid", "address",
    "ip_", "cell_", "location", "roam", "usage", "traffic", "bytes", "volume", "country", "name",
    "mail", "kyc", "document", "device",
)  # fmt: skip


def test_migrations_make_the_tables(open_database) -> None:
    assert_migrations_make(open_database("esim"), store.metadata, store.DESIGN.versions)


@pytest.mark.requirement("SIM-01", "SIM-02", "SIM-05")
def test_no_column_can_hold_a_number_a_call_a_person_or_anything_of_the_carriers() -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in store.metadata.sorted_tables
        for column in table.columns
    }
    assert len(columns) > 30
    names = [place.partition(".")[2] for place in columns]
    assert not [name for name in names if any(word in name for word in FOREIGN_WORDS)]
    assert columns == COLUMNS, "a new column is a reviewed change of this list"


COLUMNS = {
    "cancellation.attempts", "cancellation.cancellation_id", "cancellation.due_at",
    "cancellation.ends_at", "cancellation.iccid", "cancellation.provider",
    "esim.code", "esim.days", "esim.esim_id", "esim.history", "esim.iccid", "esim.iccid_hash",
    "esim.item", "esim.matching_id", "esim.notice_at", "esim.notice_version", "esim.owner",
    "esim.product", "esim.provider", "esim.purchased_on", "esim.purge_at", "esim.refusals",
    "esim.replacements", "esim.replaces", "esim.retrieval_hash", "esim.standing", "esim.step",
    "esim.token_hash",
    "support_note.association", "support_note.commercial", "support_note.concern",
    "support_note.noted_on", "support_note.product", "support_note.profile",
    "support_note.reference",
    "tally.amount", "tally.event", "tally.period", "tally.provider",
}  # fmt: skip


@pytest.mark.requirement("SIM-08")
def test_nothing_that_opens_or_names_a_profile_stands_readable(
    esim_world_on_each: EsimWorld,
) -> None:
    world = esim_world_on_each
    status = world.ready()
    code = world.esims.activating.reveal(ADA, status.esim_id, Leave())
    iccid = world.iccid(status.esim_id)
    with world.database.read() as connection:
        (row,) = connection.exec_driver_sql("SELECT * FROM esim").mappings().all()
    kept = b"\n".join(
        value if isinstance(value, bytes) else str(value).encode() for value in row.values()
    )
    for secret in (iccid, code.matching_id, code.text):
        assert secret.encode() not in kept
    assert row["token_hash"] is None, "the token was spent: nothing joins the shop and this"


@pytest.mark.requirement("SIM-08")
def test_everything_ends_on_its_day(esim_world_on_each: EsimWorld) -> None:
    world = esim_world_on_each
    living, retired = world.installed(), world.ready()
    world.esims.ending.retire(ADA, retired.esim_id, Leave())
    world.esims.answering.leave_note(ADA, living.esim_id, Concern.NO_DATA)
    forget = RetentionJob([(world.database, store.metadata)], world.clock)

    def left() -> dict[str, int]:
        forget.run()
        with world.database.read() as connection:
            return {
                table.name: len(connection.execute(table.select()).all())
                for table in store.metadata.sorted_tables
            }

    day = 86_400
    assert left()["esim"] == 2
    world.clock.advance(29 * day)
    assert left() | {"tally": 0} == {"cancellation": 0, "esim": 2, "support_note": 1, "tally": 0}
    world.clock.advance(day)
    assert left() | {"tally": 0} == {"cancellation": 0, "esim": 1, "support_note": 0, "tally": 0}
    # Thirty days of the plan and thirty more.
    world.clock.advance(30 * day)
    assert left()["esim"] == 0
    assert left()["tally"] > 0
    world.clock.advance(400 * day)
    assert set(left().values()) == {0}


def test_of_a_whole_life_only_counts_are_left(esim_world: EsimWorld) -> None:
    status = esim_world.installed()
    esim_world.clock.advance(100)
    esim_world.tell(status.esim_id, Told.ENABLED)
    esim_world.esims.ending.delete(ADA, status.esim_id, Leave())
    tallies = esim_world.esims.answering.tallies()
    assert {(provider, event): amount for _, provider, event, amount in tallies} == {
        ("es2plus", "purchased"): 1,
        ("es2plus", "released"): 1,
        ("es2plus", "deleted"): 1,
    }


@pytest.mark.requirement("SIM-07")
def test_what_knows_esims_can_reach_no_message_key_or_device() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    kept = subprocess.run(
        [str(linter), "--contract", "esim-opens-nothing"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert kept.returncode == 0, kept.stdout + kept.stderr
