"""RFC 9420 §2.1: the presentation language."""

from __future__ import annotations

import pytest

from enigm.crypto.mls.codec import Reader, read_whole
from enigm.crypto.mls.errors import Rule
from enigm.crypto.mls.messages import decode_message
from tests.conformance.conftest import Trio, person
from tests.support.frankenstein import refused, refuses


@pytest.mark.parametrize("keep", [0, 1, 3, 5, 20, -1])
def test_rfc9420_2_1_truncated_messages_are_refused(trio: Trio, keep: int) -> None:
    refused(trio.bob, trio.alice.group.encrypt(b"hello")[:keep], Rule.CODEC_TRUNCATED)


def test_rfc9420_2_1_trailing_bytes_are_refused(trio: Trio) -> None:
    refused(trio.bob, trio.alice.group.encrypt(b"hello") + b"\x00", Rule.CODEC_TRAILING)


@pytest.mark.parametrize(
    "encoded",
    ["4000", "403f", "80000000", "80003fff", "c0000000", "ff"],
    ids=["two for none", "two for one", "four for none", "four for two", "prefix 3", "only ones"],
)
def test_rfc9420_2_1_2_lengths_not_in_shortest_form_are_refused(encoded: str) -> None:
    content = bytes.fromhex(encoded) + bytes(0x4000)
    refuses(lambda: Reader(content).opaque(), Rule.CODEC_LENGTH)


def test_rfc9420_2_1_1_a_presence_octet_of_two_is_refused() -> None:
    refuses(lambda: read_whole(b"\x02", Reader.present), Rule.CODEC_OPTIONAL)


@pytest.mark.parametrize("wire_format", [0, 6, 0xFFFF])
def test_rfc9420_6_undefined_wire_formats_are_refused(wire_format: int) -> None:
    message = b"\x00\x01" + wire_format.to_bytes(2, "big")
    refuses(lambda: decode_message(message), Rule.CODEC_VALUE)


@pytest.mark.parametrize("version", [0, 2, 0xFFFF])
def test_rfc9420_6_other_protocol_versions_are_refused(version: int) -> None:
    message = version.to_bytes(2, "big") + person("dave").key_package()[2:]
    refuses(lambda: decode_message(message), Rule.VERSION_UNKNOWN)
