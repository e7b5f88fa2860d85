"""OPAQUE (RFC 9807) on the device: the service never sees the password, nor anything like it."""

from __future__ import annotations

from dataclasses import dataclass, field

import opaque_snake

from enigm.app.errors import LyingServiceError, WrongPasswordError
from enigm.crypto import kdf
from enigm.foundation.encoding import base64url_encode


@dataclass(frozen=True, slots=True)
class StartedRegistration:
    """The first message of a registration, and what its end needs."""

    request: bytes
    state: opaque_snake.ClientRegistrationState = field(repr=False)


@dataclass(frozen=True, slots=True)
class StartedLogin:
    """The first message of a sign-in, and what its end needs."""

    request: bytes
    state: opaque_snake.ClientLoginState = field(repr=False)


def sign_in_secret(password: str) -> str:
    """Return what OPAQUE takes for the password.

    A device keeps this in its vault to open a new session every six hours; the password
    itself, which people use elsewhere too, is kept nowhere.
    """
    prk = kdf.extract("sha256", b"enigm sign-in v1", password.encode())
    return base64url_encode(kdf.expand("sha256", prk, b"opaque password", 32))


def start_registration(secret: str) -> StartedRegistration:
    """Begin a registration."""
    request, state = opaque_snake.OpaqueClient().start_registration(secret)
    return StartedRegistration(bytes(request.to_bytes()), state)


def finish_registration(started: StartedRegistration, response: bytes, secret: str) -> bytes:
    """Return the record to store; blocks for an Argon2id. Raises LyingServiceError."""
    try:
        answer = opaque_snake.RegistrationResponse.from_bytes(response)
        result = opaque_snake.OpaqueClient().finish_registration(answer, started.state, secret)
    except (opaque_snake.OpaqueError, ValueError) as error:
        raise LyingServiceError("The service's part of the registration is malformed.") from error
    return bytes(result.upload.to_bytes())


def start_login(secret: str) -> StartedLogin:
    """Begin a sign-in."""
    request, state = opaque_snake.OpaqueClient().start_login(secret)
    return StartedLogin(bytes(request.to_bytes()), state)


def finish_login(started: StartedLogin, response: bytes, secret: str) -> bytes:
    """Return the last message; blocks for an Argon2id. Raises WrongPasswordError."""
    try:
        answer = opaque_snake.CredentialResponse.from_bytes(response)
        result = opaque_snake.OpaqueClient().finish_login(answer, started.state, secret)
    except (opaque_snake.OpaqueError, ValueError) as error:
        raise WrongPasswordError from error
    return bytes(result.finalization.to_bytes())
