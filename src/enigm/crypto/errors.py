"""How cryptography says no: malformed keys and input, and proofs that fail."""

from __future__ import annotations

from enigm.foundation.errors import InvalidError, UnverifiableError


class InvalidKeyError(InvalidError):
    """Bytes that are no key of the expected kind."""

    def __init__(self, detail: str) -> None:
        """Name the kind of key that was expected, never the bytes."""
        super().__init__("crypto.key", detail)


class SignatureInvalidError(UnverifiableError):
    """A signature does not fit its key, message and context."""

    def __init__(self, detail: str = "The signature does not verify.") -> None:
        """Say which signature failed."""
        super().__init__("crypto.signature", detail)


class DecryptionFailedError(UnverifiableError):
    """A ciphertext was altered, or was closed for another key or another context."""

    def __init__(self, detail: str = "The ciphertext does not open with this key.") -> None:
        """Say which ciphertext failed; one answer for every cause."""
        super().__init__("crypto.ciphertext", detail)


class MalformedTokenError(InvalidError):
    """Bytes that are no token, blinded element, evaluation or proof."""

    def __init__(self, detail: str) -> None:
        """Say which of them was expected."""
        super().__init__("crypto.token_format", detail)


class TokenRefusedError(UnverifiableError):
    """A token that this issuer never signed, or an evaluation whose proof fails."""

    def __init__(self, detail: str) -> None:
        """Say which of the two it is."""
        super().__init__("crypto.token", detail)
