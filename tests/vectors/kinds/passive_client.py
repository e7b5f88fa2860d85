"""A member that joins by a Welcome and follows (the three passive-client files)."""

from __future__ import annotations

from enigm.crypto.mls.credential import accept_any
from enigm.crypto.mls.member.group import Group, JoinOptions
from enigm.crypto.mls.member.needs import Needs, Settings
from enigm.crypto.mls.member.outcomes import ProposalReceived, StagedCommit
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from tests.vectors.reading import SUITES, Vector, bundle_of, raw, signature_private

# Vectors may go back to the resumption key of any epoch since the client joined.
SETTINGS = Settings(resumption_epochs_max=1_000_000)


class _VectorPsks:
    def __init__(self, vector: Vector) -> None:
        self._keys = {raw(psk["psk_id"]): raw(psk["psk"]) for psk in vector["external_psks"]}

    def external(self, psk_id: bytes) -> bytes | None:
        return self._keys.get(psk_id)

    def resumption(self, group_id: bytes, epoch: int) -> bytes | None:
        del group_id, epoch


def check(vector: Vector) -> None:
    needs = Needs(SystemClock(), SystemEntropy(), accept_any, _VectorPsks(vector), SUITES)
    bundle = bundle_of(
        vector,
        encryption_private=raw(vector["encryption_priv"]),
        signing_private=signature_private(vector, vector["signature_priv"]),
    )
    tree = vector["ratchet_tree"]
    options = JoinOptions(None if tree is None else raw(tree))
    group = Group.join(needs, raw(vector["welcome"]), bundle, options, SETTINGS)
    assert group.epoch_authenticator == raw(vector["initial_epoch_authenticator"])
    for epoch in vector["epochs"]:
        for proposal in epoch["proposals"]:
            assert isinstance(group.process(raw(proposal)), ProposalReceived)
        staged = group.process(raw(epoch["commit"]))
        assert isinstance(staged, StagedCommit)
        group.apply(staged)
        assert group.epoch_authenticator == raw(epoch["epoch_authenticator"])
