"""Epoch secrets, exporter and external key (key-schedule.json)."""

from __future__ import annotations

from typing import Any

from enigm.crypto.mls.ciphersuite import Suite
from enigm.crypto.mls.group_context import GroupContext
from enigm.crypto.mls.key_schedule import (
    EpochSecrets,
    epoch_secrets,
    joiner_secret,
    welcome_secret,
)
from tests.vectors.reading import Vector, raw, suite_of

FIELDS = {
    "sender_data_secret": "sender_data",
    "encryption_secret": "encryption",
    "exporter_secret": "exporter",
    "external_secret": "external",
    "confirmation_key": "confirmation",
    "membership_key": "membership",
    "resumption_psk": "resumption",
    "epoch_authenticator": "authenticator",
    "init_secret": "init",
}


def check(vector: Vector) -> None:
    suite, init = suite_of(vector), raw(vector["initial_init_secret"])
    for number, epoch in enumerate(vector["epochs"]):
        context = GroupContext(
            suite.number,
            raw(vector["group_id"]),
            number,
            raw(epoch["tree_hash"]),
            raw(epoch["confirmed_transcript_hash"]),
        ).encoded()
        assert context == raw(epoch["group_context"])
        init = _check_epoch(suite, epoch, init, context).init


def _check_epoch(suite: Suite, epoch: dict[str, Any], init: bytes, context: bytes) -> EpochSecrets:
    joiner = joiner_secret(suite, init, raw(epoch["commit_secret"]), context)
    assert joiner == raw(epoch["joiner_secret"])
    psk = raw(epoch["psk_secret"])
    assert welcome_secret(suite, joiner, psk) == raw(epoch["welcome_secret"])
    secrets = epoch_secrets(suite, joiner, psk, context)
    for name, field in FIELDS.items():
        assert getattr(secrets, field) == raw(epoch[name]), name
    assert secrets.external_key_pair(suite).public == raw(epoch["external_pub"])
    case = epoch["exporter"]
    exported = secrets.export(suite, case["label"].encode(), raw(case["context"]), case["length"])
    assert exported == raw(case["secret"])
    return secrets
