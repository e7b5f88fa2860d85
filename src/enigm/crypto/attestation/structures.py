"""Strict readers of the TPM 2.0 structures that a verifier meets (TPM 2.0 Library, Part 2).

A structure is read whole or not at all: lengths must fit exactly and nothing may follow.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntFlag
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from enigm.crypto.attestation.errors import AttestationRefusedError, Reason

if TYPE_CHECKING:
    from typing import NoReturn

# Part 2 §6.3 and §6.4: algorithm and curve identifiers.
ALG_RSA = 0x0001
ALG_AES = 0x0006
ALG_SHA256 = 0x000B
ALG_NULL = 0x0010
ALG_ECDSA = 0x0018
ALG_ECC = 0x0023
ALG_CFB = 0x0043
CURVE_P256 = 0x0003

MAGIC_GENERATED = 0xFF544347  # Part 2 §6.2: only a TPM may sign bytes that begin so
STRUCTURE_QUOTE = 0x8018  # Part 2 §6.9: TPM_ST_ATTEST_QUOTE

# A register bitmap has one bit per register; real TPMs have 24 registers: three bytes.
PCR_BITMAP_BYTES = 3
PCR_COUNT = PCR_BITMAP_BYTES * 8
# The largest structure we accept is an RSA public area of about 320 bytes.
STRUCTURE_BYTES_MAX = 1024

# TPMS_CLOCK_INFO (Part 2 §10.11.1) and firmware version: clock, resets, restarts, safe, version.
_CLOCK_AND_FIRMWARE = struct.Struct(">QIIBQ")
_RSA_EXPONENT_DEFAULT = 65537


class ObjectAttributes(IntFlag):
    """TPMA_OBJECT (Part 2 §8.3): what a key in a TPM is and may be used for."""

    FIXED_TPM = 1 << 1
    ST_CLEAR = 1 << 2
    FIXED_PARENT = 1 << 4
    SENSITIVE_DATA_ORIGIN = 1 << 5
    USER_WITH_AUTH = 1 << 6
    ADMIN_WITH_POLICY = 1 << 7
    NO_DA = 1 << 10
    ENCRYPTED_DUPLICATION = 1 << 11
    RESTRICTED = 1 << 16
    DECRYPT = 1 << 17
    SIGN = 1 << 18
    X509_SIGN = 1 << 19


class PcrSelection(NamedTuple):
    """Which registers of which hash's bank: TPMS_PCR_SELECTION (Part 2 §10.6.2)."""

    hash_algorithm: int
    bitmap: bytes


@cache
def selection_of(pcrs: tuple[int, ...]) -> PcrSelection:
    """Return the selection of these registers of the SHA-256 bank."""
    bits = sum(1 << index for index in set(pcrs))
    return PcrSelection(ALG_SHA256, bits.to_bytes(PCR_BITMAP_BYTES, "little"))


class QuotedState(NamedTuple):
    """TPMS_ATTEST of a quote (Part 2 §10.12.8): what the TPM says, still to be verified."""

    nonce: bytes
    reset_count: int
    restart_count: int
    firmware_version: int
    selections: tuple[PcrSelection, ...]
    pcr_digest: bytes


@dataclass(frozen=True, slots=True)
class EccPublic:
    """An ECC public area's own part: TPMS_ECC_PARMS and the point."""

    symmetric: int
    scheme: int
    scheme_hash: int
    curve: int
    kdf: int
    x: bytes
    y: bytes


@dataclass(frozen=True, slots=True)
class RsaPublic:
    """An RSA public area's own part: TPMS_RSA_PARMS and the modulus."""

    symmetric: tuple[int, int, int]
    scheme: int
    key_bits: int
    exponent: int
    modulus: bytes


@dataclass(frozen=True, slots=True)
class PublicArea:
    """TPMT_PUBLIC (Part 2 §12.2.4) of an ECC or RSA key."""

    name_algorithm: int
    attributes: int
    policy: bytes
    key: EccPublic | RsaPublic


class EcdsaSignature(NamedTuple):
    """TPMT_SIGNATURE (Part 2 §11.3.4) by ECDSA."""

    hash_algorithm: int
    r: int
    s: int


class StructureReader:
    """Reads big-endian fields in order; whatever does not fit is refused as a whole."""

    __slots__ = ("_at", "_octets")

    def __init__(self, octets: bytes) -> None:
        """Start at the first byte."""
        if len(octets) > STRUCTURE_BYTES_MAX:
            _refuse("longer than any structure we accept")
        self._octets = octets
        self._at = 0

    def take(self, length_bytes: int) -> bytes:
        """Return the next bytes."""
        end = self._at + length_bytes
        if end > len(self._octets):
            _refuse("ends too early")
        taken = self._octets[self._at : end]
        self._at = end
        return taken

    def number(self, length_bytes: int) -> int:
        """Return the next unsigned integer of this many bytes."""
        return int.from_bytes(self.take(length_bytes), "big")

    def sized(self) -> bytes:
        """Return the next TPM2B: two bytes of length, then as many bytes."""
        return self.take(self.number(2))

    def end(self) -> None:
        """Insist that everything was read."""
        if self._at != len(self._octets):
            _refuse("bytes follow the structure")


def read_quoted_state(octets: bytes) -> QuotedState:
    """Read TPMS_ATTEST; magic and type come first, so that nothing else is taken for a quote.

    Raises:
        AttestationRefusedError: NOT_A_QUOTE, FORMAT.
    """
    reader = StructureReader(octets)
    if reader.number(4) != MAGIC_GENERATED or reader.number(2) != STRUCTURE_QUOTE:
        raise AttestationRefusedError(Reason.NOT_A_QUOTE)
    reader.sized()  # the signing key's qualified name; the signature says which key it is
    nonce = reader.sized()
    _, resets, restarts, safe, firmware = _CLOCK_AND_FIRMWARE.unpack(
        reader.take(_CLOCK_AND_FIRMWARE.size)
    )
    if safe > 1:
        _refuse("a yes or no is neither")
    selections, pcr_digest = _selections(reader), reader.sized()
    reader.end()
    return QuotedState(nonce, resets, restarts, firmware, selections, pcr_digest)


def read_public_area(octets: bytes) -> PublicArea:
    """Read TPMT_PUBLIC of an ECC or RSA key; raises AttestationRefusedError FORMAT."""
    reader = StructureReader(octets)
    kind, name_algorithm, attributes = reader.number(2), reader.number(2), reader.number(4)
    policy = reader.sized()
    if kind == ALG_ECC:
        key: EccPublic | RsaPublic = _ecc(reader)
    elif kind == ALG_RSA:
        key = _rsa(reader)
    else:
        _refuse("neither an ECC nor an RSA key")
    reader.end()
    return PublicArea(name_algorithm, attributes, policy, key)


def read_signature(octets: bytes) -> EcdsaSignature:
    """Read TPMT_SIGNATURE by ECDSA; raises AttestationRefusedError FORMAT."""
    reader = StructureReader(octets)
    if reader.number(2) != ALG_ECDSA:
        _refuse("not an ECDSA signature")
    hash_algorithm = reader.number(2)
    r, s = reader.sized(), reader.sized()
    reader.end()
    return EcdsaSignature(hash_algorithm, int.from_bytes(r, "big"), int.from_bytes(s, "big"))


def _selections(reader: StructureReader) -> tuple[PcrSelection, ...]:
    count = reader.number(4)
    # Our quotes ask for one bank; a long list is only there to be costly.
    if count > 1:
        raise AttestationRefusedError(Reason.PCR_SELECTION, "more than one bank is quoted")
    return tuple(_selection(reader) for _ in range(count))


def _selection(reader: StructureReader) -> PcrSelection:
    return PcrSelection(reader.number(2), reader.take(reader.number(1)))


def _ecc(reader: StructureReader) -> EccPublic:
    symmetric = reader.number(2)
    if symmetric != ALG_NULL:
        _refuse("a signing key has no symmetric part")
    scheme = reader.number(2)
    scheme_hash = ALG_NULL if scheme == ALG_NULL else reader.number(2)
    curve, kdf = reader.number(2), reader.number(2)
    if kdf != ALG_NULL:
        _refuse("a signing key has no derivation")
    return EccPublic(symmetric, scheme, scheme_hash, curve, kdf, reader.sized(), reader.sized())


def _rsa(reader: StructureReader) -> RsaPublic:
    symmetric = (reader.number(2), reader.number(2), reader.number(2))
    scheme = reader.number(2)
    if scheme != ALG_NULL:
        _refuse("an endorsement key has no scheme of its own")
    key_bits = reader.number(2)
    # Part 2 §12.2.3.5: zero stands for the usual exponent.
    exponent = reader.number(4) or _RSA_EXPONENT_DEFAULT
    return RsaPublic(symmetric, scheme, key_bits, exponent, reader.sized())


def _refuse(trace: str) -> NoReturn:
    raise AttestationRefusedError(Reason.FORMAT, trace)
