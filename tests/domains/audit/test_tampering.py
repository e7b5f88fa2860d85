"""Editing, moving, dropping, adding, forking and rolling back: each found, by its own name."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from enigm.crypto.tree_log import merkle, tiles
from enigm.crypto.tree_log.checkpoint import Checkpoint, sign_checkpoint
from enigm.crypto.tree_log.errors import (
    EntriesMissingError,
    EntriesMovedError,
    EntryEditedError,
    LogForkedError,
    LogRewrittenError,
    LogRolledBackError,
    NoteUnsignedError,
)
from enigm.crypto.tree_log.verification import verify_growth, verify_log
from enigm.domains.audit.actions.publishing import log_key
from tests.support.databases import keys_of_tests

KEY = log_key(keys_of_tests())
STRANGER = log_key(type(keys_of_tests())(bytes(32)))
ENTRIES = [b"entry %d" % number for number in range(12)]
pytestmark = pytest.mark.requirement("AUD-01")
Files = dict[str, bytes]


def lay_out(entries: list[bytes], key=KEY) -> Files:
    """Publish entries as the log would, signed by a key."""
    files: Files = {}
    hashes = b"".join(merkle.leaf_hash(entry) for entry in entries)
    files[tiles.tile_path(tiles.ENTRIES, 0, len(entries))] = tiles.encode_bundle(entries)
    files[tiles.tile_path(0, 0, len(entries))] = hashes
    root = merkle.root(tiles.node_reader(files.__getitem__, len(entries)), len(entries))
    checkpoint = Checkpoint(KEY.name, len(entries), root)
    note = sign_checkpoint(checkpoint, KEY.name, key.signing.private, key.signing.public)
    return {**files, "checkpoint": str(note).encode()}


def fetcher(files: Files) -> Callable[[str], bytes]:
    def fetch(path: str) -> bytes:
        if path not in files:
            raise EntriesMissingError(path)
        return files[path]

    return fetch


def verify(files: Files) -> Checkpoint:
    return verify_log(fetcher(files), KEY.verifier).checkpoint


def edited(number: int) -> list[bytes]:
    return [*ENTRIES[:number], b"another", *ENTRIES[number + 1 :]]


def without(number: int) -> list[bytes]:
    return [*ENTRIES[:number], *ENTRIES[number + 1 :]]


def swapped(one: int, two: int) -> list[bytes]:
    order = list(ENTRIES)
    order[one], order[two] = order[two], order[one]
    return order


BUNDLE = tiles.tile_path(tiles.ENTRIES, 0, len(ENTRIES))


def with_bundle(entries: list[bytes]) -> Files:
    """Replace the entries alone; tiles and checkpoint stay."""
    return {**lay_out(ENTRIES), BUNDLE: tiles.encode_bundle(entries)}


def test_the_log_itself_verifies() -> None:
    assert verify(lay_out(ENTRIES)).size == len(ENTRIES)


@pytest.mark.parametrize("number", range(len(ENTRIES)))
def test_an_edited_entry_is_named(number: int) -> None:
    with pytest.raises(EntryEditedError, match=f"Entry {number} was edited"):
        verify(with_bundle(edited(number)))


def test_any_two_entries_that_changed_places_are_found() -> None:
    for one, two in itertools.combinations(range(len(ENTRIES)), 2):
        with pytest.raises(EntriesMovedError, match=f"from {one} on"):
            verify(with_bundle(swapped(one, two)))


@pytest.mark.parametrize("number", range(len(ENTRIES)))
def test_a_dropped_or_added_entry_is_found(number: int) -> None:
    with pytest.raises(EntriesMissingError):
        verify(with_bundle(without(number)))
    with pytest.raises(EntriesMissingError):
        verify(with_bundle([*ENTRIES[:number], b"added", *ENTRIES[number:]]))
    with pytest.raises(EntriesMissingError):
        verify({**lay_out(without(number)), "checkpoint": lay_out(ENTRIES)["checkpoint"]})


@pytest.mark.parametrize("number", range(len(ENTRIES)))
def test_a_log_whose_tiles_were_made_to_fit_is_still_found_rewritten(number: int) -> None:
    kept = lay_out(ENTRIES)["checkpoint"]
    for entries in (edited(number), swapped(number, (number + 1) % len(ENTRIES))):
        with pytest.raises(LogRewrittenError):
            verify({**lay_out(entries), "checkpoint": kept})
        with pytest.raises(NoteUnsignedError):
            verify(lay_out(entries, STRANGER))


@pytest.mark.parametrize("number", range(len(ENTRIES)))
def test_who_holds_the_signing_key_and_forks_is_found_by_who_kept_a_checkpoint(
    number: int,
) -> None:
    kept = verify(lay_out(ENTRIES))
    more = [b"more"] * 3
    honest = lay_out([*ENTRIES, *more])
    verify_growth(fetcher(honest), kept, verify(honest))
    forks = [edited(number), swapped(number, (number + 1) % len(ENTRIES)), without(number)]
    for entries in forks:
        forked = lay_out([*entries, *more])
        with pytest.raises(LogForkedError):
            verify_growth(fetcher(forked), kept, verify(forked))
    same_size = lay_out(edited(number))
    with pytest.raises(LogForkedError):
        verify_growth(fetcher(same_size), kept, verify(same_size))


@pytest.mark.parametrize("size", range(1, len(ENTRIES)))
def test_a_log_rolled_back_to_any_size_is_found(size: int) -> None:
    shorter = lay_out(ENTRIES[:size])
    with pytest.raises(LogRolledBackError):
        verify_growth(fetcher(shorter), verify(lay_out(ENTRIES)), verify(shorter))
