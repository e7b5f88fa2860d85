"""The device chain: what it accepts, and a refusal for each rule of docs/protocol.md §2."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.crypto.signatures import Ed25519, Hybrid, SigningKey
from enigm.wire.device_chain import (
    CERTIFY_ENTRIES_MAX,
    ENTRIES_MAX,
    TRUSTED_DEVICES_MAX,
    ChainEntry,
    ChainRefusedError,
    DeviceChain,
    Issuer,
    Kind,
    UnverifiedChain,
    device_id_of,
    fingerprint_of,
    read_entry,
)
from tests.support.entropy import FakeEntropy

ENTROPY = FakeEntropy(b"device chain")
ROOT = Hybrid.generate(ENTROPY)
NOW = 1_795_000_000


def _device() -> SigningKey:
    return Ed25519.generate(ENTROPY)


FIRST, SECOND, THIRD = _device(), _device(), _device()


def _chain() -> DeviceChain:
    empty = DeviceChain.empty(ROOT.public)
    return empty.append(empty.by_root(Kind.CERTIFY, FIRST.public, ROOT, NOW))


def _with_second() -> DeviceChain:
    chain = _chain()
    return chain.append(chain.by_device(Kind.CERTIFY, SECOND.public, FIRST, NOW + 5))


def _forged(chain: DeviceChain, change: dict[str, object], issuer: SigningKey = FIRST) -> bytes:
    """Make an entry with one thing changed, and sign it anew with the issuer's true key."""
    entry = ChainEntry(
        Kind.CERTIFY,
        len(chain.entries),
        chain.head,
        chain.fingerprint,
        THIRD.public,
        Issuer.DEVICE,
        issuer.public,
        NOW,
    )
    changed = replace(entry, **change)  # type: ignore[arg-type]
    signature = Ed25519.sign(issuer.private, b"enigm device chain v1" + changed.signed_bytes())
    return replace(changed, signature=signature).encode()


def test_the_unchanged_forgery_is_accepted() -> None:
    # The control: without it the refusals below could have any cause.
    chain = _chain()
    assert THIRD.public in chain.append(_forged(chain, {})).trusted


def test_the_root_certifies_a_device_and_a_device_the_next() -> None:
    chain = _with_second()
    assert chain.trusted == {FIRST.public: NOW, SECOND.public: NOW + 5}
    assert UnverifiedChain(ROOT.public, chain.entries).verify(chain.fingerprint) == chain


@pytest.mark.parametrize("revoker", [FIRST, SECOND])
def test_a_device_revokes_another_or_itself(revoker: SigningKey) -> None:
    chain = _with_second()
    longer = chain.append(chain.by_device(Kind.REVOKE, SECOND.public, revoker, NOW + 9))
    assert longer.trusted == {FIRST.public: NOW}
    assert longer.revoked == {SECOND.public: NOW + 9}
    assert SECOND.public in chain.trusted, "the shorter chain stays what it was"


def test_a_revoked_device_never_returns() -> None:
    chain = _with_second()
    chain = chain.append(chain.by_root(Kind.REVOKE, SECOND.public, ROOT, NOW))
    with pytest.raises(ChainRefusedError, match="already in the chain"):
        chain.by_root(Kind.CERTIFY, SECOND.public, ROOT, NOW)
    with pytest.raises(ChainRefusedError, match="already in the chain"):
        chain.by_device(Kind.CERTIFY, SECOND.public, FIRST, NOW)


def test_a_revoked_device_signs_nothing_more() -> None:
    chain = _with_second()
    chain = chain.append(chain.by_root(Kind.REVOKE, SECOND.public, ROOT, NOW))
    with pytest.raises(ChainRefusedError, match="not a trusted device"):
        chain.by_device(Kind.REVOKE, FIRST.public, SECOND, NOW)


def test_a_strangers_device_signs_nothing() -> None:
    with pytest.raises(ChainRefusedError, match="not a trusted device"):
        _chain().by_device(Kind.CERTIFY, SECOND.public, SECOND, NOW)


def test_another_root_signs_nothing() -> None:
    other = SigningKey(Hybrid.generate(ENTROPY).private, ROOT.public)
    with pytest.raises(ChainRefusedError, match="does not verify"):
        _chain().by_root(Kind.CERTIFY, SECOND.public, other, NOW)


def test_an_untrusted_device_is_not_revoked() -> None:
    with pytest.raises(ChainRefusedError, match="Only a trusted device"):
        _chain().by_device(Kind.REVOKE, SECOND.public, FIRST, NOW)


def test_a_device_is_certified_once() -> None:
    with pytest.raises(ChainRefusedError, match="already in the chain"):
        _chain().by_root(Kind.CERTIFY, FIRST.public, ROOT, NOW)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sequence": 0}, "does not follow"),
        ({"sequence": 2}, "does not follow"),
        ({"previous": bytes(32)}, "does not follow"),
        ({"fingerprint": bytes(32)}, "another account"),
        ({"issuer_public": SECOND.public}, "not a trusted device"),
    ],
)
def test_an_entry_in_another_place_is_refused(change: dict[str, object], reason: str) -> None:
    chain = _chain()
    with pytest.raises(ChainRefusedError, match=reason):
        chain.append(_forged(chain, change))


def test_a_chain_without_its_first_entry_is_refused() -> None:
    chain = _with_second()
    with pytest.raises(ChainRefusedError):
        UnverifiedChain(ROOT.public, chain.entries[1:]).verify()


def test_a_chain_in_another_order_is_refused() -> None:
    chain = _with_second()
    with pytest.raises(ChainRefusedError):
        UnverifiedChain(ROOT.public, chain.entries[::-1]).verify()


@pytest.mark.parametrize("entries", [[], [b""] * (ENTRIES_MAX + 1)])
def test_an_empty_or_endless_chain_is_refused(entries: list[bytes]) -> None:
    with pytest.raises(ChainRefusedError, match="1 to 256"):
        UnverifiedChain(ROOT.public, entries).verify()


def test_a_chain_of_another_root_than_expected_is_refused() -> None:
    chain = _chain()
    with pytest.raises(ChainRefusedError, match="not the one that was expected"):
        UnverifiedChain(ROOT.public, chain.entries).verify(bytes(32))
    other = Hybrid.generate(ENTROPY).public
    with pytest.raises(ChainRefusedError, match="another account"):
        UnverifiedChain(other, chain.entries).verify(fingerprint_of(other))


def test_a_root_key_of_another_length_is_refused() -> None:
    with pytest.raises(ChainRefusedError, match="1984"):
        DeviceChain.empty(ROOT.public[:-1])


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=7))
def test_one_changed_bit_anywhere_is_refused(place: int, bit: int) -> None:
    chain = _with_second()
    entry = bytearray(chain.entries[1])
    entry[place % len(entry)] ^= 1 << bit
    with pytest.raises(ChainRefusedError):
        UnverifiedChain(ROOT.public, [chain.entries[0], bytes(entry)]).verify()


@given(st.binary(max_size=4000))
def test_arbitrary_bytes_are_refused_or_come_back_as_they_were(octets: bytes) -> None:
    try:
        entry = read_entry(octets)
    except ChainRefusedError:
        return
    assert entry.encode() == octets


def test_every_entry_reads_back_as_it_was() -> None:
    for octets in _with_second().entries:
        assert read_entry(octets).encode() == octets


@pytest.mark.parametrize("extra", [b"", b"\x00"])
def test_a_cut_or_longer_entry_is_refused(extra: bytes) -> None:
    for octets in _with_second().entries:
        with pytest.raises(ChainRefusedError):
            read_entry(octets + extra if extra else octets[:-1])


def test_an_account_has_a_bounded_number_of_devices() -> None:
    chain = _chain()
    while len(chain.trusted) < TRUSTED_DEVICES_MAX:
        chain = chain.append(chain.by_device(Kind.CERTIFY, _device().public, FIRST, NOW))
    with pytest.raises(ChainRefusedError, match="as many trusted devices"):
        chain.by_device(Kind.CERTIFY, _device().public, FIRST, NOW)


def test_a_full_chain_can_still_revoke_every_device() -> None:
    chain = _chain()
    while len(chain.entries) < CERTIFY_ENTRIES_MAX:
        device = _device().public
        chain = chain.append(chain.by_device(Kind.CERTIFY, device, FIRST, NOW))
        if (
            len(chain.entries) < CERTIFY_ENTRIES_MAX
            and len(chain.trusted) > TRUSTED_DEVICES_MAX - 2
        ):
            chain = chain.append(chain.by_device(Kind.REVOKE, device, FIRST, NOW))
    with pytest.raises(ChainRefusedError, match="full"):
        chain.by_device(Kind.CERTIFY, _device().public, FIRST, NOW)
    for device in list(chain.trusted):
        chain = chain.append(chain.by_root(Kind.REVOKE, device, ROOT, NOW))
    assert not chain.trusted
    assert len(chain.entries) <= ENTRIES_MAX


def test_ids_differ_from_fingerprints_and_keys() -> None:
    assert len(device_id_of(FIRST.public)) == 16
    assert device_id_of(FIRST.public) != device_id_of(SECOND.public)
    assert len(fingerprint_of(ROOT.public)) == 32
