"""This machine's TPM: reads the endorsement, makes the attestation key, activates and quotes."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.agent.attestation.errors import TpmMissingError, TpmRefusedError
from enigm.crypto.attestation.endorsement import EK_ATTRIBUTES, EK_POLICY, UnverifiedEndorsement
from enigm.crypto.attestation.quote import PCRS, UnverifiedQuote
from enigm.crypto.attestation.structures import ObjectAttributes

# Failures come as exceptions; the library under them would print them as well.
os.environ.setdefault("TSS2_LOG", "all+none")

with warnings.catch_warnings():
    # tpm2-pytss 2.3 imports two ciphers from where cryptography no longer wants them.
    warnings.simplefilter("ignore")
    try:
        from tpm2_pytss.constants import ESYS_TR, TPM2_ALG, TPM2_SE, TPMA_OBJECT
        from tpm2_pytss.ESAPI import ESAPI
        from tpm2_pytss.TCTILdr import TCTILdr
        from tpm2_pytss.TSS2_Exception import TSS2_Exception
        from tpm2_pytss.types import (
            TPM2B_ENCRYPTED_SECRET,
            TPM2B_ID_OBJECT,
            TPM2B_PRIVATE,
            TPM2B_PUBLIC,
            TPM2B_SENSITIVE_CREATE,
            TPMT_SYM_DEF,
        )
    except ImportError as error:
        raise TpmMissingError(
            "The part that speaks to a TPM is not installed. Run: pip install 'enigm[tpm]'"
        ) from error

if TYPE_CHECKING:
    from collections.abc import Generator

    from enigm.crypto.attestation.attestation_key import Challenge

# The kernel's resource manager: several programs share the TPM through it.
TCTI_DEFAULT = "device:/dev/tpmrm0"

# TCG EK Credential Profile 2.5 §2.2.1.4: the RSA-2048 certificate's place in NV memory.
_EK_CERTIFICATE_INDEX = 0x01C00002
# A certificate begins as a DER sequence whose length stands in the next two bytes.
_DER_SEQUENCE_LONG = b"\x30\x82"
_DER_HEAD_BYTES = 4
# Template L-1 asks for this many zeros where the modulus will stand.
_EK_UNIQUE_BYTES = 256
# Every TPM reads at least this much of its NV memory at once.
_NV_PIECE_BYTES = 512

_AK_ATTRIBUTES = (
    ObjectAttributes.FIXED_TPM
    | ObjectAttributes.FIXED_PARENT
    | ObjectAttributes.SENSITIVE_DATA_ORIGIN
    | ObjectAttributes.USER_WITH_AUTH
    | ObjectAttributes.RESTRICTED
    | ObjectAttributes.SIGN
)


@dataclass(frozen=True, slots=True)
class KeptAttestationKey:
    """An attestation key as the agent keeps it: the TPM itself sealed the private part.

    ``public_area`` is TPMT_PUBLIC; ``sealed_private`` opens in this TPM alone.
    """

    public_area: bytes = field(repr=False)
    sealed_private: bytes = field(repr=False)


class Tpm:
    """One open connection to a TPM 2.0."""

    def __init__(self, esapi: ESAPI) -> None:
        """Use an open ESAPI; ``open_tpm`` makes one."""
        self._esapi = esapi

    def endorsement(self) -> UnverifiedEndorsement:
        """Read the endorsement certificate, and make the key it stands for again."""
        certificate = self._endorsement_certificate()
        with _refusals("show its endorsement key"), self._endorsement_key() as (_, public):
            return UnverifiedEndorsement(certificate, (), bytes(public.publicArea.marshal()))

    def create_attestation_key(
        self, attributes: ObjectAttributes = _AK_ATTRIBUTES
    ) -> KeptAttestationKey:
        """Make a fresh signing key beneath the endorsement key: ECDSA with SHA-256 on P-256."""
        template = TPM2B_PUBLIC.parse(
            "ecc256:ecdsa-sha256:null",
            objectAttributes=TPMA_OBJECT(attributes),
            nameAlg=TPM2_ALG.SHA256,
        )
        with (
            _refusals("make an attestation key"),
            self._endorsement_key() as (parent, _),
            self._endorsement_policy() as policy,
        ):
            private, public, *_ = self._esapi.create(
                parent, TPM2B_SENSITIVE_CREATE(), template, session1=policy
            )
        return KeptAttestationKey(bytes(public.publicArea.marshal()), bytes(private))

    def activate(self, key: KeptAttestationKey, challenge: Challenge) -> bytes:
        """Open the verifier's secret; raises TpmRefusedError for a challenge to another key."""
        with (
            _refusals("open a challenge that was made for another key"),
            self._endorsement_key() as (parent, _),
            self._loaded(parent, key) as loaded,
            self._endorsement_policy() as policy,
        ):
            secret = self._esapi.activate_credential(
                loaded,
                parent,
                TPM2B_ID_OBJECT(challenge.credential),
                TPM2B_ENCRYPTED_SECRET(challenge.encrypted_seed),
                session1=ESYS_TR.PASSWORD,
                session2=policy,
            )
            return bytes(secret)

    def quote(
        self, key: KeptAttestationKey, nonce: bytes, pcrs: tuple[int, ...] = PCRS
    ) -> UnverifiedQuote:
        """Sign the registers of the SHA-256 bank together with the verifier's nonce."""
        selection = "sha256:" + ",".join(map(str, pcrs))
        with (
            _refusals("quote its registers"),
            self._endorsement_key() as (parent, _),
            self._loaded(parent, key) as loaded,
        ):
            attest, signature = self._esapi.quote(loaded, selection, nonce)
        return UnverifiedQuote(bytes(attest), bytes(signature.marshal()), self.registers(pcrs))

    def registers(self, pcrs: tuple[int, ...] = PCRS) -> dict[int, bytes]:
        """Read registers of the SHA-256 bank, one by one: a TPM may answer with only some."""
        values: dict[int, bytes] = {}
        with _refusals("read its registers"):
            for index in pcrs:
                _, _, digests = self._esapi.pcr_read(f"sha256:{index}")
                values[index] = bytes(digests[0])
        return values

    def _endorsement_certificate(self) -> bytes:
        with _refusals("show its endorsement certificate"):
            place = self._esapi.tr_from_tpmpublic(_EK_CERTIFICATE_INDEX)
            public, _ = self._esapi.nv_read_public(place)
            size = public.nvPublic.dataSize
            pieces = [
                bytes(
                    self._esapi.nv_read(
                        place,
                        min(_NV_PIECE_BYTES, size - offset),
                        offset,
                        auth_handle=ESYS_TR.OWNER,
                    )
                )
                for offset in range(0, size, _NV_PIECE_BYTES)
            ]
        return _without_padding(b"".join(pieces))

    @contextmanager
    def _endorsement_key(self) -> Generator[tuple[ESYS_TR, TPM2B_PUBLIC]]:
        # Made again from the TPM's own seed each time: the same key, and no room taken.
        template = TPM2B_PUBLIC.parse(
            "rsa2048:aes128cfb",
            objectAttributes=TPMA_OBJECT(EK_ATTRIBUTES),
            nameAlg=TPM2_ALG.SHA256,
            authPolicy=EK_POLICY,
        )
        template.publicArea.unique.rsa = bytes(_EK_UNIQUE_BYTES)
        handle, public, *_ = self._esapi.create_primary(
            TPM2B_SENSITIVE_CREATE(), template, ESYS_TR.ENDORSEMENT
        )
        try:
            yield handle, public
        finally:
            self._esapi.flush_context(handle)

    @contextmanager
    def _endorsement_policy(self) -> Generator[ESYS_TR]:
        """Open the session that each single use of the endorsement key needs."""
        session = self._esapi.start_auth_session(
            ESYS_TR.NONE,
            ESYS_TR.NONE,
            TPM2_SE.POLICY,
            TPMT_SYM_DEF(algorithm=TPM2_ALG.NULL),
            TPM2_ALG.SHA256,
        )
        try:
            self._esapi.policy_secret(ESYS_TR.ENDORSEMENT, session, b"", b"", b"", 0)
            yield session
        finally:
            self._esapi.flush_context(session)

    @contextmanager
    def _loaded(self, parent: ESYS_TR, key: KeptAttestationKey) -> Generator[ESYS_TR]:
        public = TPM2B_PUBLIC.unmarshal(len(key.public_area).to_bytes(2, "big") + key.public_area)[
            0
        ]
        with self._endorsement_policy() as policy:
            handle = self._esapi.load(
                parent, TPM2B_PRIVATE(key.sealed_private), public, session1=policy
            )
        try:
            yield handle
        finally:
            self._esapi.flush_context(handle)


@contextmanager
def open_tpm(tcti: str = TCTI_DEFAULT) -> Generator[Tpm]:
    """Connect to a TPM, such as ``device:/dev/tpmrm0`` or ``swtpm:host=127.0.0.1,port=…``.

    Raises:
        TpmMissingError: there is none, or this user may not use it.
    """
    name, _, place = tcti.partition(":")
    try:
        esapi = ESAPI(TCTILdr(name, place))
    except (TSS2_Exception, ValueError) as error:
        raise TpmMissingError(f"No TPM answers at {tcti}, or this user may not use it.") from error
    with esapi:
        yield Tpm(esapi)


@contextmanager
def _refusals(deed: str) -> Generator[None]:
    try:
        yield
    except TSS2_Exception as error:
        raise TpmRefusedError(deed, str(error)) from error


def _without_padding(octets: bytes) -> bytes:
    """Cut what follows the certificate: its place in NV memory may be larger than it is."""
    if len(octets) < _DER_HEAD_BYTES or octets[:2] != _DER_SEQUENCE_LONG:
        raise TpmRefusedError("show its endorsement certificate", "no DER in NV memory")
    return octets[: _DER_HEAD_BYTES + int.from_bytes(octets[2:4], "big")]
