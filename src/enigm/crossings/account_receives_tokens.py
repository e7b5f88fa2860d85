"""Accounts → messaging and the directory. An account has tokens signed that nobody can trace back.

Carries:    blinded inputs one way and signed ones back; later, a token that nobody has seen.
Withholds:  which account a token was signed for: the signer itself cannot tell (RFC 9497).
Dies:       when the token is spent, once, on the channel path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.accounts.model import SignedTokens

if TYPE_CHECKING:
    from enigm.crypto.tokens import TokenIssuer


class AccountReceivesTokens:
    """Provides ``accounts.needs.TokenSigner`` and ``messaging.needs.Admission``."""

    def __init__(self, issuer: TokenIssuer) -> None:
        """Keep the issuer's key."""
        self._issuer = issuer

    def public_key(self) -> bytes:
        """Return the published key."""
        return self._issuer.public_key

    def evaluate(self, blinded: list[bytes]) -> SignedTokens:
        """Sign blinded inputs."""
        evaluation = self._issuer.evaluate(blinded)
        return SignedTokens(evaluation.elements, evaluation.proof, self._issuer.public_key)

    def redeem(self, token: bytes) -> bytes:
        """Recognise a token and return its input; whoever asks remembers that it is spent."""
        return self._issuer.redeem(token)
