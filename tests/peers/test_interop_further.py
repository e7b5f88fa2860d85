"""What only ts-mls offers among the peers: lone proposals, pre-shared keys, successor groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from enigm.crypto.mls.ciphersuite import AES128
from enigm.crypto.mls.member.creation import NewGroup
from enigm.crypto.mls.member.group import JoinOptions
from enigm.crypto.mls.proposals import Add, PreSharedKey, ReInit, Remove
from tests.peers.ours import Ours
from tests.peers.ts_mls import TsMls

if TYPE_CHECKING:
    from tests.support.mls import Psks
    from tests.support.node_peer import NodePeer

NONCE = bytes(range(32))


@pytest.fixture
def pair(node: NodePeer) -> tuple[Ours, TsMls]:
    ours, theirs = Ours(b"ours"), TsMls(node, b"theirs", 1)
    ours.create(b"a group of two engines")
    theirs.join(ours.add([theirs.key_package()]).welcome)
    same(ours, theirs)
    return ours, theirs


def same(ours: Ours, theirs: TsMls) -> None:
    state = theirs.state()
    assert state["authenticator"] == ours.group.epoch_authenticator.hex()
    assert state["epoch"] == ours.group.epoch
    assert ours.receive(theirs.send(b"to us"), theirs.leaf) == b"to us"
    assert theirs.receive(ours.send(b"to them"), ours.leaf) == b"to them"


@pytest.mark.parametrize("public", [True, False])
def test_our_proposals_are_committed_by_them(node: NodePeer, *, public: bool) -> None:
    ours = Ours(b"ours", encrypted_handshakes=not public)
    theirs, third = TsMls(node, b"theirs", 1), Ours(b"third")
    theirs.public = public
    theirs.create(b"group")
    ours.join(theirs.add([ours.key_package()]).welcome)
    theirs.process(ours.group.propose(Add.of(third.key_package())))
    theirs.process(ours.group.propose_update())
    committed = theirs.update()
    ours.process(committed.commit)
    third.join(committed.welcome)
    assert third.group.epoch_authenticator == ours.group.epoch_authenticator
    same(ours, theirs)


@pytest.mark.parametrize("public", [True, False])
def test_their_proposals_are_committed_by_us(node: NodePeer, *, public: bool) -> None:
    ours = Ours(b"ours", encrypted_handshakes=not public)
    theirs, third = TsMls(node, b"theirs", 1), TsMls(node, b"third", 1)
    theirs.public = public
    ours.create(b"group")
    theirs.join(ours.add([theirs.key_package()]).welcome)
    ours.process(theirs.propose_add(third.key_package()))
    committed = ours.update()
    theirs.process(committed.commit)
    third.join(committed.welcome)
    ours.process(theirs.propose_remove(third.leaf))
    committed = ours.update()
    theirs.process(committed.commit)
    assert len(ours.group.members()) == 2
    same(ours, theirs)


def test_a_pre_shared_key_is_mixed_in_by_both(pair: tuple[Ours, TsMls]) -> None:
    ours, theirs = pair
    psks: Psks = ours.person.needs.psks  # pyright: ignore[reportAssignmentType]
    psks.externals[b"name"] = b"a secret from elsewhere"
    theirs.know_psk(b"name", b"a secret from elsewhere")
    pending = ours.group.commit([PreSharedKey.external(b"name", NONCE)])
    ours.group.merge_pending()
    theirs.process(pending.message)
    same(ours, theirs)
    ours.process(theirs.commit_psk(b"name").commit)
    same(ours, theirs)


def test_we_branch_off_and_they_follow(pair: tuple[Ours, TsMls]) -> None:
    ours, theirs = pair
    new = NewGroup(AES128, b"our branch", ours.person.identity)
    branch = ours.group.branch(new, [theirs.key_package()])
    assert branch.pending is not None
    welcome = branch.pending.welcome
    assert welcome is not None
    branch.merge_pending()
    theirs.follow_successor(welcome, branch=True)
    ours.person.group = branch
    same(ours, theirs)


def test_they_branch_off_and_we_follow(pair: tuple[Ours, TsMls]) -> None:
    ours, theirs = pair
    packages = [ours.key_package()]
    welcome, tree = theirs.succeed(b"their branch", packages, branch=True)
    ours.person.join(welcome, JoinOptions(ratchet_tree=tree, predecessor=ours.group))
    same(ours, theirs)


def test_we_start_again_and_they_follow(pair: tuple[Ours, TsMls]) -> None:
    ours, theirs = pair
    pending = ours.group.commit([ReInit(b"our successor", 1, AES128.number)])
    ours.group.merge_pending()
    theirs.process(pending.message)
    new = ours.group.reinitialise(ours.person.identity, [theirs.key_package()])
    assert new.pending is not None
    welcome = new.pending.welcome
    assert welcome is not None
    new.merge_pending()
    theirs.follow_successor(welcome, branch=False)
    ours.person.group = new
    same(ours, theirs)


def test_they_start_again_and_we_follow(pair: tuple[Ours, TsMls]) -> None:
    ours, theirs = pair
    ours.process(theirs.reinit(b"their successor").commit)
    assert ours.group.reinit is not None
    packages = [ours.key_package()]
    welcome, tree = theirs.succeed(b"their successor", packages, branch=False)
    ours.person.join(welcome, JoinOptions(ratchet_tree=tree, predecessor=ours.group))
    same(ours, theirs)


def test_a_removed_ts_mls_member_is_told_so(pair: tuple[Ours, TsMls]) -> None:
    ours, theirs = pair
    pending = ours.group.commit([Remove(theirs.leaf)])
    ours.group.merge_pending()
    theirs.process(pending.message)
    assert theirs.state()["active"] == "removedFromGroup"
