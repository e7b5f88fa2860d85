"""Confirmed and interim transcript hashes, and the confirmation tag (transcript-hashes.json)."""

from __future__ import annotations

from enigm.crypto.mls.codec import read_whole
from enigm.crypto.mls.framing import UnverifiedContent, VerifiedContent
from enigm.crypto.mls.transcript import confirmed_transcript_hash, interim_transcript_hash
from tests.vectors.reading import Vector, raw, suite_of


def check(vector: Vector) -> None:
    suite = suite_of(vector)
    read = read_whole(raw(vector["authenticated_content"]), UnverifiedContent.read)
    # The vector gives no signature key: its signature is taken as verified.
    commit = VerifiedContent(read.wire_format, read.content, read.auth)
    before = raw(vector["interim_transcript_hash_before"])
    confirmed = confirmed_transcript_hash(suite, before, commit)
    assert confirmed == raw(vector["confirmed_transcript_hash_after"])
    tag = commit.auth.confirmation_tag
    assert tag is not None
    assert tag == suite.mac(raw(vector["confirmation_key"]), confirmed)
    interim = interim_transcript_hash(suite, confirmed, tag)
    assert interim == raw(vector["interim_transcript_hash_after"])
