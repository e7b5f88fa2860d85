"""What is refused leaves no trace: state byte for byte as it was, and the true message accepted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enigm.crypto.mls.framing import (
    FrameAuth,
    FramedContent,
    FrameHeader,
    Sender,
    VerifiedContent,
    WireFormat,
    sign_content,
)
from enigm.crypto.mls.member.messaging import open_private_frame, protect
from enigm.crypto.mls.member.needs import Settings
from enigm.crypto.mls.message_protection import Sealing, SenderData, protect_private
from enigm.crypto.mls.messages import PrivateMessage, decode_message
from enigm.crypto.mls.secret_tree import RatchetKind
from enigm.foundation.errors import Refusal
from tests.crypto.mls.party import (
    Party,
    assert_agreement,
    commit,
    deliver_commit,
    meet,
    read,
    refused,
)

GUARD = b"\x00\x01\x02\x03"


def _forged(attacker: Party, victim: Party, private: bytes) -> bytes:
    """Speak as another member with what every member knows: the epoch's secrets."""
    epoch = attacker.group.state.epoch
    leaf = victim.group.leaf_index
    header = FrameHeader(epoch.context.group_id, epoch.number, Sender.member(leaf))
    content = FramedContent.make(header, b"send money")
    frame = sign_content(
        epoch.suite, private, WireFormat.PRIVATE_MESSAGE, content, epoch.context_encoded
    )
    return _sealed_as(attacker, leaf, frame)


def _sealed_as(attacker: Party, leaf: int, frame: VerifiedContent) -> bytes:
    state, epoch = attacker.group.state, attacker.group.state.epoch
    staged = state.message_keys.next(leaf, RatchetKind.APPLICATION)
    sender = SenderData(leaf, staged.generation, GUARD)
    sealing = Sealing(sender, staged.key, epoch.secrets.sender_data, lambda size: size)
    return protect_private(epoch.suite, frame, sealing)


def test_a_member_cannot_speak_as_another() -> None:
    ann, bob, cy = meet("ann", "bob", "cy")
    before = cy.group.serialize()
    with refused("mls.message.signature"):
        cy.group.process(_forged(bob, ann, bob.identity.signature_private))
    assert cy.group.serialize() == before
    assert read(cy, ann.group.encrypt(b"truly ann")) == b"truly ann"


@pytest.mark.parametrize("signature", [b"", bytes(64)])
def test_a_message_without_a_signature_is_refused(signature: bytes) -> None:
    ann, bob, cy = meet("ann", "bob", "cy")
    epoch = bob.group.state.epoch
    header = FrameHeader(epoch.context.group_id, epoch.number, Sender.member(0))
    content = FramedContent.make(header, b"unsigned")
    frame = VerifiedContent(WireFormat.PRIVATE_MESSAGE, content, FrameAuth(signature))
    with refused("mls.message.signature"):
        cy.group.process(_sealed_as(bob, 0, frame))
    assert_agreement(ann, cy)


@pytest.mark.parametrize("encrypted", [True, False])
def test_a_junk_commit_does_not_block_the_true_one(encrypted: bool) -> None:
    people = meet("ann", "bob", "cy", settings=Settings(encrypted_handshakes=encrypted))
    ann, bob, _ = people
    message = ann.group.commit().message
    before = bob.group.serialize()
    for place in (len(message) - 1, len(message) // 2, 40):
        junk = bytearray(message)
        junk[place] ^= 1
        with pytest.raises(Refusal):
            bob.group.process(bytes(junk))
        assert bob.group.serialize() == before
    deliver_commit(ann, people)
    assert_agreement(*people)


def test_a_commit_with_a_wrong_confirmation_tag_leaves_the_state_as_it_was() -> None:
    people = meet("ann", "bob")
    ann, bob = people
    state = ann.group.state
    pending = ann.group.commit()
    opened = bob.group.serialize()
    # The committer signs and encrypts properly, but announces another epoch than it computed.
    ann.group.discard_pending()
    frame = _last_commit_frame(bob, pending.message)
    wrong = replace(frame, auth=FrameAuth(frame.auth.signature, bytes(32)))
    message = protect(state, wrong, ann.settings, ann.entropy)
    with refused("mls.commit.confirmation"):
        bob.group.process(message)
    assert bob.group.serialize() == opened
    commit(ann, people)
    assert_agreement(*people)


def _last_commit_frame(person: Party, message: bytes) -> VerifiedContent:
    decoded = decode_message(message)
    assert isinstance(decoded, PrivateMessage)
    return open_private_frame(person.group.state, decoded).frame


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_is_refused_and_changes_nothing(place: float, bit: int) -> None:
    ann, bob = meet("ann", "bob")
    message = ann.group.encrypt(b"hello")
    before = bob.group.serialize()
    junk = bytearray(message)
    junk[int(place * len(junk))] ^= 1 << bit
    with pytest.raises(Refusal):
        bob.group.process(bytes(junk))
    assert bob.group.serialize() == before
    assert read(bob, message) == b"hello"


def test_a_message_of_another_group_is_refused() -> None:
    ann, bob = meet("ann", "bob")
    other = Party("ann")
    other.create(group_id=b"another group")
    with refused("mls.message.group"):
        bob.group.process(other.group.encrypt(b"hello"))
    assert_agreement(ann, bob)


def test_a_message_of_an_epoch_to_come_waits_for_its_commit() -> None:
    people = meet("ann", "bob")
    ann, bob = people
    pending = ann.group.commit()
    ann.group.merge_pending()
    message = ann.group.encrypt(b"early")
    with refused("mls.message.epoch_future"):
        bob.group.process(message)
    staged = bob.group.process(pending.message)
    bob.group.apply(staged)  # pyright: ignore[reportArgumentType]
    assert read(bob, message) == b"early"
