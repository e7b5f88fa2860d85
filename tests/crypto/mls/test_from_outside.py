"""From outside: joining without a Welcome, coming back, proposing, and following along."""

from __future__ import annotations

import pytest

from enigm.crypto.mls.ciphersuite import AES128, HYBRID, Suite, SuiteTable
from enigm.crypto.mls.credential import CredentialClaim, Purpose, accept_any
from enigm.crypto.mls.errors import MlsInvalidError, MlsUnverifiableError
from enigm.crypto.mls.extensions import ExternalSender, external_senders_extension
from enigm.crypto.mls.external_sender import Target, propose_from_outside, propose_own_add
from enigm.crypto.mls.framing import SenderKind
from enigm.crypto.mls.member.committing import CommitOptions
from enigm.crypto.mls.member.external import ExternalJoinOptions
from enigm.crypto.mls.member.group import Group
from enigm.crypto.mls.member.needs import Needs, Settings
from enigm.crypto.mls.member.state import RECEIVED_PROPOSALS_MAX
from enigm.crypto.mls.proposals import PreSharedKey, Remove
from enigm.crypto.mls.public_group import PublicCommit, PublicGroup
from enigm.foundation.errors import ForbiddenError
from tests.crypto.mls.party import (
    GROUP_ID,
    Party,
    assert_agreement,
    commit,
    deliver_commit,
    follow,
    meet,
    refused,
)

CLEAR = Settings(encrypted_handshakes=False)


def _join(person: Party, info: bytes, options: ExternalJoinOptions | None = None) -> bytes:
    person.group = Group.join_externally(
        person.needs, info, person.identity, options, person.settings
    )
    assert person.group.pending is not None
    return person.group.pending.message


@pytest.mark.parametrize("suite", [AES128, HYBRID], ids=["classic", "hybrid"])
def test_one_can_join_with_a_group_info_alone(suite: Suite) -> None:
    ann, bob = meet("ann", "bob", suite=suite)
    cy = Party("cy", suite)
    message = _join(cy, ann.group.group_info())
    for person in (ann, bob):
        summary = follow(person, message)
        assert summary.is_external
        assert [member.credential.body for member in summary.added] == [b"cy"]
    cy.restart()
    cy.group.merge_pending()
    assert_agreement(ann, bob, cy)


def test_joining_a_group_of_one_at_its_first_epoch() -> None:
    (ann,) = meet("ann")
    bob = Party("bob")
    message = _join(bob, ann.group.group_info())
    follow(ann, message)
    bob.group.merge_pending()
    assert_agreement(ann, bob)


def test_the_tree_can_come_beside_the_group_info() -> None:
    ann, bob = meet("ann", "bob")
    cy = Party("cy")
    info = ann.group.group_info(with_ratchet_tree=False)
    with refused("mls.tree.missing"):
        _join(cy, info)
    message = _join(cy, info, ExternalJoinOptions(ratchet_tree=ann.group.ratchet_tree()))
    for person in (ann, bob):
        follow(person, message)
    cy.group.merge_pending()
    assert_agreement(ann, bob, cy)


def test_a_member_that_lost_its_state_comes_back_in_its_own_place() -> None:
    ann, bob, cy = meet("ann", "bob", "cy")
    lost = bob.group.leaf_index
    bob.identity = bob.new_identity()
    nonce = bob.entropy.random_bytes(32)
    psks = (PreSharedKey.external(b"proof", nonce),)
    options = ExternalJoinOptions(replaces_leaf=lost, psks=psks)
    message = _join(bob, ann.group.group_info(), options)
    for person in (ann, cy):
        summary = follow(person, message)
        assert [member.leaf_index for member in summary.removed] == [lost]
    bob.group.merge_pending()
    assert bob.group.leaf_index == lost
    assert_agreement(ann, bob, cy)


def test_the_application_judges_who_takes_an_old_place() -> None:
    claims: list[CredentialClaim] = []

    def judge(claim: CredentialClaim) -> None:
        claims.append(claim)
        if claim.previous is not None and claim.previous != claim.credential:
            raise ForbiddenError("test.impostor", "Not the one who sat here.")

    ann, bob = meet("ann", "bob")
    judging = Needs(ann.clock, ann.entropy, judge)
    ann.group = Group.restore(judging, ann.group.serialize())
    eve = Party("eve")
    message = _join(eve, bob.group.group_info(), ExternalJoinOptions(replaces_leaf=1))
    before = ann.group.serialize()
    with pytest.raises(ForbiddenError):
        ann.group.process(message)
    assert ann.group.serialize() == before
    assert claims[-1].purpose is Purpose.UPDATE


def test_a_join_that_lost_the_race_is_refused_and_can_be_tried_again() -> None:
    ann, bob = meet("ann", "bob")
    cy = Party("cy")
    late = _join(cy, ann.group.group_info())
    commit(ann, [ann, bob])
    with refused("mls.message.epoch_past"):
        bob.group.process(late)
    message = _join(cy, bob.group.group_info())
    for person in (ann, bob):
        follow(person, message)
    cy.group.merge_pending()
    assert_agreement(ann, bob, cy)


def test_a_forged_group_info_is_refused() -> None:
    ann, _bob = meet("ann", "bob")
    info = bytearray(ann.group.group_info())
    info[-1] ^= 1
    with refused("mls.group_info.signature"):
        _join(Party("cy"), bytes(info))


def _watched() -> tuple[list[Party], Party]:
    server = Party("server")
    sender = ExternalSender(server.identity.signature_public, server.identity.credential)
    extensions = (external_senders_extension([sender]),)
    return meet("ann", "bob", "cy", extensions=extensions, settings=CLEAR), server


def test_a_listed_outsider_may_propose_a_removal() -> None:
    people, server = _watched()
    ann, bob, cy = people
    target = Target(GROUP_ID, ann.group.epoch)
    private = server.identity.signature_private
    message = propose_from_outside(AES128, private, 0, target, Remove(cy.group.leaf_index))
    for person in people:
        person.group.process(message)
    commit(ann, people)
    assert not cy.group.is_active
    assert_agreement(ann, bob)


def test_an_outsider_that_is_not_listed_may_not_propose() -> None:
    people, server = _watched()
    target = Target(GROUP_ID, people[0].group.epoch)
    private = server.identity.signature_private
    with refused("mls.message.external_index"):
        people[0].group.process(propose_from_outside(AES128, private, 1, target, Remove(2)))
    eve = Party("eve").identity.signature_private
    with refused("mls.message.signature"):
        people[0].group.process(propose_from_outside(AES128, eve, 0, target, Remove(2)))


def test_one_may_ask_to_be_added() -> None:
    people = meet("ann", "bob")
    cy = Party("cy")
    bundle = cy.bundle()
    target = Target(GROUP_ID, people[0].group.epoch)
    private = cy.identity.signature_private
    message = propose_own_add(AES128, private, target, bundle.package)
    for person in people:
        person.group.process(message)
    pending = commit(people[1], people)
    cy.join(pending.welcome, bundle)
    assert_agreement(*people, cy)


def test_a_server_follows_a_group_in_the_clear_without_any_secret() -> None:
    people = meet("ann", "bob", "cy", settings=CLEAR)
    ann, bob, cy = people
    public = PublicGroup.from_group_info(ann.group.group_info(), SuiteTable.standard(), accept_any)

    def follow_along(message: bytes) -> None:
        verified = public.process(message)
        assert isinstance(verified, PublicCommit)
        public.apply(verified)
        assert public.context == ann.group.state.epoch.context

    follow_along(commit(ann, people).message)
    proposal = bob.group.propose_update()
    for person in (ann, cy):
        person.group.process(proposal)
    public.process(proposal)
    follow_along(commit(cy, people).message)
    dee = Party("dee", settings=CLEAR)
    message = _join(dee, ann.group.group_info())
    for person in people:
        follow(person, message)
    dee.group.merge_pending()
    follow_along(message)
    ann.group.commit([Remove(1)])
    pending = ann.group.pending
    assert pending is not None
    deliver_commit(ann, [ann, bob, cy, dee])
    follow_along(pending.message)
    assert [leaf.credential.body for _, leaf in public.members()] == [b"ann", b"cy", b"dee"]


def test_a_server_refuses_a_forged_commit_and_keeps_its_place() -> None:
    people = meet("ann", "bob", settings=CLEAR)
    public = PublicGroup.from_group_info(
        people[0].group.group_info(), SuiteTable.standard(), accept_any
    )
    message = people[0].group.commit().message
    junk = bytearray(message)
    junk[len(junk) // 2] ^= 1
    with pytest.raises((MlsUnverifiableError, MlsInvalidError)):
        public.process(bytes(junk))
    assert isinstance(public.process(message), PublicCommit)


def test_an_application_may_leave_strangers_wishes_uncommitted() -> None:
    people = meet("ann", "bob")
    ann, _bob = people
    cy = Party("cy")
    target = Target(GROUP_ID, ann.group.epoch)
    wish = propose_own_add(AES128, cy.identity.signature_private, target, cy.bundle().package)
    for person in people:
        person.group.process(wish)
    members_only = CommitOptions(accepts=lambda sent: sent.sender.kind is SenderKind.MEMBER)
    pending = commit(ann, people, options=members_only)
    assert pending.staged.summary.added == ()
    assert_agreement(*people)


def test_a_flood_of_proposals_is_cut_off() -> None:
    ann, bob = meet("ann", "bob")
    bob.group.process(ann.group.propose_update())
    (kept,) = bob.group.received_proposals
    waiting = bob.group.state.received
    waiting.update({b"%d" % number: kept for number in range(RECEIVED_PROPOSALS_MAX - 1)})
    with refused("mls.proposal.too_many"):
        bob.group.process(ann.group.propose_update())
