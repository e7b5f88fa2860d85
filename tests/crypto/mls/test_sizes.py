"""Every message has exactly a size from the table, whatever it holds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enigm.crypto.mls.member.committing import CommitOptions
from enigm.crypto.mls.member.needs import Settings
from tests.crypto.mls.party import commit, meet, read

TABLE = (512, 1024, 4096, 16384, 65536, 262144)


def padded(size: int) -> int:
    return next(step for step in TABLE if step >= size)


PADDED = Settings(padded_size=padded)


@settings(max_examples=40, deadline=None)
@given(length=st.integers(0, 20_000))
def test_application_messages_have_sizes_from_the_table(length: int) -> None:
    ann, bob = meet("ann", "bob", settings=PADDED)
    plaintext = bytes(length)
    message = ann.group.encrypt(plaintext, b"seen by all")
    assert len(message) in TABLE
    assert read(bob, message) == plaintext


@pytest.mark.parametrize("wanted", [*range(230, 300), *range(16_300, 16_400, 7), 16_386])
def test_a_wanted_size_is_met_or_the_next_one_is_taken(wanted: int) -> None:
    ann, bob = meet("ann", "bob", settings=Settings(padded_size=lambda size: max(size, wanted)))
    message = ann.group.encrypt(b"")
    assert wanted <= len(message) <= wanted + 2
    assert read(bob, message) == b""


def test_encrypted_handshakes_have_sizes_from_the_table() -> None:
    people = meet("ann", "bob", "cy", settings=PADDED)
    ann, bob, cy = people
    proposal = ann.group.propose_update()
    assert len(proposal) in TABLE
    for person in (bob, cy):
        person.group.process(proposal)
    pending = commit(bob, people, options=CommitOptions(authenticated_data=b"shown"))
    assert len(pending.message) in TABLE


def test_a_table_that_ends_too_early_is_our_own_mistake() -> None:
    short = Settings(encrypted_handshakes=False, padded_size=lambda _size: 100)
    ann, _bob = meet("ann", "bob", settings=short)
    with pytest.raises(RuntimeError, match="padding table"):
        ann.group.encrypt(bytes(200))
