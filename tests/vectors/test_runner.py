"""The vector runner says what failed, and follows passive clients through every kind of commit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from enigm.crypto.mls.extensions import POLICY, Extension
from enigm.crypto.mls.external_sender import Target, propose_own_add
from enigm.crypto.mls.member.committing import CommitOptions
from enigm.crypto.mls.member.external import ExternalJoinOptions
from enigm.crypto.mls.member.group import Group
from enigm.crypto.mls.member.needs import Settings
from enigm.crypto.mls.proposals import GroupContextExtensions, PreSharedKey, Remove
from tests.crypto.mls.party import GROUP_ID, Party, follow, meet
from tests.vectors.run import main

Epochs = list[dict[str, Any]]
PSK_ID = b"coupon"


class _Story:
    """A group seen by a passive member, written down in the official format."""

    def __init__(self, *, encrypted: bool) -> None:
        settings = Settings(encrypted_handshakes=encrypted)
        self.people = meet("ann", "bob", "cy", settings=settings)
        self.watcher = Party("watcher", settings=settings)
        add, self.bundle = self.watcher.add()
        pending = self.people[0].group.commit(
            [add], CommitOptions(ratchet_tree_in_welcome=False, force_path=True)
        )
        self.tree = b""
        self.welcome = pending.welcome or b""
        self._everyone(self.people[0], pending.message)
        self.tree = self.people[0].group.ratchet_tree()
        self.first = self.people[0].group.epoch_authenticator
        self.epochs: Epochs = []

    def _everyone(self, committer: Party, message: bytes) -> None:
        for person in list(self.people):
            if person is committer:
                person.group.merge_pending()
            elif follow(person, message).removes_me:
                self.people.remove(person)

    def commit(self, committer: Party, message: bytes, *proposals: bytes) -> None:
        self._everyone(committer, message)
        self.epochs.append(
            {
                "proposals": [proposal.hex() for proposal in proposals],
                "commit": message.hex(),
                "epoch_authenticator": self.people[0].group.epoch_authenticator.hex(),
            }
        )

    def propose(self, proposer: Party | None, message: bytes) -> bytes:
        for person in self.people:
            if person is not proposer:
                person.group.process(message)
        return message

    def nonce(self) -> bytes:
        return self.watcher.entropy.random_bytes(32)

    def tell(self) -> None:
        """Let everything happen that can happen to a group."""
        ann, bob, cy = self.people
        self.commit(bob, bob.group.commit().message)
        update = self.propose(cy, cy.group.propose_update())
        self.commit(ann, ann.group.commit().message, update)
        epoch = ann.group.epoch
        psks = [
            PreSharedKey.external(PSK_ID, self.nonce()),
            PreSharedKey.resumption(GROUP_ID, epoch, self.nonce()),
            PreSharedKey.resumption(GROUP_ID, epoch - 1, self.nonce()),
        ]
        self.commit(cy, cy.group.commit(psks).message)
        dee = self._joins_from_outside("dee", ExternalJoinOptions())
        self._joins_from_outside("dee", ExternalJoinOptions(replaces_leaf=dee.group.leaf_index))
        policy = GroupContextExtensions((Extension(POLICY, b"new"),))
        self.commit(ann, ann.group.commit([policy]).message)
        eve = Party("eve")
        target = Target(GROUP_ID, ann.group.epoch)
        private = eve.identity.signature_private
        wish = propose_own_add(eve.suite, private, target, eve.bundle().package)
        self.commit(bob, bob.group.commit().message, self.propose(None, wish))
        removal = self.propose(bob, bob.group.propose(Remove(ann.group.leaf_index)))
        self.commit(cy, cy.group.commit().message, removal)
        for _ in range(5):
            for person in list(self.people):
                self.commit(person, person.group.commit().message)

    def _joins_from_outside(self, name: str, options: ExternalJoinOptions) -> Party:
        joiner = Party(name + str(len(self.epochs)), settings=self.watcher.settings)
        self.people = [person for person in self.people if not person.name.startswith(name)]
        info = self.people[0].group.group_info()
        joiner.group = Group.join_externally(
            joiner.needs, info, joiner.identity, options, joiner.settings
        )
        assert joiner.group.pending is not None
        self.people.append(joiner)
        self.commit(joiner, joiner.group.pending.message)
        return joiner

    def vector(self) -> dict[str, Any]:
        return {
            "cipher_suite": self.watcher.suite.number,
            "external_psks": [{"psk_id": PSK_ID.hex(), "psk": PSK_ID[::-1].hex()}],
            "key_package": self.bundle.message.hex(),
            "signature_priv": self.bundle.signature_private.hex(),
            "encryption_priv": self.bundle.encryption_private.hex(),
            "init_priv": self.bundle.init_private.hex(),
            "welcome": self.welcome.hex(),
            "ratchet_tree": self.tree.hex(),
            "initial_epoch_authenticator": self.first.hex(),
            "epochs": self.epochs,
        }


@pytest.fixture(scope="module", params=[True, False], ids=["encrypted", "public"])
def vector(request: pytest.FixtureRequest) -> dict[str, Any]:
    story = _Story(encrypted=request.param)
    story.tell()
    return story.vector()


def test_a_passive_client_follows_every_kind_of_commit(
    vector: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "passive-client-random.json").write_text(json.dumps([vector]))
    (tmp_path / "unrelated.json").write_text("not even JSON")
    assert main([str(tmp_path)]) == 0
    assert "passive-client-random.json: 1 passed, 0 failed" in capsys.readouterr().out


def test_a_vector_that_fails_is_counted_and_told(
    vector: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    last = {**vector["epochs"][-1], "epoch_authenticator": "00" * 32}
    wrong = {**vector, "epochs": [*vector["epochs"][:-1], last]}
    path = tmp_path / "passive-client-handling-commit.json"
    path.write_text(json.dumps([vector, wrong]))
    assert main([str(tmp_path)]) == 1
    assert "1 passed, 1 failed" in capsys.readouterr().out


def test_a_folder_without_vectors_is_no_success(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 1
    assert main([str(tmp_path / "absent")]) == 2
