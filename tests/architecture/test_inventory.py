"""Every domain's store is in the inventory, whole; what is not declared fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from enigm.assembly.inventory import whole_inventory
from enigm.assembly.stores import DESIGNS
from enigm.foundation.database import store_metadata
from enigm.foundation.inventory import Kind, UndeclaredError, collect
from enigm.foundation.log_fields import LOG_FIELDS
from enigm.foundation.metrics import METRIC_LABELS
from tests.architecture.tree import Tree, plant

if TYPE_CHECKING:
    from pathlib import Path


def domains_with_stores(tree: Tree) -> set[str]:
    parts = [path.split("/") for path in tree.paths if path.startswith("src/enigm/domains/")]
    return {part[3] for part in parts if len(part) > 4 and part[4].removesuffix(".py") == "store"}


@pytest.mark.requirement("PRV-01")
def test_every_domain_with_a_store_is_assembled_and_inventoried() -> None:
    assert domains_with_stores(Tree()) == DESIGNS.keys()


@pytest.mark.requirement("PRV-01")
def test_the_inventory_names_every_column_log_field_and_metric_label() -> None:
    entries = whole_inventory()
    columns = {
        f"{design.domain}.{table.name}.{column.name}"
        for design in DESIGNS.values()
        for table in design.metadata.sorted_tables
        for column in table.columns
    }
    listed = {f"{e.domain}.{e.place}" for e in entries if e.kind is Kind.COLUMN}
    assert columns <= listed
    assert {e.place for e in entries if e.kind is Kind.LOG_FIELD} == LOG_FIELDS.keys()
    assert {e.place for e in entries if e.kind is Kind.METRIC_LABEL} == METRIC_LABELS.keys()


@pytest.mark.requirement("PRV-05")
def test_a_planted_column_without_a_declaration_fails() -> None:
    metadata = store_metadata("planted")
    sa.Table("things", metadata, sa.Column("number", sa.Integer, primary_key=True))
    with pytest.raises(UndeclaredError, match=r"things\.number"):
        collect([metadata])


def test_a_planted_store_that_is_not_assembled_is_found(tmp_path: Path) -> None:
    tree = plant(tmp_path, {"src/enigm/domains/forgotten/store.py": '"""What is kept."""\n'})
    assert domains_with_stores(tree) == {"forgotten"}
    assert domains_with_stores(tree) - DESIGNS.keys()


@pytest.mark.requirement("APP-01")
def test_no_kept_value_is_an_address_a_number_or_a_document_of_a_person() -> None:
    words = ("mail", "phone", "msisdn", "passport", "birth", "real_name", "document", "ip_address")
    places = [f"{entry.domain}.{entry.place}" for entry in whole_inventory()]
    assert not [place for place in places if any(word in place.lower() for word in words)]
