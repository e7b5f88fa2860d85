"""RFC 9420 §6: frames, senders, signatures, membership tags, encryption."""

from __future__ import annotations

from dataclasses import replace

import pytest

from enigm.crypto.mls.errors import Rule
from enigm.crypto.mls.framing import FrameAuth, Sender, SenderKind, WireFormat
from enigm.crypto.mls.messages import PrivateMessage, decode_message, encode_message
from enigm.crypto.mls.proposals import Remove
from enigm.crypto.mls.secret_tree import RatchetKind
from tests.conformance.conftest import Trio, person
from tests.support.frankenstein import Forger, refused
from tests.support.mls import group_of

PRIVATE = WireFormat.PRIVATE_MESSAGE


def private_message(message: bytes) -> PrivateMessage:
    decoded = decode_message(message)
    assert isinstance(decoded, PrivateMessage)
    return decoded


def test_rfc9420_6_application_content_in_the_clear_is_refused(trio: Trio) -> None:
    refused(trio.bob, trio.forger.says(b"hello"), Rule.FRAME_PUBLIC_APPLICATION)


def test_rfc9420_6_messages_that_are_no_frames_are_refused(trio: Trio) -> None:
    refused(trio.bob, person("dave").key_package(), Rule.MESSAGE_KIND)
    refused(trio.bob, trio.alice.group.group_info(), Rule.MESSAGE_KIND)


@pytest.mark.parametrize(
    ("kind", "is_commit"),
    [
        (SenderKind.EXTERNAL, True),
        (SenderKind.NEW_MEMBER_PROPOSAL, True),
        (SenderKind.NEW_MEMBER_COMMIT, False),
    ],
)
def test_rfc9420_6_1_content_that_a_role_may_not_send_is_refused(
    trio: Trio, kind: SenderKind, *, is_commit: bool
) -> None:
    body = trio.forger.commit() if is_commit else Remove(2)
    refused(trio.bob, trio.forger.says(body, sender=Sender(kind)), Rule.FRAME_SENDER)


def test_rfc9420_6_1_frames_of_another_group_are_refused(trio: Trio) -> None:
    forged = trio.forger.says(Remove(2), group_id=b"another group")
    refused(trio.bob, forged, Rule.MESSAGE_GROUP)
    frame = trio.forger.signed(b"hello", wire_format=PRIVATE, group_id=b"another group")
    refused(trio.bob, trio.forger.encrypted(frame), Rule.MESSAGE_GROUP)


def test_rfc9420_6_handshakes_of_an_epoch_that_is_over_are_refused(trio: Trio) -> None:
    in_the_clear = trio.forger.says(Remove(2))
    encrypted = trio.forger.encrypted(trio.forger.signed(Remove(2), wire_format=PRIVATE))
    trio.everybody_agrees()
    refused(trio.bob, in_the_clear, Rule.MESSAGE_EPOCH_PAST)
    refused(trio.bob, encrypted, Rule.MESSAGE_EPOCH_PAST)


def test_rfc9420_6_frames_of_an_epoch_to_come_are_refused(trio: Trio) -> None:
    future = trio.alice.group.epoch + 1
    refused(trio.bob, trio.forger.says(Remove(2), epoch=future), Rule.MESSAGE_EPOCH_FUTURE)
    frame = trio.forger.signed(b"hello", wire_format=PRIVATE, epoch=future)
    refused(trio.bob, trio.forger.encrypted(frame), Rule.MESSAGE_EPOCH_FUTURE)


def test_rfc9420_6_3_our_own_messages_are_refused(trio: Trio) -> None:
    refused(trio.alice, trio.forger.says(Remove(2)), Rule.MESSAGE_OWN)
    refused(trio.alice, trio.alice.group.encrypt(b"hello"), Rule.MESSAGE_OWN)


def test_rfc9420_6_1_a_signature_by_another_key_is_refused(trio: Trio) -> None:
    key = trio.carol.identity.signature_private
    refused(trio.bob, trio.forger.says(Remove(2), private=key), Rule.MESSAGE_SIGNATURE)


def test_rfc9420_6_1_a_missing_signature_is_refused(trio: Trio) -> None:
    unsigned = replace(trio.forger.signed(Remove(2)), auth=FrameAuth(b""))
    refused(trio.bob, trio.forger.public(unsigned), Rule.MESSAGE_SIGNATURE)


@pytest.mark.parametrize("wire_format", [WireFormat.PUBLIC_MESSAGE, WireFormat.PRIVATE_MESSAGE])
def test_rfc9420_6_1_the_signature_covers_how_the_frame_travels(
    trio: Trio, wire_format: WireFormat
) -> None:
    frame = trio.forger.signed(Remove(2), wire_format=wire_format)
    if wire_format is PRIVATE:
        forged = trio.forger.public(replace(frame, wire_format=WireFormat.PUBLIC_MESSAGE))
    else:
        forged = trio.forger.encrypted(frame)
    refused(trio.bob, forged, Rule.MESSAGE_SIGNATURE)


def test_rfc9420_6_1_the_signature_covers_the_group_context(trio: Trio) -> None:
    old = trio.forger.signed(Remove(2), epoch=trio.alice.group.epoch + 1)
    trio.everybody_agrees()
    refused(trio.bob, trio.forger.public(old), Rule.MESSAGE_SIGNATURE)


def test_rfc9420_6_1_a_commit_without_a_confirmation_tag_is_refused(trio: Trio) -> None:
    frame = trio.forger.signed(trio.forger.commit())
    untagged = replace(frame, auth=FrameAuth(frame.auth.signature))
    refused(trio.bob, trio.forger.public(untagged), Rule.CODEC_TRUNCATED)


@pytest.mark.parametrize("tag", [b"", bytes(32), bytes(31)])
def test_rfc9420_6_2_a_wrong_membership_tag_is_refused(trio: Trio, tag: bytes) -> None:
    frame = trio.forger.signed(Remove(2))
    refused(trio.bob, trio.forger.public(frame, tag), Rule.MESSAGE_MEMBERSHIP)


def test_rfc9420_6_2_a_removed_member_cannot_speak(trio: Trio) -> None:
    removed = Forger(trio.carol)
    trio.bob.follow(trio.alice.commit(Remove(2)))
    message = removed.says(Remove(0), epoch=trio.bob.group.epoch)
    refused(trio.bob, message, Rule.MESSAGE_MEMBERSHIP)


@pytest.mark.parametrize("leaf", [3, 4, 2**32 - 1], ids=["blank", "beyond", "far beyond"])
def test_rfc9420_6_3_2_senders_without_a_leaf_are_refused(trio: Trio, leaf: int) -> None:
    forged = trio.forger.says(Remove(2), sender=Sender.member(leaf))
    refused(trio.bob, forged, Rule.MESSAGE_SENDER_LEAF)
    key = trio.alice.group.state.message_keys.next(0, RatchetKind.APPLICATION)
    frame = trio.forger.signed(b"hello", wire_format=PRIVATE)
    forged = trio.forger.encrypted(frame, claimed_leaf=leaf, key=key)
    refused(trio.bob, forged, Rule.MESSAGE_SENDER_LEAF)


def test_rfc9420_6_3_2_sender_data_that_does_not_open_is_refused(trio: Trio) -> None:
    message = private_message(trio.alice.group.encrypt(b"hello"))
    for spoiled in (b"", message.encrypted_sender_data[:-1], bytes(28)):
        forged = replace(message, encrypted_sender_data=spoiled).encoded()
        refused(trio.bob, encode_message(PRIVATE, forged), Rule.MESSAGE_SENDER_CIPHERTEXT)


def test_rfc9420_6_3_2_sender_data_is_bound_to_its_ciphertext(trio: Trio) -> None:
    one = private_message(trio.alice.group.encrypt(b"one"))
    other = private_message(trio.alice.group.encrypt(b"other"))
    forged = replace(one, encrypted_sender_data=other.encrypted_sender_data).encoded()
    refused(trio.bob, encode_message(PRIVATE, forged), Rule.MESSAGE_SENDER_CIPHERTEXT)


def test_rfc9420_6_3_1_content_that_does_not_open_is_refused(trio: Trio) -> None:
    message = private_message(trio.alice.group.encrypt(bytes(100)))
    spoiled = message.ciphertext[:-1] + bytes([message.ciphertext[-1] ^ 1])
    forged = replace(message, ciphertext=spoiled).encoded()
    refused(trio.bob, encode_message(PRIVATE, forged), Rule.MESSAGE_CIPHERTEXT)


def test_rfc9420_6_3_1_authenticated_data_cannot_be_changed(trio: Trio) -> None:
    message = private_message(trio.alice.group.encrypt(b"hello", b"seen by all"))
    forged = replace(message, authenticated_data=b"seen by ALL").encoded()
    refused(trio.bob, encode_message(PRIVATE, forged), Rule.MESSAGE_CIPHERTEXT)


def test_rfc9420_6_3_1_padding_that_is_not_zero_is_refused(trio: Trio) -> None:
    for padding in (b"\x01", bytes(20) + b"\x80", b"hidden text"):
        frame = trio.forger.signed(b"hello", wire_format=PRIVATE)
        forged = trio.forger.encrypted(frame, padding=padding)
        refused(trio.bob, forged, Rule.MESSAGE_PADDING)
    frame = trio.forger.signed(b"hello", wire_format=PRIVATE)
    zeros = trio.forger.encrypted(frame, padding=bytes(300))
    assert trio.bob.group.process(zeros).plaintext == b"hello"


def test_rfc9420_6_3_a_member_cannot_speak_for_another(trio: Trio) -> None:
    frame = trio.forger.signed(b"I am Carol", wire_format=PRIVATE, sender=Sender.member(2))
    refused(trio.bob, trio.forger.encrypted(frame, claimed_leaf=2), Rule.MESSAGE_SIGNATURE)


def test_rfc9420_6_3_an_outsider_with_the_epoch_secrets_cannot_speak(trio: Trio) -> None:
    stranger = person("stranger").identity.signature_private
    frame = trio.forger.signed(b"hello", wire_format=PRIVATE, private=stranger)
    refused(trio.bob, trio.forger.encrypted(frame), Rule.MESSAGE_SIGNATURE)


def test_rfc9420_6_3_an_encrypted_message_without_signature_is_refused(trio: Trio) -> None:
    frame = trio.forger.signed(b"hello", wire_format=PRIVATE)
    unsigned = replace(frame, auth=FrameAuth(b""))
    refused(trio.bob, trio.forger.encrypted(unsigned), Rule.MESSAGE_SIGNATURE)


def test_a_message_between_other_groups_of_the_same_people_is_refused(trio: Trio) -> None:
    one, two = person("one"), person("two")
    group_of(one, two)
    refused(trio.bob, one.group.encrypt(b"hello"), Rule.MESSAGE_SENDER_CIPHERTEXT)
