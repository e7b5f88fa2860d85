"""Spoiled MLS messages, also with proper signatures: only refusals come of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enigm.crypto.mls.codec import u8
from enigm.crypto.mls.extensions import POLICY, Extension
from enigm.crypto.mls.framing import FramedContent, Sender, SenderKind, WireFormat, encode_body
from enigm.crypto.mls.member.group import Group
from enigm.crypto.mls.member.needs import Settings
from enigm.crypto.mls.messages import PublicMessage, decode_message
from enigm.crypto.mls.proposals import (
    Add,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    ReInit,
    Remove,
)
from enigm.foundation.errors import Refusal
from tests.fuzz.mls_mutations import mutated
from tests.support.frankenstein import Forger, OpenedWelcome
from tests.support.mls import Person, follow_all, group_of

if TYPE_CHECKING:
    from collections.abc import Callable

IN_THE_CLEAR = Settings(encrypted_handshakes=False)
FUZZ = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass
class Scene:
    """A group in the middle of its life, and valid messages of every kind for Bob."""

    alice: Person
    bob: Person
    carol: Person
    dave: Person
    messages: list[bytes]
    bodies: list[tuple[int, bytes]]
    welcome: OpenedWelcome
    group_info: bytes

    def bob_refuses(self, message: bytes) -> None:
        before = self.bob.group.serialize()
        with pytest.raises(Refusal):
            self.bob.group.process(message)
        assert self.bob.group.serialize() == before


def people() -> tuple[Person, Person, Person]:
    alice, bob, carol = (Person(name, settings=IN_THE_CLEAR) for name in ("a", "b", "c"))
    group_of(alice, bob, carol)
    follow_all(alice.commit(), bob, carol)
    follow_all(carol.commit(), alice, bob)
    return alice, bob, carol


@cache
def scene() -> Scene:
    alice, bob, carol = people()
    dave, erin = Person("d"), Person("e")
    group = alice.group
    psk = PreSharedKey.resumption(group.group_id, group.epoch, bytes(32))
    policy = GroupContextExtensions((Extension(POLICY, b"policy"),))
    kinds = [
        [],
        [Remove(2)],
        [Add.of(erin.key_package())],
        [psk, policy],
        [ReInit(b"successor", 1, 1)],
    ]
    messages: list[bytes] = []
    for proposals in kinds:
        messages.append(group.commit(proposals).message)
        group.discard_pending()
    proposals = [Remove(2), kinds[2][0], psk, policy, kinds[4][0], ExternalInit(bytes(32))]
    bodies = [(2, encode_body(proposal)) for proposal in proposals]
    bodies += [(3, _body(message)) for message in messages]
    info = group.group_info()
    outsider = Person("outsider")
    joined = Group.join_externally(outsider.needs, info, outsider.identity)
    assert joined.pending is not None
    messages += [joined.pending.message, group.encrypt(b"hello"), group.encrypt(bytes(100))]
    messages += [dave.key_package(), info]
    pending = group.commit([Add.of(dave.key_package())])
    assert pending.welcome is not None
    opened = OpenedWelcome.of(dave, alice, pending.welcome)
    group.discard_pending()
    messages.append(pending.welcome)
    return Scene(alice, bob, carol, dave, messages, bodies, opened, info)


def _body(message: bytes) -> bytes:
    decoded = decode_message(message)
    assert isinstance(decoded, PublicMessage)
    return encode_body(decoded.authenticated.content.body)


def refuses_or_returns(work: Callable[[], object]) -> None:
    try:
        work()
    except Refusal:
        return


@FUZZ
@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused(raw: bytes) -> None:
    refuses_or_returns(lambda: decode_message(raw))
    scene().bob_refuses(raw)


@FUZZ
@given(st.data())
def test_a_spoiled_message_is_refused_and_leaves_no_trace(data: st.DataObject) -> None:
    message = data.draw(mutated(scene().messages))
    refuses_or_returns(lambda: decode_message(message))
    if message not in scene().messages:
        scene().bob_refuses(message)


@settings(FUZZ, max_examples=600)
@given(st.data())
def test_a_spoiled_body_with_a_proper_signature_leaves_no_trace(data: st.DataObject) -> None:
    """Alice signs and tags whatever it is, so that it goes as deep as it can."""
    kind, body = data.draw(st.sampled_from(scene().bodies))
    spoiled = data.draw(mutated([body]))
    forger = Forger(scene().alice)
    index = data.draw(st.sampled_from([0, 0, 0, 1, 3, 2**32 - 1]))
    role = data.draw(st.sampled_from([SenderKind.MEMBER] * 5 + list(SenderKind)))
    header = forger.header(sender=Sender(role, index))
    content = FramedContent(header, b"", header.encoded() + u8(kind) + spoiled)
    message = _signed(forger, content, kind)
    bob = scene().bob
    before = bob.group.serialize()
    try:
        bob.group.process(message)
    except Refusal:
        assert bob.group.serialize() == before
        return
    # A proposal that still makes sense is kept; a commit cannot be, for its tag is a guess.
    assert kind == 2
    bob.group = Group.restore(bob.needs, before, bob.settings)


def _signed(forger: Forger, content: FramedContent, kind: int) -> bytes:
    frame = forger.sign(content, WireFormat.PUBLIC_MESSAGE)
    if kind == 3:
        auth = frame.auth.__class__(frame.auth.signature, bytes(forger.tag_length))
        frame = frame.__class__(frame.wire_format, frame.content, auth)
    return forger.public(frame)


@FUZZ
@given(st.data())
def test_a_spoiled_welcome_is_refused(data: st.DataObject) -> None:
    opened = scene().welcome
    good = opened.sealed()
    message = data.draw(mutated([good]))
    if message != good:
        with pytest.raises(Refusal):
            opened.joiner.join(message)


@settings(FUZZ, max_examples=400)
@given(st.data())
def test_a_spoiled_group_info_that_opens_is_refused(data: st.DataObject) -> None:
    opened = scene().welcome
    info = data.draw(mutated([opened.info.encoded]))
    if info != opened.info.encoded:
        with pytest.raises(Refusal):
            opened.joiner.join(opened.sealed(info=info))


@settings(FUZZ, max_examples=400)
@given(st.data())
def test_a_spoiled_tree_that_is_signed_is_refused(data: st.DataObject) -> None:
    opened = scene().welcome
    tree = next(e.body for e in opened.info.extensions if e.kind == 2)
    spoiled = data.draw(mutated([tree]))
    if spoiled != tree:
        with pytest.raises(Refusal):
            opened.joiner.join(opened.with_encoded_tree(spoiled))


@FUZZ
@given(st.data())
def test_a_spoiled_group_info_lets_nobody_join_from_outside(data: st.DataObject) -> None:
    info = data.draw(mutated([scene().group_info]))
    outsider = Person("outsider")
    if info != scene().group_info:
        with pytest.raises(Refusal):
            Group.join_externally(outsider.needs, info, outsider.identity)


@FUZZ
@given(st.data())
def test_a_spoiled_key_package_is_not_added(data: st.DataObject) -> None:
    package = Person("frank").key_package()
    spoiled = data.draw(mutated([package]))
    if spoiled not in (package, package[4:]):  # the bare structure is accepted too
        with pytest.raises(Refusal):
            scene().alice.group.commit([Add.of(spoiled)])
        assert scene().alice.group.pending is None
