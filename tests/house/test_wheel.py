"""The wheel holds everything that runs, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.tree import REPOSITORY, Tree

PAGE = REPOSITORY / "src/enigm/app/ui/vendor/lit.js"


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    if not PAGE.exists():
        pytest.skip("the page is not built: run `make test`, which builds it")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, "."],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_every_file_of_the_page_is_inside(names: set[str]) -> None:
    page = REPOSITORY / "src/enigm/app/ui"
    files = {f"enigm/app/ui/{p.relative_to(page)}" for p in page.rglob("*") if p.is_file()}
    assert files <= names


def test_every_module_and_migration_is_inside(names: set[str]) -> None:
    modules = {path.removeprefix("src/") for path in Tree().paths if path.startswith("src/enigm/")}
    assert modules <= names


def test_the_licence_and_the_command_are_inside(names: set[str]) -> None:
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.endswith("entry_points.txt") for name in names)


def test_nothing_else_is_inside(names: set[str]) -> None:
    strangers = {n for n in names if Path(n).parts[0] != "enigm" and "dist-info" not in n}
    assert not strangers
    assert not [name for name in names if "__pycache__" in name]
