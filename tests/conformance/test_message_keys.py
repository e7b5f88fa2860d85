"""RFC 9420 §9: every message key is used once, and late or lost messages have limits."""

from __future__ import annotations

from typing import Any

import pytest

from enigm.crypto.mls.errors import Rule
from enigm.crypto.mls.framing import WireFormat
from enigm.crypto.mls.member.group import Group
from enigm.crypto.mls.member.needs import Settings
from enigm.crypto.mls.proposals import Add, Remove
from enigm.crypto.mls.secret_tree import RatchetKind
from tests.conformance.conftest import Trio
from tests.support.frankenstein import Forger, refused
from tests.support.mls import Person, agree, group_of

APPLICATION = RatchetKind.APPLICATION


def pair(**settings: Any) -> tuple[Person, Person]:
    alice, bob = Person("alice"), Person("bob", settings=Settings(**settings))
    group_of(alice, bob)
    return alice, bob


def test_rfc9420_9_2_a_message_opens_once(trio: Trio) -> None:
    message = trio.alice.group.encrypt(b"once")
    assert trio.bob.group.process(message).plaintext == b"once"
    refused(trio.bob, message, Rule.SECRET_TREE_CONSUMED)


def test_rfc9420_9_2_an_old_ciphertext_cannot_be_opened_with_the_state_on_disk(
    trio: Trio,
) -> None:
    message = trio.alice.group.encrypt(b"once")
    trio.bob.group.process(message)
    stored = trio.bob.group.serialize()
    restored = Group.restore(trio.bob.needs, stored, trio.bob.settings)
    trio.bob.group = restored
    refused(trio.bob, message, Rule.SECRET_TREE_CONSUMED)


def test_rfc9420_9_2_the_rows_on_disk_do_not_hold_a_used_key() -> None:
    alice, bob = pair()
    rows: dict[bytes, bytes] = {}

    def store() -> None:
        for name, content in bob.group.take_changes().items():
            if content is None:
                rows.pop(name, None)
            else:
                rows[name] = content

    first, second = alice.group.encrypt(b"first"), alice.group.encrypt(b"second")
    store()
    staged = bob.group.state.message_keys.stage(0, APPLICATION, 0).key
    skipped = bob.group.state.message_keys.stage(0, APPLICATION, 1)
    secrets = [staged.key, staged.nonce, skipped.key.key]
    root = next(iter(bob.group.state.message_keys.nodes.values()))
    assert any(root in content for content in rows.values())
    for message in (second, first):
        bob.group.process(message)
        store()
    kept = b"".join(rows.values())
    assert not any(secret in kept for secret in [*secrets, root])
    bob.group = Group.load(bob.needs, rows, bob.settings)
    refused(bob, first, Rule.SECRET_TREE_CONSUMED)
    refused(bob, second, Rule.SECRET_TREE_CONSUMED)


def test_rfc9420_9_2_a_handshake_key_is_used_once() -> None:
    alice, bob = pair()
    message = alice.group.propose_update()
    bob.group.process(message)
    refused(bob, message, Rule.SECRET_TREE_CONSUMED)


def test_rfc9420_9_2_messages_may_come_in_any_order() -> None:
    alice, bob = pair()
    messages = [alice.group.encrypt(b"%d" % number) for number in range(20)]
    for number in (19, 0, 7, 18, 1, 12):
        assert bob.group.process(messages[number]).plaintext == b"%d" % number
        refused(bob, messages[number], Rule.SECRET_TREE_CONSUMED)


@pytest.mark.parametrize("ahead", [4, 50])
def test_rfc9420_9_2_a_message_too_far_ahead_is_refused(ahead: int) -> None:
    alice, bob = pair(forward_generations_max=3)
    messages = [alice.group.encrypt(b"%d" % number) for number in range(ahead + 1)]
    refused(bob, messages[ahead], Rule.SECRET_TREE_TOO_FAR)
    assert bob.group.process(messages[3]).plaintext == b"3"


def test_rfc9420_9_2_a_generation_at_the_end_of_numbers_is_refused(trio: Trio) -> None:
    frame = trio.forger.signed(b"hello", wire_format=WireFormat.PRIVATE_MESSAGE)
    forged = trio.forger.encrypted(frame, generation=2**32 - 1)
    refused(trio.bob, forged, Rule.SECRET_TREE_TOO_FAR)


def test_rfc9420_9_2_a_wrong_generation_opens_nothing(trio: Trio) -> None:
    frame = trio.forger.signed(b"hello", wire_format=WireFormat.PRIVATE_MESSAGE)
    refused(trio.bob, trio.forger.encrypted(frame, generation=5), Rule.MESSAGE_CIPHERTEXT)


def test_rfc9420_9_2_only_so_many_skipped_keys_are_kept() -> None:
    alice, bob = pair(skipped_keys_max=2)
    messages = [alice.group.encrypt(b"%d" % number) for number in range(6)]
    bob.group.process(messages[5])
    for number in (0, 1, 2):
        refused(bob, messages[number], Rule.SECRET_TREE_CONSUMED)
    for number in (3, 4):
        assert bob.group.process(messages[number]).plaintext == b"%d" % number


def test_a_forged_message_does_not_use_up_the_key_of_the_genuine_one(trio: Trio) -> None:
    genuine = trio.alice.group.encrypt(b"genuine")
    stranger = trio.carol.identity.signature_private
    keys = trio.bob.group.state.message_keys.stage(0, APPLICATION, 0)
    frame = trio.forger.signed(b"forged", wire_format=WireFormat.PRIVATE_MESSAGE, private=stranger)
    refused(trio.bob, trio.forger.encrypted(frame, key=keys), Rule.MESSAGE_SIGNATURE)
    assert trio.bob.group.process(genuine).plaintext == b"genuine"


@pytest.mark.parametrize(("age", "opens"), [(2, True), (3, False)])
def test_late_messages_open_for_as_many_epochs_as_are_kept(age: int, *, opens: bool) -> None:
    alice, bob = pair(past_epochs_max=2)
    message = alice.group.encrypt(b"late")
    for _ in range(age):
        bob.follow(alice.commit())
    agree(alice, bob)
    if opens:
        assert bob.group.process(message).plaintext == b"late"
    refused(bob, message, Rule.SECRET_TREE_CONSUMED if opens else Rule.MESSAGE_EPOCH_PAST)


def test_a_late_message_of_one_who_was_removed_still_has_its_sender(trio: Trio) -> None:
    message = trio.carol.group.encrypt(b"my last words")
    trio.bob.follow(trio.alice.commit(Remove(2)))
    opened = trio.bob.group.process(message)
    assert (opened.sender_leaf, opened.credential.body) == (2, b"carol")


def test_a_newcomer_cannot_read_what_came_before(trio: Trio) -> None:
    dave = Person("dave")
    before = trio.alice.group.encrypt(b"before")
    add = trio.alice.group.commit([Add.of(dave.key_package())])
    trio.alice.group.merge_pending()
    assert add.welcome is not None
    dave.join(add.welcome)
    refused(dave, before, Rule.MESSAGE_EPOCH_PAST)
    assert Forger(dave).epoch.number == trio.alice.group.epoch
