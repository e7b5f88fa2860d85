"""Each way to cheat with a quote is refused by its own code."""

from __future__ import annotations

import dataclasses
import hashlib
import struct

import pytest

from enigm.crypto.attestation.errors import AttestationRefusedError
from enigm.crypto.attestation.quote import PCRS, UnverifiedQuote, bound_nonce, verify_quote
from tests.crypto.attestation.paper_tpm import PaperTpm, selection

TPM = PaperTpm()
KEY = TPM.accepted_key()
NONCE = hashlib.sha256(b"nonce").digest()


def refusal_of(quote: UnverifiedQuote, nonce: bytes = NONCE) -> str:
    with pytest.raises(AttestationRefusedError) as refused:
        verify_quote(quote, KEY, nonce)
    return refused.value.code


@pytest.mark.requirement("ATT-01")
def test_an_honest_quote_gives_its_registers_and_counts() -> None:
    verified = verify_quote(TPM.quote(NONCE), KEY, NONCE)
    assert verified.pcr_values == {index: TPM.registers[index] for index in PCRS}
    assert (verified.reset_count, verified.restart_count) == (7, 2)


@pytest.mark.requirement("ATT-01")
def test_a_replayed_quote_is_refused_for_its_nonce() -> None:
    assert refusal_of(TPM.quote(b"yesterday's nonce".ljust(32))) == "attestation.nonce"
    assert refusal_of(TPM.quote(NONCE[:31])) == "attestation.nonce"


def test_a_quote_for_another_devices_challenge_is_refused() -> None:
    mine, other = bound_nonce(NONCE, b"my key"), bound_nonce(NONCE, b"another's key")
    assert verify_quote(TPM.quote(mine), KEY, mine)
    assert refusal_of(TPM.quote(other), mine) == "attestation.nonce"
    assert len(mine) == 32
    assert bound_nonce(b"ab", b"c") != bound_nonce(b"a", b"bc")


@pytest.mark.requirement("ATT-01")
def test_a_forged_list_of_registers_is_refused() -> None:
    honest = TPM.quote(NONCE)
    values = dict(honest.pcr_values)
    values[7] = bytes(32)
    assert refusal_of(dataclasses.replace(honest, pcr_values=values)) == "attestation.pcr_digest"


@pytest.mark.parametrize("cheat", ["missing", "extra", "short", "shifted"])
def test_a_list_of_other_registers_or_sizes_is_refused(cheat: str) -> None:
    honest = TPM.quote(NONCE)
    values = dict(honest.pcr_values)
    if cheat == "missing":
        del values[11]
    elif cheat == "extra":
        values[12] = bytes(32)
    elif cheat == "short":
        values[0] = values[0][:31]
    else:  # the same bytes in all, cut in other places
        values[0], values[1] = values[0] + values[1][:1], values[1][1:]
    assert refusal_of(dataclasses.replace(honest, pcr_values=values)) == "attestation.pcr_digest"


@pytest.mark.requirement("ATT-01")
@pytest.mark.parametrize("at", [40, 60, 90, 110, -1])
def test_a_flipped_bit_is_refused_by_the_signature(at: int) -> None:
    honest = TPM.quote(NONCE)
    attest = bytearray(honest.attest)
    attest[at] ^= 1
    assert refusal_of(dataclasses.replace(honest, attest=bytes(attest))) == "attestation.signature"


@pytest.mark.requirement("ATT-01")
def test_a_quote_by_another_key_is_refused() -> None:
    assert refusal_of(PaperTpm().quote(NONCE)) == "attestation.signature"


@pytest.mark.requirement("ATT-01")
def test_a_narrowed_selection_is_refused() -> None:
    assert refusal_of(TPM.quote(NONCE, (0, 1, 2, 3, 4, 7))) == "attestation.pcr_selection"


@pytest.mark.parametrize(
    "selections",
    [
        struct.pack(">I", 0),
        selection(PCRS, algorithm=0x0004),
        selection((*PCRS, 12)),
        struct.pack(">I", 2) + selection(PCRS)[4:] * 2,
        struct.pack(">I", 0xFFFFFFFF),
    ],
    ids=["none", "another bank", "wider", "two banks", "endless"],
)
def test_any_other_selection_is_refused(selections: bytes) -> None:
    attest = TPM.attest(NONCE).replace(selection(PCRS), selections)
    values = {index: TPM.registers[index] for index in PCRS}
    assert refusal_of(TPM.signed(attest, values)) == "attestation.pcr_selection"


@pytest.mark.requirement("ATT-01")
def test_trailing_bytes_are_refused_although_they_are_signed() -> None:
    attest = TPM.attest(NONCE) + b"\x00"
    values = {index: TPM.registers[index] for index in PCRS}
    assert refusal_of(TPM.signed(attest, values)) == "attestation.format"


def test_trailing_bytes_after_a_signature_are_refused() -> None:
    honest = TPM.quote(NONCE)
    longer = dataclasses.replace(honest, signature=honest.signature + b"\x00")
    assert refusal_of(longer) == "attestation.format"


def test_a_signature_with_another_hash_is_refused() -> None:
    honest = TPM.quote(NONCE)
    other = honest.signature[:2] + b"\x00\x04" + honest.signature[4:]
    assert refusal_of(dataclasses.replace(honest, signature=other)) == "attestation.signature"


@pytest.mark.parametrize("forged", [b"", b"\xffTC", b"\xffTCG\x80\x17"])
def test_what_is_no_quote_is_refused(forged: bytes) -> None:
    code = refusal_of(TPM.signed(forged, {}))
    assert code in {"attestation.format", "attestation.not_a_quote"}


@pytest.mark.requirement("ATT-01")
def test_bytes_that_no_tpm_generated_are_refused_although_they_are_signed() -> None:
    attest = TPM.attest(NONCE, magic=0xFF544348)
    values = {index: TPM.registers[index] for index in PCRS}
    assert refusal_of(TPM.signed(attest, values)) == "attestation.not_a_quote"
