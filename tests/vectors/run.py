"""Runs every official MLS vector file of a folder: python -m tests.vectors.run FOLDER."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.vectors.kinds import (
    crypto_basics,
    deserialization,
    key_schedule,
    message_protection,
    messages,
    passive_client,
    psk_secret,
    secret_tree,
    transcript_hashes,
    tree_math,
    tree_operations,
    tree_validation,
    treekem,
    welcome,
)
from tests.vectors.reading import Vector

CHECKS: dict[str, Callable[[Vector], None]] = {
    "crypto-basics": crypto_basics.check,
    "deserialization": deserialization.check,
    "key-schedule": key_schedule.check,
    "message-protection": message_protection.check,
    "messages": messages.check,
    "passive-client-handling-commit": passive_client.check,
    "passive-client-random": passive_client.check,
    "passive-client-welcome": passive_client.check,
    "psk_secret": psk_secret.check,
    "secret-tree": secret_tree.check,
    "transcript-hashes": transcript_hashes.check,
    "tree-math": tree_math.check,
    "tree-operations": tree_operations.check,
    "tree-validation": tree_validation.check,
    "treekem": treekem.check,
    "welcome": welcome.check,
}


@dataclass
class Result:
    """What became of one file's vectors."""

    name: str
    passed: int = 0
    failed: int = 0
    first_failure: str = ""


def run_file(path: Path) -> Result:
    """Check every vector of a file."""
    result, check = Result(path.name), CHECKS[path.stem]
    for vector in json.loads(path.read_text()):
        try:
            check(vector)
        except Exception:  # noqa: BLE001 - whatever fails, the other vectors still run
            result.failed += 1
            result.first_failure = result.first_failure or traceback.format_exc()
        else:
            result.passed += 1
    return result


def files_in(folder: Path) -> Iterator[Path]:
    """Go over a folder's vector files, known by their names, in alphabetical order."""
    for path in sorted(folder.rglob("*.json")):
        if path.stem in CHECKS:
            yield path


def main(arguments: list[str]) -> int:
    """Run a folder; return 0 if files were found and every vector passed."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        sys.stderr.write("usage: python -m tests.vectors.run FOLDER\n")
        return 2
    results: list[Result] = []
    for path in files_in(Path(arguments[0])):
        result = run_file(path)
        results.append(result)
        line = f"{result.name}: {result.passed} passed, {result.failed} failed\n"
        sys.stdout.write(line + result.first_failure)
    passed, failed = sum(r.passed for r in results), sum(r.failed for r in results)
    sys.stdout.write(f"{len(results)} files: {passed} passed, {failed} failed\n")
    return 0 if results and not failed else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
