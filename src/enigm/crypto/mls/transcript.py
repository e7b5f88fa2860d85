"""Transcript hashes: the group's history in one value (RFC 9420 §8.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.crypto.mls.codec import opaque, u16

if TYPE_CHECKING:
    from enigm.crypto.mls.ciphersuite import Suite
    from enigm.crypto.mls.framing import VerifiedContent


def confirmed_transcript_hash(suite: Suite, interim: bytes, commit: VerifiedContent) -> bytes:
    """Add a commit, without its confirmation tag, to the transcript."""
    signature = opaque(commit.auth.signature)
    return suite.hash(
        b"".join((interim, u16(commit.wire_format), commit.content.encoded, signature))
    )


def interim_transcript_hash(suite: Suite, confirmed: bytes, confirmation_tag: bytes) -> bytes:
    """Add the confirmation tag to the transcript."""
    return suite.hash(confirmed + opaque(confirmation_tag))
