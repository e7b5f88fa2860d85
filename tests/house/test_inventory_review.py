"""A new use of data is a reviewed change: the inventory in docs/ is the one that the code keeps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from enigm.assembly.inventory import print_changes, whole_inventory
from enigm.foundation.errors import SetupError
from enigm.foundation.inventory_report import (
    inventory_changes,
    inventory_json,
    record_of_processing,
)
from tests.architecture.tree import REPOSITORY

REVIEWED = REPOSITORY / "docs" / "inventory.json"
RECORD = REPOSITORY / "docs" / "record-of-processing.md"
HOW = "enigm inventory --json > docs/inventory.json; enigm inventory --record > {}"


@pytest.mark.requirement("PRV-05")
def test_the_reviewed_inventory_is_what_the_code_keeps() -> None:
    changes = inventory_changes(REVIEWED.read_bytes(), whole_inventory())
    assert changes == [], f"review these, then: {HOW.format(RECORD.name)}"


@pytest.mark.requirement("PRV-07")
def test_the_record_of_processing_is_the_code_s_own() -> None:
    assert RECORD.read_text() == record_of_processing(whole_inventory()) + "\n"


@pytest.mark.requirement("PRV-05")
def test_a_new_changed_or_vanished_use_is_shown(capsys, tmp_path: Path) -> None:
    rows = json.loads(inventory_json(whole_inventory()))
    del rows[0]
    rows[0]["retention"] = "for ever"
    rows.append({**rows[1], "place": "person.email"})
    old = tmp_path / "old.json"
    old.write_text(json.dumps(rows))
    assert print_changes(old) == 1
    marks = sorted(line[0] for line in capsys.readouterr().out.splitlines())
    assert marks == ["+", "-", "~"]


@pytest.mark.parametrize("content", ["", "{}", "[1]", '[{"a": "b"}]'])
def test_what_is_no_inventory_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "no.json"
    path.write_text(content)
    with pytest.raises(SetupError):
        print_changes(path)
    with pytest.raises(SetupError):
        print_changes(tmp_path / "absent.json")
