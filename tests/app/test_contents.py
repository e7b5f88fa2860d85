"""What travels inside: strict, bounded, bound to its reader; garbage is refused with a category."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.app import content, letters
from enigm.app.errors import (
    InvalidInviteError,
    InvalidPhraseError,
    InvalidTextError,
    MalformedContentError,
)
from enigm.app.identity import invite_link, link_code, phrase, safety
from enigm.app.identity.keys import DeviceKeys, fresh_device_keys
from enigm.crypto.signatures import Hybrid
from enigm.foundation.errors import Refusal
from enigm.wire import sizes
from enigm.wire.device_chain import DeviceChain, Kind
from tests.support.entropy import FakeEntropy

ID = bytes(range(16))


@pytest.mark.parametrize(
    "told",
    [
        content.Text("hello"),
        content.Receipt(ID, b""),
        content.Hello("alice"),
        content.Leave(),
    ],
)
def test_a_content_comes_back_as_it_went(told: content.Content) -> None:
    envelope = content.envelope_of(ID, 1_795_000_000, told)
    assert content.open_envelope(content.seal_envelope(envelope)) == envelope


@given(st.binary(max_size=200))
def test_bytes_that_are_no_content_are_refused(octets: bytes) -> None:
    with pytest.raises(MalformedContentError):
        content.open_envelope(octets)
    with pytest.raises(MalformedContentError):
        content.read_policy(octets)


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 2},
        {"id": b"short"},
        {"at": -1},
        {"seen_seq": -1},
        {"content": {"kind": "unknown"}},
        {"content": {"kind": "text", "text": "x", "more": 1}},
        {"extra": 1},
    ],
)
def test_a_content_with_anything_unknown_is_refused(changed: dict[str, object]) -> None:
    sound = msgspec.to_builtins(
        content.envelope_of(ID, 1, content.Text("x")), builtin_types=(bytes,)
    )
    with pytest.raises(MalformedContentError):
        content.open_envelope(msgspec.msgpack.encode({**sound, **changed}))


@pytest.mark.parametrize("text", ["", "   \n", "x" * (64 * 1024 + 1), "\ud800"])
def test_a_text_that_cannot_be_a_message_is_refused(text: str) -> None:
    with pytest.raises(InvalidTextError):
        content.check_text(text)


def test_titles_and_greetings_have_limits() -> None:
    assert content.check_title("  two \n words ") == "two words"
    for joined in (
        "\U0001f469\u200d\U0001f467",
        "\u0645\u06cc\u200c\u062e\u0648",
    ):
        assert content.check_title(joined) == joined
    with pytest.raises(InvalidTextError):
        content.check_title("turned \u202e round")
    assert content.check_greeting("  ") == ""
    with pytest.raises(InvalidTextError):
        content.check_title("x" * 81)
    with pytest.raises(InvalidTextError):
        content.check_greeting("x" * 501)


def test_a_letter_opens_for_its_reader_alone() -> None:
    writer, chain = trusted_device(b"writer")
    reader, other = (fresh_device_keys(FakeEntropy(seed)) for seed in (b"reader", b"other"))
    letter = letters.Contacts(accepted=(ID,))
    written = letters.write_letter(
        letter, device=writer, chain=chain, reader_public=reader.device_public
    )
    sealed = letters.seal_letter(written, reader.hpke_public)
    assert len(sealed) in sizes.ALLOWED
    opened = letters.open_letter(sealed, reader)
    assert opened.letter == letter
    assert opened.fingerprint == chain.fingerprint
    with pytest.raises(Refusal):
        letters.open_letter(sealed, other)
    passed_on = letters.seal_letter(written, other.hpke_public)
    with pytest.raises(Refusal):
        letters.open_letter(passed_on, other)


def test_a_letter_by_a_revoked_device_is_refused() -> None:
    writer, chain = trusted_device(b"writer")
    root = Hybrid.generate(FakeEntropy(b"writer"))
    chain = chain.append(chain.by_root(Kind.REVOKE, writer.device_public, root, 2))
    reader = fresh_device_keys(FakeEntropy(b"reader"))
    written = letters.write_letter(
        letters.Contacts(), device=writer, chain=chain, reader_public=reader.device_public
    )
    with pytest.raises(Refusal):
        letters.open_letter(letters.seal_letter(written, reader.hpke_public), reader)


@given(st.binary(max_size=3000))
def test_a_letter_of_garbage_is_refused(octets: bytes) -> None:
    reader = fresh_device_keys(FakeEntropy(b"reader"))
    with pytest.raises(Refusal):
        letters.open_letter(octets, reader)
    with pytest.raises(Refusal):
        letters.open_letter(letters.seal_letter(octets, reader.hpke_public), reader)


def test_a_letter_longer_than_the_wire_carries_is_refused() -> None:
    reader = fresh_device_keys(FakeEntropy(b"reader"))
    with pytest.raises(MalformedContentError):
        letters.seal_letter(bytes(sizes.BODY_BYTES_MAX), reader.hpke_public)


def test_a_phrase_brings_back_the_same_keys_and_backup() -> None:
    made = phrase.fresh_phrase(FakeEntropy())
    typed = phrase.read_phrase([f" {word.upper()} " for word in made.words])
    assert phrase.root_key(typed).public == phrase.root_key(made).public
    sealed = phrase.seal_backup(made, phrase.Backup("alice"), FakeEntropy())
    assert phrase.open_backup(typed, sealed).username == "alice"
    with pytest.raises(InvalidPhraseError):
        phrase.open_backup(phrase.fresh_phrase(FakeEntropy(b"other")), sealed)
    assert made.words[0] not in repr(made)


def test_a_swapped_word_fails_the_checksum() -> None:
    words = list(phrase.phrase_of(bytes(32)).words)
    words[0], words[23] = words[23], words[0]
    with pytest.raises(InvalidPhraseError) as refused:
        phrase.read_phrase(words)
    assert refused.value.__cause__ is None


@pytest.mark.requirement("APP-15")
def test_safety_numbers_agree_on_both_sides_and_differ_between_people() -> None:
    one, other, third = bytes(32), bytes([1]) * 32, bytes([2]) * 32
    digits = safety.safety_digits(one, other)
    assert digits == safety.safety_digits(other, one)
    assert digits != safety.safety_digits(one, third)
    assert len(digits) == 12
    assert all(len(group) == 5 and group.isdecimal() for group in digits)
    assert safety.safety_qr(one, other) == safety.safety_qr(other, one)
    assert "<script" not in safety.safety_qr(one, other)


def test_a_link_code_names_one_device_of_one_account() -> None:
    code = link_code.link_code(bytes(32), bytes(32))
    assert code == link_code.link_code(bytes(32), bytes(32))
    assert code != link_code.link_code(bytes(32), bytes([1]) * 32)
    assert len(code.replace(" ", "")) == 12


def test_an_invite_link_comes_back_as_it_went() -> None:
    invitation = invite_link.invitation_of("alice", bytes(32), bytes([7]) * 32)
    link = invite_link.write_link(invitation)
    assert link.startswith("enigm:invite#")
    assert invite_link.read_link(f" {link}\n") == invitation


@given(st.text(max_size=200))
def test_a_link_of_garbage_is_refused(text: str) -> None:
    for link in (text, invite_link.SCHEME + text):
        with pytest.raises(InvalidInviteError):
            invite_link.read_link(link)


@pytest.mark.parametrize(
    "invitation",
    [
        invite_link.Invitation(2, bytes(32), "alice", bytes(32)),
        invite_link.Invitation(1, bytes(31), "alice", bytes(32)),
        invite_link.Invitation(1, bytes(32), "Alice!", bytes(32)),
        invite_link.Invitation(1, bytes(32), "alice", bytes(5)),
    ],
)
def test_an_invitation_with_impossible_parts_is_refused(
    invitation: invite_link.Invitation,
) -> None:
    with pytest.raises(InvalidInviteError):
        invite_link.read_link(invite_link.write_link(invitation))


def trusted_device(seed: bytes) -> tuple[DeviceKeys, DeviceChain]:
    """Return a device and the chain that trusts it."""
    root = Hybrid.generate(FakeEntropy(seed))
    device = fresh_device_keys(FakeEntropy(seed + b" device"))
    chain = DeviceChain.empty(root.public)
    return device, chain.append(chain.by_root(Kind.CERTIFY, device.device_public, root, 1))
