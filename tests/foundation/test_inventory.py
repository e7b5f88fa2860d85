"""Nothing is kept that is not declared."""

from __future__ import annotations

import io

import msgspec
import pytest
import sqlalchemy as sa
from rich.console import Console

from enigm.foundation.database import store_metadata
from enigm.foundation.inventory import (
    ACCOUNT_DELETION,
    Category,
    Kind,
    Retention,
    UndeclaredError,
    collect,
    collect_fields,
    declares,
    in_logs,
    seconds_after,
    until_column,
)
from enigm.foundation.inventory_report import (
    inventory_json,
    inventory_table,
    record_of_processing,
)
from enigm.foundation.log_fields import LOG_FIELDS
from enigm.foundation.metrics import METRIC_LABELS
from enigm.foundation.outbox import outbox_table, received_table
from tests.foundation.pantry import metadata

FOREVER = declares(Category.ACCOUNT, "names the thing", ACCOUNT_DELETION)


def _store(*columns: sa.Column[object]) -> sa.MetaData:
    store = store_metadata("things")
    sa.Table("things", store, sa.Column("id", sa.Integer, primary_key=True, info=FOREVER), *columns)
    return store


@pytest.mark.requirement("PRV-01")
def test_every_column_has_its_line_with_domain_purpose_and_end() -> None:
    entries = {entry.as_row()["place"]: entry.as_row() for entry in collect([metadata])}
    columns = {str(column) for table in metadata.sorted_tables for column in table.columns}
    assert entries.keys() == columns | {"schema_version.version_num"}
    assert entries["jars.taste"] == {
        "kind": "column",
        "domain": "pantry",
        "place": "jars.taste",
        "category": "sealed content",
        "purpose": "flavour",
        "retention": "1 hour after opened_at",
    }


@pytest.mark.requirement("PRV-01", "PRV-05")
def test_an_undeclared_column_fails() -> None:
    with pytest.raises(UndeclaredError, match=r"things\.ip"):
        collect([_store(sa.Column("ip", sa.String))])


@pytest.mark.requirement("PRV-01")
@pytest.mark.parametrize(
    ("retention", "purpose", "words"),
    [
        (ACCOUNT_DELETION, " ", "no purpose"),
        (until_column("not_there"), "p", "does not have"),
        (seconds_after("not_there", 1), "p", "does not have"),
        (in_logs(1), "p", "log field"),
        (seconds_after("id", 1), "p", "nullable"),
    ],
)
def test_a_broken_declaration_fails(retention: Retention, purpose: str, words: str) -> None:
    info = declares(Category.DEVICE, purpose, retention)
    with pytest.raises(UndeclaredError, match=words):
        collect([_store(sa.Column("extra", sa.String, nullable=False, info=info))])


@pytest.mark.requirement("PRV-01")
def test_a_key_whose_columns_end_apart_fails() -> None:
    store = store_metadata("things")
    other = declares(Category.ACCOUNT, "p", until_column("a"))
    sa.Table(
        "pairs",
        store,
        sa.Column("a", sa.Integer, primary_key=True, info=FOREVER),
        sa.Column("b", sa.Integer, primary_key=True, info=other),
    )
    with pytest.raises(UndeclaredError, match="one retention"):
        collect([store])


@pytest.mark.requirement("PRV-01")
def test_a_store_without_a_domain_fails() -> None:
    with pytest.raises(UndeclaredError, match="no domain"):
        collect([sa.MetaData()])


@pytest.mark.requirement("PRV-01")
def test_the_outbox_declares_itself() -> None:
    store = store_metadata("things")
    outbox_table(store)
    received_table(store)
    assert {entry.place.partition(".")[0] for entry in collect([store])} == {
        "outbox",
        "received_facts",
        "schema_version",
    }


@pytest.mark.requirement("PRV-01", "PRV-07")
def test_the_inventory_is_shown_to_people_programs_and_auditors() -> None:
    fields = {name: field.declaration for name, field in LOG_FIELDS.items()}
    entries = (
        *collect([metadata]),
        *collect_fields(Kind.LOG_FIELD, "operations", fields),
        *collect_fields(Kind.METRIC_LABEL, "operations", METRIC_LABELS),
    )
    rows = msgspec.json.decode(inventory_json(entries))
    assert [row["place"] for row in rows] == [entry.place for entry in entries]
    console = Console(file=io.StringIO(), width=200)
    console.print(inventory_table(entries))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    record = record_of_processing(entries)
    for entry in entries:
        assert entry.place in shown
        assert f"`{entry.place}`" in record
    assert "at most 7 days, by the operator's log rotation" in record
