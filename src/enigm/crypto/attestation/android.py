"""Android's key attestation: a key, the device it lives in and how that device started.

Android Open Source Project, "Key and ID attestation", schema versions 3 to 400. Unverified on
hardware: checked with chains made by our own tests, which follow the published fields.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography import x509

from enigm.crypto import kdf
from enigm.crypto.attestation import der
from enigm.crypto.attestation.certificates import check_path, load_certificate, without_root
from enigm.crypto.attestation.errors import AttestationRefusedError, Reason
from enigm.crypto.attestation.evidence import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from enigm.crypto.attestation.der import Element

# Leaf, one to three of the maker or of remote provisioning, Google's root, which is cut off.
CHAIN_CERTIFICATES_MAX = 6
KEY_DESCRIPTION = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.1.17")

# SecurityLevel: software 0, trusted environment 1, StrongBox 2.
_HARDWARE_LEVELS = (1, 2)
# VerifiedBootState: the maker's key 0, the owner's key 1, unverified 2, failed 3.
_VERIFIED, _SELF_SIGNED = 0, 1
_GENERATED = 0  # KM_ORIGIN_GENERATED: made inside, not imported
# AuthorizationList's tags.
_ORIGIN, _ROOT_OF_TRUST, _OS_PATCH_LEVEL, _APPLICATION_ID = 702, 704, 706, 709
_DESCRIPTION_FIELDS = 8
_ROOT_OF_TRUST_FIELDS = (3, 4)  # verifiedBootHash came with version 3


@dataclass(frozen=True, slots=True)
class AndroidEvidence:
    """The key's certificate chain as the device gives it, leaf first (DER)."""

    chain: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AndroidVerifier:
    """What is accepted.

    Args:
        roots: Google's attestation roots, pinned by who runs the verifier.
        application_signers: SHA-256 of certificates that sign our application.
        revoked_serials: serial numbers from Google's status list, lower-case hexadecimal.
        owner_boot_keys: verified-boot keys of systems other than the maker's that are good.
        patch_level_min: the oldest good ``osPatchLevel``, as YYYYMM.
    """

    roots: Sequence[x509.Certificate] = field(repr=False)
    application_signers: Collection[bytes]
    patch_level_min: int
    revoked_serials: Collection[str] = ()
    owner_boot_keys: Collection[bytes] = ()

    def verify(self, evidence: AndroidEvidence, nonce: bytes, now_seconds: int) -> Finding:
        """Check chain, revocation, challenge, hardware, start, patches and application, in order.

        Raises:
            AttestationRefusedError: FORMAT, DEVICE_CHAIN, CERTIFICATE_REVOKED, NONCE,
                SECURITY_LEVEL, BOOT_STATE, PATCH_LEVEL, APPLICATION.
        """
        leaf = self._checked_leaf(evidence.chain, now_seconds)
        fields = _description(leaf)
        levels = [der.whole_number(fields[at], der.ENUMERATED) for at in (1, 3)]
        software = der.tagged(der.contents(fields[6], der.SEQUENCE))
        hardware = der.tagged(der.contents(fields[7], der.SEQUENCE))
        if not kdf.equal(der.octets_of(fields[4]), nonce):
            raise AttestationRefusedError(Reason.NONCE)
        if any(level not in _HARDWARE_LEVELS for level in levels) or _is_not_generated(hardware):
            raise AttestationRefusedError(Reason.SECURITY_LEVEL)
        state = self._boot_state(hardware)
        if _number(hardware, _OS_PATCH_LEVEL) < self.patch_level_min:
            raise AttestationRefusedError(Reason.PATCH_LEVEL)
        if not _signers(software) & set(self.application_signers):
            raise AttestationRefusedError(Reason.APPLICATION)
        return Finding("android-key", state)

    def _checked_leaf(self, chain: tuple[bytes, ...], now_seconds: int) -> x509.Certificate:
        if not 1 < len(chain) <= CHAIN_CERTIFICATES_MAX:
            raise AttestationRefusedError(Reason.DEVICE_CHAIN, "too short or too long")
        loaded = without_root([load_certificate(octets) for octets in chain], self.roots)
        check_path(loaded, self.roots, now_seconds, Reason.DEVICE_CHAIN)
        if any(f"{c.serial_number:x}" in self.revoked_serials for c in loaded):
            raise AttestationRefusedError(Reason.CERTIFICATE_REVOKED)
        # A key attested earlier may have signed more certificates: only the leaf may describe.
        describing = [c for c in loaded if _has_description(c)]
        if describing != loaded[:1]:
            raise AttestationRefusedError(Reason.DEVICE_CHAIN, "described elsewhere than once")
        return loaded[0]

    def _boot_state(self, hardware: dict[int, Element]) -> str:
        """Read rootOfTrust, from the list that hardware enforces and from nowhere else."""
        if _ROOT_OF_TRUST not in hardware:
            raise AttestationRefusedError(Reason.BOOT_STATE, "no root of trust from hardware")
        fields = der.contents(hardware[_ROOT_OF_TRUST], der.SEQUENCE)
        if len(fields) not in _ROOT_OF_TRUST_FIELDS:
            raise AttestationRefusedError(Reason.FORMAT, "another root of trust")
        boot_key = der.octets_of(fields[0])
        locked, state = der.truth(fields[1]), der.whole_number(fields[2], der.ENUMERATED)
        if not locked:
            raise AttestationRefusedError(Reason.BOOT_STATE, "unlocked")
        if state == _VERIFIED:
            return "maker's system"
        if state == _SELF_SIGNED and boot_key in self.owner_boot_keys:
            return "known system"
        raise AttestationRefusedError(Reason.BOOT_STATE, f"state {state}")


def _has_description(certificate: x509.Certificate) -> bool:
    return any(extension.oid == KEY_DESCRIPTION for extension in certificate.extensions)


def _description(leaf: x509.Certificate) -> list[Element]:
    value = leaf.extensions.get_extension_for_oid(KEY_DESCRIPTION).value
    assert isinstance(value, x509.UnrecognizedExtension)
    fields = der.contents(der.only(der.read_elements(value.value)), der.SEQUENCE)
    if len(fields) != _DESCRIPTION_FIELDS:
        raise AttestationRefusedError(Reason.FORMAT, "another key description")
    return fields


def _number(authorizations: dict[int, Element], tag: int) -> int:
    return der.whole_number(authorizations[tag]) if tag in authorizations else 0


def _is_not_generated(hardware: dict[int, Element]) -> bool:
    """Say whether hardware does not vouch that it made the key itself."""
    return _ORIGIN not in hardware or der.whole_number(hardware[_ORIGIN]) != _GENERATED


def _signers(software: dict[int, Element]) -> set[bytes]:
    """Return the digests of AttestationApplicationId: who signed the application."""
    if _APPLICATION_ID not in software:
        return set()
    inner = der.only(der.read_elements(der.octets_of(software[_APPLICATION_ID])))
    fields = der.contents(inner, der.SEQUENCE)
    # Two fields: the packages, the signers' digests.
    digests = der.contents(fields[1], der.SET) if len(fields) == 2 else []  # noqa: PLR2004
    return {der.octets_of(digest) for digest in digests}
