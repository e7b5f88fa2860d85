"""The PIN as its owner meets it: asked for what matters, and forgotten by nobody but its owner."""

from __future__ import annotations

import io
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.app.app import App
from enigm.app.errors import (
    InvalidPinError,
    LockedError,
    PinAmbiguousError,
    PinMissingError,
    SamePinsError,
    WrongPasswordError,
    WrongPinError,
    WrongWordsError,
)
from enigm.app.identity.pin import check_pin, pin_secret
from enigm.foundation.errors import ConflictError, ExhaustedError
from tests.app.test_devices import linked
from tests.support.app_world import PASSWORD, PIN, World, register

OTHER, DURESS = "161803", "314159"


@pytest.mark.parametrize(
    "pin",
    ["000000", "111111111111", "123456", "654321", "9876543210", "121212", "90123456", "12345",
     "1234567890123", "12345a", "\u0661\u0662\u0663\u0664\u0665\u0666", "", " 271828"],
)  # fmt: skip
def test_what_everybody_would_try_first_is_no_pin(pin: str) -> None:
    with pytest.raises(InvalidPinError):
        check_pin(pin)


@pytest.mark.parametrize("pin", ["271828", "311299", "19841103", "000001", "112233", "123321"])
def test_other_digits_are_a_pin_dates_too(pin: str) -> None:
    check_pin(pin)


@given(st.text("0123456789", min_size=6, max_size=12), st.binary(min_size=32, max_size=32))
def test_what_the_service_is_given_holds_no_digit_of_the_pin(pin: str, card_key: bytes) -> None:
    secret = pin_secret(card_key, pin)
    assert len(secret) == 43
    assert pin not in secret
    assert secret == pin_secret(card_key, pin)
    assert secret != pin_secret(bytes(32), pin) or card_key == bytes(32)


@pytest.mark.requirement("CMD-03")
async def test_a_pin_is_set_with_the_password_changed_and_removed(world: World) -> None:
    alice = await world.person("alice")
    assert not (await alice.pin()).is_set
    with pytest.raises(PinMissingError):
        await alice.delete_account(PASSWORD, PIN)
    with pytest.raises(WrongPasswordError):
        await alice.set_pin("not the password", PIN)
    with pytest.raises(InvalidPinError):
        await alice.set_pin(PASSWORD, "123456")
    await alice.set_pin(PASSWORD, PIN)
    assert (await alice.pin()).is_set
    with pytest.raises(ConflictError) as problem:
        await alice.set_pin(PASSWORD, OTHER)
    assert problem.value.code == "accounts.pin_is_set"
    with pytest.raises(InvalidPinError):
        await alice.change_pin(PIN, "000000")
    await alice.change_pin(PIN, OTHER)
    with pytest.raises(WrongPinError):
        await alice.remove_pin(PIN)
    await alice.remove_pin(OTHER)
    assert not (await alice.pin()).is_set
    await alice.set_pin(PASSWORD, PIN)
    await alice.lock()
    with pytest.raises(LockedError):
        await alice.pin()


@pytest.mark.requirement("CMD-03")
async def test_a_wrong_pin_leaves_fewer_tries_and_then_none_and_the_phrase_resets_it(
    world: World,
) -> None:
    alice = await world.open("alice")
    phrase = await register(alice, "alice")
    await alice.set_pin(PASSWORD, PIN)
    told: list[str] = []
    for _ in range(5):
        with pytest.raises(WrongPinError) as wrong:
            await alice.change_password(PASSWORD, "a new password", OTHER)
        told.append(wrong.value.detail)
    assert told[0] == "The PIN is wrong: 4 tries are left."
    assert told[3:] == ["The PIN is wrong: one try is left.", "The PIN is wrong: wait 60 seconds."]
    with pytest.raises(ExhaustedError) as locked:
        await alice.change_password(PASSWORD, "a new password", PIN)
    assert (locked.value.code, locked.value.retry_after_seconds) in {
        ("accounts.pin_locked", 60 - seconds) for seconds in range(5)
    }
    with pytest.raises(WrongWordsError):
        await alice.reset_pin(["abandon"] * 23 + ["art"], OTHER)
    await alice.reset_pin(phrase, OTHER)
    await alice.change_password(PASSWORD, "a new password", OTHER)


@pytest.mark.requirement("CMD-03")
async def test_a_duress_pin_is_another_one_and_only_seems_to_work(world: World) -> None:
    alice = await world.person("alice")
    second = await linked(world, alice, "second")
    await alice.set_pin(PASSWORD, PIN)
    with pytest.raises(SamePinsError):
        await alice.set_duress_pin(PIN, PIN)
    await alice.set_duress_pin(PIN, DURESS)
    found = next(item for item in await alice.devices() if not item.this)
    revoked = await alice.revoke_device(found.id, DURESS)
    assert revoked.state == "revoked"
    # The service did not take it: the other device signs what it asks for as before.
    assert await second.devices()
    assert (await second.pin()).is_set
    assert second.state().stage == "ready"


@pytest.mark.requirement("CMD-03")
async def test_a_new_pin_that_is_the_duress_pin_decides_nothing(world: World) -> None:
    alice = await world.open("alice")
    phrase = await register(alice, "alice")
    await alice.set_pin(PASSWORD, PIN)
    await alice.set_duress_pin(PIN, DURESS)
    await alice.change_pin(PIN, DURESS)
    with pytest.raises(PinAmbiguousError):
        await alice.delete_account(PASSWORD, DURESS)
    await alice.reset_pin(phrase, OTHER)
    await alice.delete_account(PASSWORD, OTHER)


@pytest.mark.requirement("CMD-03")
async def test_a_pin_is_in_no_log_no_error_and_nothing_that_is_sent(world: World) -> None:
    sink = io.StringIO()
    handler = logging.StreamHandler(sink)
    logging.getLogger().addHandler(handler)
    try:
        alice = await world.person("alice")
        await alice.set_pin(PASSWORD, PIN)
        await alice.set_duress_pin(PIN, DURESS)
        with pytest.raises(WrongPinError) as wrong:
            await alice.delete_account(PASSWORD, OTHER)
        await alice.change_pin(PIN, OTHER)
    finally:
        logging.getLogger().removeHandler(handler)
    said = (
        sink.getvalue() + repr(wrong.value) + str(wrong.value) + wrong.value.trace
    ).encode() + bytes(world.service.middleman.seen)
    for pin in (PIN, OTHER, DURESS):
        assert pin.encode() not in said


async def test_a_pin_outlives_nothing_in_the_vault(world: World) -> None:
    alice: App = await world.person("alice")
    await alice.set_pin(PASSWORD, PIN)
    home = alice._access.unlocked().home
    for name, value in home.vault.rows("SELECT name, value FROM setting"):
        assert PIN.encode() not in bytes(value), name
