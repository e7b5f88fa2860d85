"""What the page may send: one Struct per request of docs/app-api.md, every length limited."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

# Longer than any password a person types, short enough that Argon2id is not fed megabytes.
PASSWORD_CHARACTERS_MAX = 1024
# A message must fit a padded frame; the App says exactly when it does not.
TEXT_CHARACTERS_MAX = 64_000
NAME_CHARACTERS_MAX = 256
LINK_CHARACTERS_MAX = 8_192
PHRASE_CHARACTERS_MAX = 1024
# Any PIN, and room to say of a longer one that it is none.
PIN_CHARACTERS_MAX = 64
MEMBERS_MAX = 1000

Password = Annotated[str, Meta(min_length=1, max_length=PASSWORD_CHARACTERS_MAX)]
Name = Annotated[str, Meta(min_length=1, max_length=NAME_CHARACTERS_MAX)]
Text = Annotated[str, Meta(min_length=1, max_length=TEXT_CHARACTERS_MAX)]
Link = Annotated[str, Meta(min_length=1, max_length=LINK_CHARACTERS_MAX)]
Pin = Annotated[str, Meta(min_length=1, max_length=PIN_CHARACTERS_MAX)]
Phrase = Annotated[str, Meta(min_length=1, max_length=PHRASE_CHARACTERS_MAX)]


class Body(Struct, frozen=True, forbid_unknown_fields=True):
    """Every body: a field we do not know is a mistake of the page and is said so."""

    def __repr__(self) -> str:
        """Show nothing: bodies hold passwords and plaintext."""
        return f"{type(self).__name__}()"


class Nothing(Body, frozen=True):
    """A deed that needs no words."""


class Login(Body, frozen=True):
    """The one-time token of the address."""

    token: Annotated[str, Meta(max_length=NAME_CHARACTERS_MAX)]


class Registration(Body, frozen=True):
    """A new account; ``invite`` where the operator asks for one."""

    username: Name
    password: Password
    invite: Link | None = None


class PhraseWords(Body, frozen=True):
    """The asked words, by their position from 1."""

    words: dict[int, Annotated[str, Meta(max_length=NAME_CHARACTERS_MAX)]]


class Recovery(Body, frozen=True):
    """The 24 words, separated by spaces, and the password from now on."""

    phrase: Phrase
    password: Password


class SignIn(Body, frozen=True):
    """A name and password on a new device."""

    username: Name
    password: Password


class PasswordOnly(Body, frozen=True):
    """A deed that the password confirms."""

    password: Password


class PasswordChange(Body, frozen=True):
    """The password so far, the next, and the PIN."""

    password: Password
    new_password: Password
    pin: Pin


class AccountDeletion(Body, frozen=True):
    """The password and the PIN."""

    password: Password
    pin: Pin


class PinOnly(Body, frozen=True):
    """A deed that the PIN authorises."""

    pin: Pin


class PinSetting(Body, frozen=True):
    """A first PIN, and the password."""

    password: Password
    pin: Pin


class PinChange(Body, frozen=True):
    """The PIN so far, and the next."""

    pin: Pin
    new_pin: Pin


class DuressPin(Body, frozen=True):
    """The PIN, and the duress PIN from now on; none takes it away."""

    pin: Pin
    duress_pin: Pin | None = None


class PinReset(Body, frozen=True):
    """The 24 words, separated by spaces, and the PIN from now on."""

    phrase: Phrase
    new_pin: Pin


class NewMessage(Body, frozen=True):
    """What to say."""

    text: Text


class ReadMark(Body, frozen=True):
    """The newest message that was seen."""

    up_to: Name


class NewGroup(Body, frozen=True):
    """A title and the accounts to begin with."""

    title: Name
    members: Annotated[list[Name], Meta(max_length=MEMBERS_MAX)]


class Title(Body, frozen=True):
    """A group's new title."""

    title: Name


class MemberAccount(Body, frozen=True):
    """Whom to add or remove."""

    account: Name


class NewContact(Body, frozen=True):
    """Whom to ask: by user name or by invite link."""

    username: Name | None = None
    invite: Link | None = None
    greeting: Annotated[str, Meta(max_length=TEXT_CHARACTERS_MAX)] = ""


class Sending(Body, frozen=True):
    """Whether reports about this machine may leave it."""

    on: bool


class Verified(Body, frozen=True):
    """Whether the numbers were compared and agree."""

    verified: bool
