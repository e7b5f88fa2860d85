"""Key derivation against RFC 5869, RFC 9106 and the library's own HKDF."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from enigm.crypto import kdf

HASHES = {"sha256": hashes.SHA256(), "sha512": hashes.SHA512()}


def test_rfc5869_appendix_a_1() -> None:
    prk = kdf.extract("sha256", bytes(range(13)), b"\x0b" * 22)
    okm = kdf.expand("sha256", prk, bytes(range(0xF0, 0xFA)), 42)
    assert okm.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )


@given(
    hash_name=st.sampled_from(["sha256", "sha512"]),
    salt=st.binary(max_size=150),
    ikm=st.binary(max_size=80),
    info=st.binary(max_size=80),
    length=st.integers(1, 255 * 32),
)
def test_extract_and_expand_equal_the_librarys_hkdf(
    hash_name: kdf.HashName, salt: bytes, ikm: bytes, info: bytes, length: int
) -> None:
    ours = kdf.expand(hash_name, kdf.extract(hash_name, salt, ikm), info, length)
    theirs = HKDF(HASHES[hash_name], length, salt, info).derive(ikm)
    assert ours == theirs


def test_more_than_255_blocks_are_a_programming_error() -> None:
    with pytest.raises(RuntimeError):
        kdf.expand("sha256", bytes(32), b"", 255 * 32 + 1)


def test_rfc4231_test_case_2() -> None:
    tag = kdf.mac("sha256", b"Jefe", b"what do ya want for nothing?")
    assert tag.hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert kdf.equal(tag, bytes(tag))
    assert not kdf.equal(tag, tag[:-1])


def test_the_vaults_cost_is_the_second_option_of_rfc9106() -> None:
    assert (kdf.VAULT_MEMORY_KIB, kdf.VAULT_PASSES, kdf.VAULT_LANES) == (65536, 3, 4)


def test_stretching_depends_on_password_salt_and_cost() -> None:
    cheap = {"memory_kib": 64, "passes": 1, "lanes": 1}
    salt = b"0123456789abcdef"
    keys = {
        kdf.argon2id(b"password", salt, **cheap),
        kdf.argon2id(b"passwore", salt, **cheap),
        kdf.argon2id(b"password", salt[::-1], **cheap),
        kdf.argon2id(b"password", salt, memory_kib=128, passes=1, lanes=1),
    }
    assert {len(key) for key in keys} == {32}
    assert len(keys) == 4
    assert kdf.argon2id(b"password", salt, **cheap) in keys


def test_a_short_salt_is_a_programming_error() -> None:
    with pytest.raises(RuntimeError):
        kdf.argon2id(b"password", b"short")


@pytest.mark.timeout(60)
def test_two_passwords_are_stretched_at_once_and_neither_waits_for_ever() -> None:
    salt = bytes(16)
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(kdf.argon2id, bytes([n % 2]), salt) for n in range(8)]
        assert len({each.result() for each in asked}) == 2
