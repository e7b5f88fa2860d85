"""A Welcome's secrets and group info (welcome.json)."""

from __future__ import annotations

from enigm.crypto.mls.key_schedule import epoch_secrets
from enigm.crypto.mls.member.joining import open_group_info, open_group_secrets
from enigm.crypto.mls.messages import decode_welcome
from tests.vectors.reading import Vector, bundle_of, raw, suite_of


def check(vector: Vector) -> None:
    suite = suite_of(vector)
    welcome = decode_welcome(raw(vector["welcome"]))
    bundle = bundle_of(vector, encryption_private=b"", signing_private=b"")
    secrets = open_group_secrets(welcome, bundle)
    assert not secrets.psks
    psk = bytes(suite.hash_length)
    info = open_group_info(suite, welcome, secrets.joiner_secret, psk)
    assert info.signature_holds(suite, raw(vector["signer_pub"]))
    keys = epoch_secrets(suite, secrets.joiner_secret, psk, info.context.encoded())
    tag = suite.mac(keys.confirmation, info.context.confirmed_transcript_hash)
    assert tag == info.confirmation_tag
