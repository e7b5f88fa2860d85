"""What was read cannot be read again, not even with the state on disk."""

from __future__ import annotations

import pytest

from enigm.crypto.mls.ciphersuite import AES128, HYBRID, Suite
from enigm.crypto.mls.member import stored
from enigm.crypto.mls.member.group import Group
from enigm.crypto.mls.member.needs import Settings
from enigm.crypto.mls.proposals import Remove
from enigm.crypto.mls.secret_tree import RatchetKind
from tests.crypto.mls.party import Party, assert_agreement, commit, follow, meet, read, refused


def _write(disk: dict[bytes, bytes], person: Party) -> dict[bytes, bytes | None]:
    changes = person.group.take_changes()
    for key, row in changes.items():
        if row is None:
            disk.pop(key, None)
        else:
            disk[key] = row
    return changes


@pytest.mark.parametrize("suite", [AES128, HYBRID], ids=["classic", "hybrid"])
def test_an_old_ciphertext_cannot_be_opened_with_the_state_on_disk(suite: Suite) -> None:
    ann, bob = meet("ann", "bob", suite=suite)
    message = ann.group.encrypt(b"once")
    assert read(bob, message) == b"once"
    bob.restart()
    with refused("mls.secret_tree.consumed"):
        bob.group.process(message)


def test_the_senders_own_key_is_gone_from_its_disk() -> None:
    ann, _bob = meet("ann", "bob")
    keys = ann.group.state.message_keys
    used = keys.next(ann.group.leaf_index, RatchetKind.APPLICATION)
    secret = keys.nodes[keys.leaf_count - 1]
    assert secret in ann.group.serialize()
    ann.group.encrypt(b"once")
    state = ann.group.serialize()
    assert secret not in state
    assert used.key.key not in state


def test_the_encryption_secret_of_an_epoch_is_not_kept_once_used() -> None:
    people = meet("ann", "bob")
    ann, bob = people
    pending = ann.group.commit()
    started = pending.staged.started
    assert started is not None
    follow(bob, pending.message)
    ann.group.merge_pending()
    assert_agreement(*people)
    for person in people:
        assert started.encryption_secret not in person.group.serialize()


def test_an_epoch_beyond_the_limit_leaves_the_disk() -> None:
    people = meet("ann", "bob", settings=Settings(past_epochs_max=1))
    ann, bob = people
    disk: dict[bytes, bytes] = {}
    ann.group.encrypt(b"leaves later keys behind")
    secrets = [ratchet.secret for ratchet in ann.group.state.message_keys.ratchets.values()]
    for _ in range(2):
        _write(disk, ann)
        assert any(secret in row for secret in secrets for row in disk.values())
        commit(bob, people)
    _write(disk, ann)
    assert not any(secret in row for secret in secrets for row in disk.values())


def test_a_removed_members_disk_holds_no_message_keys() -> None:
    people = meet("ann", "bob")
    ann, bob = people
    disk: dict[bytes, bytes] = {}
    _write(disk, bob)
    follow(bob, ann.group.commit([Remove(1)]).message)
    _write(disk, bob)
    assert stored.pack(disk) == bob.group.serialize()
    assert not [key for key in disk if key[:1] in (b"n", b"r", b"s")]


def test_the_rows_on_disk_are_always_the_whole_state() -> None:
    people = meet("ann", "bob", "cy")
    ann, bob, cy = people
    disks: list[dict[bytes, bytes]] = [{}, {}, {}]

    def check() -> None:
        for person, disk in zip(people, disks, strict=True):
            _write(disk, person)
            assert stored.pack(disk) == person.group.serialize()
            person.group = Group.load(person.needs, disk, person.settings)
            assert person.group.serialize() == stored.pack(disk)

    check()
    messages = [ann.group.encrypt(b"%d" % number) for number in range(4)]
    read(bob, messages[3])
    check()
    read(bob, messages[1])
    cy.group.process(bob.group.propose_update())
    check()
    ann.group.commit()
    check()
    ann.group.discard_pending()
    ann.group.process(bob.group.propose(Remove(ann.group.leaf_index)))
    check()
    people.pop(0)
    disks.pop(0)
    commit(cy, people)
    check()
    assert_agreement(bob, cy)


def test_a_message_changes_one_small_row() -> None:
    ann, bob = meet("ann", "bob")
    sizes: list[dict[bytes, int]] = []
    for _ in range(2):
        message = ann.group.encrypt(b"x" * 1000)
        bob.group.process(message)
        sizes = [
            {key: len(row or b"") for key, row in person.group.take_changes().items()}
            for person in (ann, bob)
        ]
    for changed in sizes:
        assert len(changed) == 1
        assert sum(changed.values()) < 100


def test_a_pending_commit_survives_a_restart() -> None:
    people = meet("ann", "bob", suite=HYBRID)
    ann, bob = people
    cy = Party("cy", HYBRID)
    add, bundle = cy.add()
    ann.group.commit([add])
    ann.restart()
    pending = ann.group.pending
    assert pending is not None
    follow(bob, pending.message)
    summary = ann.group.merge_pending()
    assert [member.credential.body for member in summary.added] == [b"cy"]
    cy.join(pending.welcome, bundle)
    assert_agreement(ann, bob, cy)


def test_secrets_have_no_repr() -> None:
    ann, bob = meet("ann", "bob")
    pending = ann.group.commit()
    staged = bob.group.process(pending.message)
    epoch = ann.group.state.epoch
    secrets = [*epoch.own.nodes.values(), *epoch.secrets.in_order()[:1]]
    secrets.append(ann.identity.signature_private)
    for shown in (ann.group.state, pending, staged, ann.bundle(), ann.identity):
        for secret in secrets:
            assert repr(secret)[2:-1] not in repr(shown)
