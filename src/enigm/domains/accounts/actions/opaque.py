"""The service's half of OPAQUE (RFC 9807): ristretto255-SHA512, 3DH, bytes in and out.

The library's own generator makes its keys and nonces. Client and server identifiers and the
context are left at their defaults, which is what every client of docs/protocol.md does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import opaquepy

from enigm.domains.accounts.errors import MalformedOpaqueError, SignInFailedError
from enigm.domains.accounts.model import OpaqueSecrets
from enigm.foundation.encoding import base64url_decode, base64url_encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.foundation.entropy import Entropy

REGISTRATION_REQUEST_BYTES: Final = 32
RECORD_BYTES: Final = 192
LOGIN_REQUEST_BYTES: Final = 96
FINALIZATION_BYTES: Final = 64

_DECOY_NAME: Final = "a name that nobody has"
_DECOY_PASSWORD_BYTES: Final = 32

# The library is compiled and brings no types.
_library: Any = opaquepy


def make_secrets(entropy: Entropy) -> OpaqueSecrets:
    """Make the service's keys, and the record that answers for every unknown name.

    The decoy's password is 32 random bytes which are forgotten here: nobody can sign in to it.
    Takes tens of milliseconds.
    """
    setup: str = _library.create_setup()
    password = base64url_encode(entropy.random_bytes(_DECOY_PASSWORD_BYTES))
    request, state = _library.register_client(password)
    response = _library.register(setup, request, _DECOY_NAME)
    upload = _library.register_client_finish(state, password, response)
    record: str = _library.register_finish(upload)
    return OpaqueSecrets(_octets(setup), _octets(record))


def answer_registration(secrets: OpaqueSecrets, request: bytes, lookup_id: bytes) -> bytes:
    """Answer a registration's first message; raises MalformedOpaqueError."""
    setup = base64url_encode(secrets.setup)
    arguments = (setup, base64url_encode(request), base64url_encode(lookup_id))
    response: str = _checked(lambda: _library.register(*arguments))
    return _octets(response)


def read_record(upload: bytes) -> bytes:
    """Check a registration's last message and return the record to keep."""
    record: str = _checked(lambda: _library.register_finish(base64url_encode(upload)))
    return _octets(record)


def answer_login(
    secrets: OpaqueSecrets, record: bytes, request: bytes, lookup_id: bytes
) -> tuple[bytes, bytes]:
    """Answer a sign-in's first message; return (response, state to keep)."""
    setup, kept = base64url_encode(secrets.setup), base64url_encode(record)
    arguments = (setup, kept, base64url_encode(request), base64url_encode(lookup_id))
    response, state = _checked(lambda: _library.login(*arguments))
    return _octets(response), _octets(state)


def check_login(finalization: bytes, state: bytes) -> None:
    """Return if the client knew the password; raises SignInFailedError."""
    try:
        _library.login_finish(base64url_encode(finalization), base64url_encode(state))
    except ValueError as error:
        raise SignInFailedError("the last message does not fit") from error


def _checked(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except ValueError as error:
        raise MalformedOpaqueError from error


def _octets(text: str) -> bytes:
    # The library writes padded or unpadded base64url by version; our own decoder knows one.
    return base64url_decode(text.rstrip("="))
