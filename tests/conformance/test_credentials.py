"""RFC 9420 §5.3.1: the application judges a credential wherever one is met."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from enigm.crypto.mls.credential import Credential, CredentialClaim, Purpose
from enigm.crypto.mls.extensions import ExternalSender, external_senders_extension
from enigm.crypto.mls.member.committing import CommitOptions
from enigm.crypto.mls.member.group import Group
from enigm.crypto.mls.member.identity import Identity
from enigm.crypto.mls.proposals import Add, GroupContextExtensions
from enigm.foundation.errors import ForbiddenError
from tests.conformance.conftest import Trio, person
from tests.support.frankenstein import Forger, OpenedWelcome
from tests.support.mls import Person


class UnwelcomeError(ForbiddenError):
    """The application's own word for no."""

    def __init__(self) -> None:
        super().__init__("tests.unwelcome", "Not this one.")


@dataclass
class Judge:
    """Refuses one name, and remembers all it was asked."""

    unwelcome: bytes
    claims: list[CredentialClaim]

    def __call__(self, claim: CredentialClaim) -> None:
        self.claims.append(claim)
        if claim.credential.body == self.unwelcome:
            raise UnwelcomeError


def judge_of(member: Person, unwelcome: bytes) -> Judge:
    """Let a member refuse a name from now on."""
    judge = Judge(unwelcome, [])
    member.needs = replace(member.needs, check_credential=judge)
    state = member._group and member.group.serialize()
    if state:
        member.group = Group.restore(member.needs, state, member.settings)
    return judge


def unwelcome_to(member: Person, message: bytes) -> None:
    before = member.group.serialize()
    with pytest.raises(UnwelcomeError):
        member.group.process(message)
    assert member.group.serialize() == before


def test_rfc9420_5_3_1_a_new_members_credential_is_judged(trio: Trio) -> None:
    judge = judge_of(trio.bob, b"mallory")
    mallory = person("mallory")
    add = Add.of(mallory.key_package())
    unwelcome_to(trio.bob, trio.forger.commits(add, path=False))
    claim = judge.claims[-1]
    assert claim.signature_key == mallory.identity.signature_public
    assert claim.purpose is Purpose.KEY_PACKAGE


def test_rfc9420_5_3_1_we_do_not_add_whom_we_do_not_accept(trio: Trio) -> None:
    judge_of(trio.alice, b"mallory")
    add = Add.of(person("mallory").key_package())
    with pytest.raises(UnwelcomeError):
        trio.alice.group.commit([add])


@pytest.mark.parametrize("by_update", [True, False])
def test_rfc9420_5_3_1_a_changed_credential_is_judged_beside_the_old_one(
    trio: Trio, *, by_update: bool
) -> None:
    judge = judge_of(trio.bob, b"mallory")
    new = Identity.generate(trio.carol.needs.entropy, Credential.basic(b"mallory"))
    if by_update:
        proposal = trio.carol.group.propose_update(new)
        trio.alice.follow(proposal)
        trio.bob.follow(proposal)
        message = trio.alice.group.commit().message
    else:
        message = trio.carol.group.commit(options=CommitOptions(identity=new)).message
    unwelcome_to(trio.bob, message)
    claim = judge.claims[-1]
    assert (claim.purpose, claim.previous) == (Purpose.UPDATE, Credential.basic(b"carol"))


def test_rfc9420_5_3_1_an_unchanged_credential_is_not_judged_again(trio: Trio) -> None:
    judge = judge_of(trio.bob, b"alice")
    trio.bob.follow(trio.alice.commit())
    assert judge.claims == []


def test_rfc9420_5_3_1_a_joiner_judges_every_member(trio: Trio) -> None:
    dave = person("dave")
    judge = judge_of(dave, b"carol")
    pending = trio.alice.group.commit([Add.of(dave.key_package())])
    trio.alice.group.merge_pending()
    assert pending.welcome is not None
    with pytest.raises(UnwelcomeError):
        dave.join(pending.welcome)
    judge.unwelcome = b"nobody"
    judge.claims.clear()
    dave.join(pending.welcome)
    names = [claim.credential.body for claim in judge.claims]
    assert names == [b"alice", b"bob", b"carol", b"dave"]


def test_rfc9420_5_3_1_one_who_joins_from_outside_judges_and_is_judged(trio: Trio) -> None:
    mallory = person("mallory")
    info = trio.alice.group.group_info()
    judge_of(mallory, b"bob")
    with pytest.raises(UnwelcomeError):
        Group.join_externally(mallory.needs, info, mallory.identity)
    judge_of(mallory, b"nobody")
    group = Group.join_externally(mallory.needs, info, mallory.identity)
    judge = judge_of(trio.bob, b"mallory")
    assert group.pending is not None
    unwelcome_to(trio.bob, group.pending.message)
    assert judge.claims[-1].purpose is Purpose.MEMBER


def test_rfc9420_5_3_1_an_external_senders_credential_is_judged(trio: Trio) -> None:
    judge = judge_of(trio.bob, b"mallory")
    key = person("mallory").identity.signature_public
    sender = ExternalSender(key, Credential.basic(b"mallory"))
    extensions = GroupContextExtensions((external_senders_extension((sender,)),))
    unwelcome_to(trio.bob, trio.alice.commit(extensions))
    assert judge.claims[-1].purpose is Purpose.EXTERNAL_SENDER


def test_rfc9420_5_3_1_a_joiner_judges_the_external_senders(trio: Trio) -> None:
    dave = person("dave")
    judge_of(dave, b"mallory")
    key = person("mallory").identity.signature_public
    sender = ExternalSender(key, Credential.basic(b"mallory"))
    extensions = GroupContextExtensions((external_senders_extension((sender,)),))
    pending = trio.alice.group.commit([extensions, Add.of(dave.key_package())])
    assert pending.welcome is not None
    with pytest.raises(UnwelcomeError):
        dave.join(pending.welcome)


def test_a_member_cannot_pass_for_another_by_a_copied_credential(trio: Trio) -> None:
    """Credential and signature key go to the judge together; the key is what cannot be copied."""
    judge = judge_of(trio.bob, b"nobody")
    mallory = person("mallory")
    mallory.identity = replace(mallory.identity, credential=Credential.basic(b"carol"))
    add = Add.of(mallory.key_package())
    trio.bob.follow(trio.alice.commit(add))
    assert judge.claims[-1].signature_key == mallory.identity.signature_public
    assert judge.claims[-1].credential == Credential.basic(b"carol")


def test_a_judged_welcome_does_not_depend_on_the_signer(trio: Trio) -> None:
    dave = person("dave")
    judge = judge_of(dave, b"nobody")
    pending = trio.alice.group.commit([Add.of(dave.key_package())])
    trio.alice.group.merge_pending()
    assert pending.welcome is not None
    opened = OpenedWelcome.of(dave, trio.alice, pending.welcome)
    dave.join(opened.sealed())
    keys = {claim.signature_key for claim in judge.claims}
    assert Forger(trio.carol).epoch.own_leaf.signature_key in keys
