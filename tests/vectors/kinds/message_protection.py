"""Frames signed, tagged, encrypted and opened (message-protection.json)."""

from __future__ import annotations

from enigm.crypto.mls.codec import read_whole
from enigm.crypto.mls.commit import Commit
from enigm.crypto.mls.framing import (
    Body,
    FrameAuth,
    FramedContent,
    FrameHeader,
    Sender,
    UnverifiedContent,
    VerifiedContent,
    WireFormat,
    encode_body,
    sign_content,
)
from enigm.crypto.mls.group_context import GroupContext
from enigm.crypto.mls.message_protection import (
    Sealing,
    SenderData,
    check_membership,
    open_private,
    open_sender_data,
    protect_private,
    protect_public,
    ratchet_of,
)
from enigm.crypto.mls.messages import PrivateMessage, PublicMessage, decode_message
from enigm.crypto.mls.proposals import read_proposal
from enigm.crypto.mls.secret_tree import SecretTree
from tests.vectors.reading import Vector, raw, signature_private, suite_of

SENDER = 1
LEAVES = 2


def check(vector: Vector) -> None:
    case = _Case(vector)
    proposal = read_whole(raw(vector["proposal"]), read_proposal)
    commit = read_whole(raw(vector["commit"]), Commit.read)
    for name, body in (("proposal", proposal), ("commit", commit)):
        assert encode_body(case.opened_public(raw(vector[f"{name}_pub"]))) == encode_body(body)
        assert encode_body(case.opened_private(raw(vector[f"{name}_priv"]))) == encode_body(body)
        assert encode_body(case.opened_public(case.public(body))) == encode_body(body)
        assert encode_body(case.opened_private(case.private(body))) == encode_body(body)
    application = raw(vector["application"])
    assert case.opened_private(raw(vector["application_priv"])) == application
    assert case.opened_private(case.private(application)) == application


class _Case:
    def __init__(self, vector: Vector) -> None:
        self.vector = vector
        self.suite = suite_of(vector)
        self.context = GroupContext(
            self.suite.number,
            raw(vector["group_id"]),
            vector["epoch"],
            raw(vector["tree_hash"]),
            raw(vector["confirmed_transcript_hash"]),
        ).encoded()

    def _secret_tree(self) -> SecretTree:
        return SecretTree.of(self.suite, LEAVES, raw(self.vector["encryption_secret"]))

    def _signed(self, body: Body, wire_format: WireFormat) -> VerifiedContent:
        epoch, group_id = self.vector["epoch"], raw(self.vector["group_id"])
        content = FramedContent.make(FrameHeader(group_id, epoch, Sender.member(SENDER)), body)
        private = signature_private(self.vector, self.vector["signature_priv"])
        frame = sign_content(self.suite, private, wire_format, content, self.context)
        tag = bytes(self.suite.hash_length) if isinstance(body, Commit) else None
        return VerifiedContent(wire_format, content, FrameAuth(frame.auth.signature, tag))

    def public(self, body: Body) -> bytes:
        frame = self._signed(body, WireFormat.PUBLIC_MESSAGE)
        key = raw(self.vector["membership_key"])
        return protect_public(self.suite, frame, key, self.context)

    def private(self, body: Body) -> bytes:
        frame = self._signed(body, WireFormat.PRIVATE_MESSAGE)
        staged = self._secret_tree().next(SENDER, ratchet_of(frame.content.kind))
        sender = SenderData(SENDER, staged.generation, b"\x01\x02\x03\x04")
        secret = raw(self.vector["sender_data_secret"])
        sealing = Sealing(sender, staged.key, secret, lambda size: size + 100)
        return protect_private(self.suite, frame, sealing)

    def opened_public(self, message: bytes) -> Body:
        decoded = decode_message(message)
        assert isinstance(decoded, PublicMessage)
        key = raw(self.vector["membership_key"])
        check_membership(self.suite, decoded, key, self.context)
        return self._verified(decoded.authenticated)

    def opened_private(self, message: bytes) -> Body:
        decoded = decode_message(message)
        assert isinstance(decoded, PrivateMessage)
        secret = raw(self.vector["sender_data_secret"])
        sender = open_sender_data(self.suite, decoded, secret)
        kind = ratchet_of(decoded.kind)
        staged = self._secret_tree().stage(sender.leaf_index, kind, sender.generation)
        return self._verified(open_private(self.suite, decoded, sender, staged.key))

    def _verified(self, frame: UnverifiedContent) -> Body:
        key = raw(self.vector["signature_pub"])
        return frame.verify(self.suite, key, self.context).content.body
