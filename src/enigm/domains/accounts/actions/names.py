"""The names under which this domain alone knows a user name, a root key, a pair of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.accounts.model import NameRef, RecoveryRef
from enigm.foundation.pseudonyms import pseudonym

if TYPE_CHECKING:
    from enigm.domains.accounts.model import AccountId
    from enigm.foundation.keyfile import Keys


class Names:
    """Turns what callers send into what the store keeps; the keys stand in no store."""

    def __init__(self, keys: Keys) -> None:
        """Derive one key per purpose."""
        self._name_key = keys.derive("accounts", "user names")
        self._recovery_key = keys.derive("accounts", "recovery")
        self._pin_key = keys.derive("accounts", "pins")
        self._session_key = keys.derive("accounts", "sessions")
        self._attempts_key = keys.derive("accounts", "attempts")

    def name_ref(self, lookup_id: bytes) -> NameRef:
        """Return how a user name is known here."""
        return NameRef(pseudonym(self._name_key, "user names", lookup_id))

    def recovery_ref(self, fingerprint: bytes) -> RecoveryRef:
        """Return how a root key is known here."""
        return RecoveryRef(pseudonym(self._recovery_key, "recovery", fingerprint))

    def pin_credential(self, account_id: AccountId) -> bytes:
        """Return under what OPAQUE knows an account's PIN, whichever of the two it is."""
        return pseudonym(self._pin_key, "pin credentials", account_id)

    def pin_device_ref(self, device_id: bytes) -> bytes:
        """Return how a device is known while it asks for the PIN; devices keep another name."""
        return pseudonym(self._pin_key, "pin devices", device_id)

    def session_device_ref(self, device_id: bytes) -> bytes:
        """Return how a device is known that asked for a session."""
        return pseudonym(self._session_key, "session devices", device_id)

    def answers_ref(self, subject: bytes) -> bytes:
        """Return under what OPAQUE's answers for a name, or for an account's PIN, are counted."""
        return pseudonym(self._attempts_key, "answers", subject)

    def attempts_ref(self, name_ref: NameRef, device_id: bytes = b"") -> bytes:
        """Return under what tries on a name are counted; each trusted device counts apart."""
        return pseudonym(self._attempts_key, "attempts", name_ref + device_id)
