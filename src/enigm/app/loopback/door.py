"""Who may come in: a token that opens the door once, and the session it is exchanged for."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.foundation.entropy import Entropy

# 32 bytes cannot be guessed, so no count of failed tries is needed.
_SECRET_BYTES = 32
# One person has a few tabs; beyond that the oldest session ends.
SESSIONS_MAX = 8


class Door:
    """Holds one unused token and the live sessions, in memory only.

    A token is burned at its first use and another takes its place: only who can read the
    profile's folder learns it (``on_new_token`` writes it there).
    """

    def __init__(self, entropy: Entropy, on_new_token: Callable[[str], None] | None = None) -> None:
        """Make the first token."""
        self._entropy = entropy
        self._on_new_token = on_new_token
        self._sessions: deque[str] = deque(maxlen=SESSIONS_MAX)
        self._token = self._next_token()

    @property
    def token(self) -> str:
        """The token that has not been used yet."""
        return self._token

    def exchange(self, token: str) -> str | None:
        """Burn the token and return a new session, or None when it is not the unused token."""
        if not _same(token, self._token):
            return None
        self._token = self._next_token()
        session = self._secret()
        self._sessions.append(session)
        return session

    def admits(self, session: str) -> bool:
        """Tell whether this session is live; in constant time."""
        # Every one is compared, whichever matches: the time tells nothing.
        matches = [_same(session, known) for known in self._sessions]
        return any(matches)

    def _next_token(self) -> str:
        token = self._secret()
        if self._on_new_token is not None:
            self._on_new_token(token)
        return token

    def _secret(self) -> str:
        return urlsafe_b64encode(self._entropy.random_bytes(_SECRET_BYTES)).rstrip(b"=").decode()


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(), known.encode())
