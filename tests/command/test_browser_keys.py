"""What Command's pages compute in the browser is what the App computes, byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enigm.app.identity import phrase as phrases
from enigm.app.identity.pin import pin_secret
from enigm.app.service.opaque import finish_login, sign_in_secret, start_login
from enigm.crypto.signatures import Ed25519
from enigm.domains.accounts.actions import opaque
from enigm.foundation.entropy import SystemEntropy
from enigm.wire import registration_proof, user_name
from enigm.wire.account_registration import verify_registration
from enigm.wire.critical_action import parameters_digest
from enigm.wire.device_chain import DeviceChain, Kind, fingerprint_of
from tests.support.journey import b64, unb64
from tests.support.node_peer import NodePeer

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTROPY = SystemEntropy()
PHRASES = [phrases.phrase_of(octets) for octets in (bytes(32), bytes([255] * 32), bytes(range(32)))]


@pytest.fixture(scope="module")
def browser() -> Iterator[NodePeer]:
    """The code of Command's worker."""
    peer = NodePeer(Path(__file__).with_name("keys_peer.mjs"))
    yield peer
    peer.close()


@pytest.mark.requirement("CMD-01")
@pytest.mark.parametrize("phrase", [*PHRASES, phrases.fresh_phrase(ENTROPY)])
def test_a_phrase_becomes_the_same_words_root_and_fingerprint(
    browser: NodePeer, phrase: phrases.Phrase
) -> None:
    assert tuple(browser.ask("words", entropy=phrase.entropy)["words"]) == phrase.words
    typed = "  " + "\n ".join(word.upper() for word in phrase.words)
    assert browser.ask("entropy", text=typed)["entropy"] == phrase.entropy.hex()
    made = browser.ask("root", entropy=phrase.entropy)
    root = phrases.root_key(phrase)
    assert made["public"] == root.public.hex()
    assert made["fingerprint"] == fingerprint_of(root.public).hex()


@pytest.mark.requirement("CMD-01")
def test_words_that_are_no_phrase_are_refused(browser: NodePeer) -> None:
    words = list(PHRASES[2].words)
    for wrong in (words[:23], [*words, "abandon"], [*words[:23], "zoo"], ["x", *words[1:]]):
        assert browser.ask("entropy", text=" ".join(wrong))["entropy"] is None


@pytest.mark.requirement("CMD-01")
def test_the_app_opens_a_backup_and_verifies_a_registration(browser: NodePeer) -> None:
    phrase = phrases.fresh_phrase(ENTROPY)
    answer = browser.ask("backup", entropy=phrase.entropy, username="noor.k-1_x")
    backup = bytes.fromhex(answer["backup"])
    assert phrases.open_backup(phrase, backup).username == "noor.k-1_x"
    name, record = bytes([7] * 32), bytes([9] * 192)
    asked = {"entropy": phrase.entropy, "lookup_id": name, "record": record, "backup": backup}
    signature = bytes.fromhex(browser.ask("registration", **asked)["signature"])
    root = phrases.root_key(phrase)
    verify_registration(root.public, name, record, backup, signature)


@pytest.mark.requirement("CMD-05")
def test_a_revocation_by_the_phrase_is_an_entry_of_the_chain(browser: NodePeer) -> None:
    phrase = phrases.fresh_phrase(ENTROPY)
    root = phrases.root_key(phrase)
    chain = DeviceChain.empty(root.public)
    device, other = (Ed25519.generate(ENTROPY).public for _ in range(2))
    for public in (device, other):
        chain = chain.append(chain.by_root(Kind.CERTIFY, public, root, 1_795_000_000))
    asked = {
        "words": " ".join(phrase.words),
        "fingerprint": b64(chain.fingerprint),
        "sequence": len(chain.entries),
        "previous": b64(chain.head),
        "devicePublic": b64(device),
        "issuedAt": 1_795_000_100,
    }
    entry = browser.ask("revocation", **asked)["entry"]
    assert list(chain.append(unb64(entry)).trusted) == [other]
    another = " ".join(phrases.fresh_phrase(ENTROPY).words)
    assert browser.ask("revocation", **asked | {"words": another})["entry"] is None


@pytest.mark.requirement("CMD-01")
@pytest.mark.parametrize("text", ["noor", "  NoOr.K ", "ｎｏｏｒ", "a_b-c.9"])  # noqa: RUF001
def test_a_user_name_becomes_the_same_look_up_id(browser: NodePeer, text: str) -> None:
    name = user_name.normalise(text)
    made = browser.ask("name", text=text)
    keys = user_name.name_keys(name)
    wanted = {"lookup_id": keys.lookup_id.hex(), "card_key": keys.card_key.hex()}
    assert made == {"name": name} | wanted


@pytest.mark.requirement("CMD-03")
def test_a_pin_becomes_the_same_secret_for_the_same_deed(browser: NodePeer) -> None:
    parameters = [b"", b"one", bytes(32)]
    made = browser.ask("pin", card_key=bytes(range(32)), pin="271828", parameters=parameters)
    digest = parameters_digest(*parameters).hex()
    secret = pin_secret(bytes(range(32)), "271828")
    assert made == {"secret": secret, "digest": digest}


@pytest.mark.parametrize("text", ["", "ab", ".noor", "no or", "é" * 5, "x" * 33, "a" * 200])
def test_what_is_no_user_name_is_refused(browser: NodePeer, text: str) -> None:
    assert browser.ask("name", text=text)["name"] is None


@settings(max_examples=20, deadline=None)
@given(password=st.text(min_size=1, max_size=40).filter(str.isprintable))
def test_a_password_becomes_the_same_secret(browser: NodePeer, password: str) -> None:
    assert browser.ask("secret", password=password)["secret"] == sign_in_secret(password)


@pytest.mark.requirement("CMD-01")
def test_browser_and_app_open_each_others_records(browser: NodePeer) -> None:
    secrets, name = opaque.make_secrets(ENTROPY), bytes(32)
    secret = sign_in_secret("four quiet words")
    begun = browser.ask("begin_registration", secret=secret)
    response = opaque.answer_registration(secrets, unb64(begun["request"]), name)
    asked = {"secret": secret, "state": begun["state"], "response": b64(response)}
    uploaded = browser.ask("finish_registration", **asked)["record"]
    record = opaque.read_record(unb64(uploaded))

    app = start_login(secret)
    response, state = opaque.answer_login(secrets, record, app.request, name)
    opaque.check_login(finish_login(app, response, secret), state)

    for tried, opens in ((secret, True), (sign_in_secret("another"), False)):
        begun = browser.ask("begin_login", secret=tried)
        response, state = opaque.answer_login(secrets, record, unb64(begun["request"]), name)
        asked = {"secret": tried, "state": begun["state"], "response": b64(response)}
        last = browser.ask("finish_login", **asked)["last"]
        assert (last is not None) is opens
        if opens:
            opaque.check_login(unb64(last), state)


def test_work_done_in_the_browser_holds(browser: NodePeer) -> None:
    challenge = ENTROPY.random_bytes(32)
    nonce = bytes.fromhex(browser.ask("work", challenge=challenge, bits=12)["nonce"])
    registration_proof.check(challenge, nonce, 12)
