"""How accounts decide: session lengths, the price of a try, the seal of a challenge."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING

from enigm.crypto import kdf
from enigm.domains.accounts.errors import WorkProofRefusedError
from enigm.domains.accounts.model import Attempts, Challenge, PinState
from enigm.foundation.errors import Refusal
from enigm.wire import registration_proof

if TYPE_CHECKING:
    from enigm.domains.accounts.model import CriticalDeed, PinRow, Purpose, WorkProof

# APP-07: six hours, absolutely. No use of a session makes it longer.
SESSION_SECONDS = 6 * 3600
# A person who begins to sign in finishes within seconds; a phone on a bad line within this.
LOGIN_SECONDS = 120
# docs/protocol.md §3: long enough for an old phone to do the work.
CHALLENGE_SECONDS = 600
# An operator reads an invite out or mails it; a week covers a holiday.
INVITE_SECONDS = 7 * 86_400
TOKENS_PER_DAY = 512
SESSIONS_MAX = 64  # an account with 32 devices, each signed in twice; the oldest one goes

# Mistyping is free; a program that guesses soon pays seconds for every guess.
FREE_ATTEMPTS = 5
# One unfinished sign-in is forgotten every twelve minutes: a hundred guesses a day stay cheap.
ATTEMPT_FADES_SECONDS = 720
# Above this nothing more is added, so that a victim's next try is never further than a day away
# from being free, and the row is gone in eight hours.
ATTEMPTS_MAX = 40
SIGN_IN_BITS_MIN = 16  # about 0.1 s
SIGN_IN_BITS_MAX = 22  # about 4 s: dear for a guesser, bearable for a victim
_ATTEMPTS_PER_BIT = 4

# Mistyping a PIN is free so often; after that each further try waits longer than the last.
PIN_TRIES = 5
# One session's own share of entries where no device signs: who stole a cookie is stopped by it
# before the account's owner waits, and whoever knows the password gets a fresh one.
PIN_SESSION_TRIES = 3
# A million PINs at one a day outlast everyone; a person who mistyped waits a minute.
PIN_DELAYS_SECONDS = (60, 300, 900, 3600, 4 * 3600, 86_400)
# Commerce and deletion alike: a grant is used at once or not at all.
PIN_GRANT_SECONDS = 60
# Between OPAQUE's two messages lie two Argon2id on an old phone.
PIN_ATTEMPT_SECONDS = 60
# Long enough to come free and find the phrase; decisions/0021.
PIN_HOLD_SECONDS = 3 * 86_400
# The first PIN rests on the password: the sign-in that proves it is this young.
PIN_SESSION_SECONDS = 120

_CHALLENGE = struct.Struct(">BI11s")
CHALLENGE_SALT_BYTES = 11
_SEAL_BYTES = 16
CHALLENGE_BYTES = _CHALLENGE.size + _SEAL_BYTES


def faded(attempts: Attempts, now: int) -> int:
    """Return how many unfinished sign-ins still count."""
    elapsed = max(0, now - attempts.updated_at)
    return max(0, attempts.weight - elapsed // ATTEMPT_FADES_SECONDS)


def one_more(attempts: Attempts, now: int) -> Attempts:
    """Return the attempts after one more, fading from now on."""
    return Attempts(min(faded(attempts, now) + 1, ATTEMPTS_MAX), now)


def sign_in_price_bits(weight: int) -> int:
    """Return the difficulty of the next try; 0 is free."""
    if weight < FREE_ATTEMPTS:
        return 0
    raised = SIGN_IN_BITS_MIN + (weight - FREE_ATTEMPTS) // _ATTEMPTS_PER_BIT
    return min(raised, SIGN_IN_BITS_MAX)


def one_answer_more(answers: Attempts, now: int, amount: int, per_seconds: int) -> Attempts | int:
    """Return the answers after one more, or the seconds to wait for it (a token bucket)."""
    fades_seconds = max(1, per_seconds // amount)
    gone = min(answers.weight, max(0, now - answers.updated_at) // fades_seconds)
    left, since = answers.weight - gone, answers.updated_at + gone * fades_seconds
    if left >= amount:
        return max(1, since + fades_seconds - now)
    return Attempts(left + 1, since if left else now)


def seal_challenge(
    key: bytes, purpose: Purpose, subject: bytes, challenge: Challenge, salt: bytes
) -> bytes:
    """Return a challenge that only this service could have written, for one subject; 32 bytes.

    Nothing is stored until it is spent, so asking for challenges fills no table.
    """
    stated = _CHALLENGE.pack(challenge.difficulty_bits, challenge.expires_at, salt)
    return stated + _seal(key, purpose, subject, stated)


def open_challenge(
    key: bytes, purpose: Purpose, subject: bytes, sealed: bytes, now: int
) -> Challenge:
    """Check the seal and the age; raises WorkProofRefusedError."""
    stated, seal = sealed[: _CHALLENGE.size], sealed[_CHALLENGE.size :]
    if len(sealed) != CHALLENGE_BYTES or not kdf.equal(seal, _seal(key, purpose, subject, stated)):
        raise WorkProofRefusedError("the challenge is not ours, or is for something else")
    difficulty_bits, expires_at, _salt = _CHALLENGE.unpack(stated)
    if now >= expires_at:
        raise WorkProofRefusedError("the challenge is too old")
    return Challenge(difficulty_bits, expires_at)


def check_work(challenge: Challenge, proof: WorkProof, price_bits: int) -> None:
    """Return if the work was done and was enough; raises WorkProofRefusedError."""
    if challenge.difficulty_bits < price_bits:
        raise WorkProofRefusedError("the price rose since the challenge was made")
    try:
        registration_proof.check(proof.challenge, proof.nonce, challenge.difficulty_bits)
    except Refusal as error:
        raise WorkProofRefusedError("the nonce does not carry the work") from error


def pin_delay_seconds(tries: int) -> int:
    """Return how long to wait after so many tries without the right PIN."""
    if tries < PIN_TRIES:
        return 0
    return PIN_DELAYS_SECONDS[min(tries - PIN_TRIES, len(PIN_DELAYS_SECONDS) - 1)]


def pin_binding(deed: CriticalDeed) -> bytes:
    """Return what ties a grant to one action and its parameters; 32 bytes."""
    word = deed.action.value.encode()
    return hashlib.sha256(len(word).to_bytes(2, "big") + word + deed.parameters_digest).digest()


def pin_state(row: PinRow, now: int, share: int | None = None) -> PinState:
    """Return what the owner may see; a hold shows nothing of itself.

    Args:
        row: the PIN as it is kept.
        now: in seconds.
        share: how many of its own tries the asking session used; None where a device signs.
    """
    tries = row.tries(is_signed=share is None)
    left = PIN_TRIES - tries.count
    if share is not None:
        left = min(left, PIN_SESSION_TRIES - share)
    return PinState(
        is_set=row.record is not None and not is_hidden(row, now),
        tries_left=max(0, left),
        retry_after_seconds=max(0, tries.locked_until - now),
    )


def is_hidden(row: PinRow, now: int) -> bool:
    """Say whether the PINs are shown as removed."""
    return row.is_hidden and is_held(row, now)


def is_held(row: PinRow, now: int) -> bool:
    """Say whether critical actions are acknowledged and held."""
    return now < row.held_until


def quota_day_end(now: int) -> int:
    """Return when the quota of today ends: midnight, UTC."""
    return (now // 86_400 + 1) * 86_400


def _seal(key: bytes, purpose: Purpose, subject: bytes, stated: bytes) -> bytes:
    fields = (purpose.value, subject, stated)
    message = b"".join(len(part).to_bytes(2, "big") + part for part in fields)
    return kdf.mac("sha256", key, message)[:_SEAL_BYTES]
