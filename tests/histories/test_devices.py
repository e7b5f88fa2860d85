"""Any history of devices: after each step the service and a plain list of who is what agree.

The oracle below knows nothing of the code: it keeps a word per device and says what must happen.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from enigm.crypto.signatures import Ed25519, Hybrid, SigningKey
from enigm.domains.devices import store as devices_store
from enigm.domains.devices.actions.chains import REVOKE_ACTION, Chains, RootEntry
from enigm.domains.devices.actions.enrolments import Enrolments
from enigm.domains.devices.actions.trust import TrustCheck
from enigm.domains.devices.model import DeviceId, OwnerRef, SignedCall
from enigm.foundation.errors import Refusal
from enigm.foundation.sqlcipher import open_sqlcipher
from enigm.wire.device_chain import ChainRefusedError, DeviceChain, Kind, device_id_of
from enigm.wire.request_signature import SignedRequest, read_signature, sign_request
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.entropy import FakeEntropy

DEVICES = 8
OWNERS = 2
DAY = 86_400
ENTROPY = FakeEntropy(b"history of devices")
KEYS = [Ed25519.generate(ENTROPY) for _ in range(DEVICES)]
ROOTS = [Hybrid.generate(ENTROPY) for _ in range(OWNERS)]


class AnyLeave:
    """Lets every critical deed be done: the PIN has its own histories."""

    def spend(self, action: str, *parameters: bytes) -> bool:
        assert action == REVOKE_ACTION
        assert len(parameters) == 1
        return True


LEAVE = AnyLeave()

owners = st.integers(0, OWNERS - 1)
devices = st.integers(0, DEVICES - 1)
issuers = st.one_of(st.just("root"), devices)


@dataclass
class Oracle:
    """What a person would write down about one account."""

    state: dict[int, str] = field(default_factory=dict[int, str])
    waiting_since: dict[int, int] = field(default_factory=dict[int, int])
    used: list[Any] = field(default_factory=list[Any])

    def of(self, device: int, now: int) -> str:
        word = self.state.get(device, "stranger")
        if word == "pending" and now >= self.waiting_since[device] + DAY:
            return "stranger"
        return word

    def waiting(self, now: int) -> set[int]:
        return {device for device in self.state if self.of(device, now) == "pending"}

    def trusted(self) -> set[int]:
        return {device for device, word in self.state.items() if word == "trusted"}


class _Decisions:
    """Takes note of decisions, as an audit log would."""

    def record(self, decision: Any, owner: OwnerRef, device_id: DeviceId) -> None:
        """Forget it: other tests look at the audit log."""


class DeviceHistory(RuleBasedStateMachine):
    """Two accounts, a handful of devices, everything that can be done with them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FakeClock()
        self.database = open_sqlcipher(Path(self.folder.name) / "d.db", bytes(32), domain="devices")
        with self.database.begin() as connection:
            devices_store.metadata.create_all(connection)
        store = devices_store.DeviceStore(self.database)
        decisions = _Decisions()
        self.chains = Chains(store, keys_of_tests(), self.clock, decisions)
        self.enrolments = Enrolments(store, self.clock, decisions)
        self.trust = TrustCheck(store, self.clock)
        self.names = [OwnerRef(bytes([number]) * 32) for number in range(OWNERS)]
        self.oracles = [Oracle() for _ in range(OWNERS)]
        self.copies = [[DeviceChain.empty(root.public)] for root in ROOTS]

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    @property
    def now(self) -> int:
        return self.clock.now_seconds()

    @initialize()
    def register(self) -> None:
        for number, root in enumerate(ROOTS):
            entry = self.copies[number][0].by_root(Kind.CERTIFY, KEYS[number].public, root, 0)
            brought = RootEntry(root.public, entry, b"card", bytes([number]) * 32)
            self.chains.begin_chain(self.names[number], brought)
            self.oracles[number].state[number] = "trusted"
            self._remember(number)

    @rule(owner=owners, device=devices)
    def enrol(self, owner: int, device: int) -> None:
        oracle = self.oracles[owner]
        word = oracle.of(device, self.now)
        expected = {"trusted": "devices.already_trusted", "revoked": "devices.revoked"}.get(word)
        if word == "stranger" and len(oracle.waiting(self.now)) >= 5:
            expected = "devices.too_many_pending"
        code = self._code(
            self.enrolments.request_enrolment, self.names[owner], KEYS[device].public, b"card"
        )
        assert code == expected
        if code is None:
            oracle.state[device] = "pending"
            oracle.waiting_since[device] = self.now

    @rule(owner=owners, device=devices)
    def refuse(self, owner: int, device: int) -> None:
        oracle = self.oracles[owner]
        # One whose waiting ended may still have its row until it is swept: either answer is right.
        was_waiting = oracle.of(device, self.now) == "pending"
        code = self._code(
            self.enrolments.refuse_enrolment,
            self.names[owner],
            device_id_of(KEYS[device].public),
        )
        assert code in {None, "devices.no_enrolment"}
        if was_waiting:
            assert code is None
        if oracle.state.get(device) == "pending":
            del oracle.state[device]

    @rule(owner=owners, device=devices, issuer=issuers, kind=st.sampled_from(list(Kind)))
    def append(self, owner: int, device: int, issuer: int | str, kind: Kind) -> None:
        oracle, chain = self.oracles[owner], self.copies[owner][-1]
        entry = self._entry(owner, chain, kind, device, issuer)
        named, by = oracle.of(device, self.now), "root"
        if isinstance(issuer, int):
            by = oracle.of(issuer, self.now)
        code = self._code(self.chains.append_entry, self.names[owner], entry, None, LEAVE)
        right_issuer = by in {"root", "trusted"}
        if kind is Kind.REVOKE:
            expected = None if right_issuer and named == "trusted" else "wire.device_chain"
        elif not right_issuer or named in {"trusted", "revoked"}:
            expected = "wire.device_chain"
        else:
            expected = None if named == "pending" else "devices.card_needed"
        assert code == expected
        if code is None:
            oracle.state[device] = "trusted" if kind is Kind.CERTIFY else "revoked"
            self._remember(owner)

    @precondition(lambda self: any(len(copies) > 1 for copies in self.copies))
    @rule(owner=owners, device=devices, issuer=issuers, age=st.integers(1, 5))
    def append_to_an_old_copy(self, owner: int, device: int, issuer: int | str, age: int) -> None:
        copies = self.copies[owner]
        old = copies[max(0, len(copies) - 1 - age)]
        if old is copies[-1]:
            return
        entry = self._entry(owner, old, Kind.CERTIFY, device, issuer)
        code = self._code(self.chains.append_entry, self.names[owner], entry, None, LEAVE)
        # The very entry that stands there is the same deed done twice; any other came too late.
        assert code == (None if entry in copies[-1].entries else "devices.chain_moved")

    @rule(owner=owners, device=devices, other=owners)
    def append_to_anothers_chain(self, owner: int, device: int, other: int) -> None:
        if owner == other:
            return
        chain = self.copies[owner][-1]
        entry = self._entry(owner, chain, Kind.CERTIFY, device, "root")
        code = self._code(self.chains.append_entry, self.names[other], entry, b"card", LEAVE)
        assert code in {"devices.chain_moved", "wire.device_chain"}

    @rule(owner=owners, device=devices, shift=st.sampled_from([0, 59, 60, 61, -60, -61]))
    def call(self, owner: int, device: int, shift: int) -> None:
        call = self._call(device, self.now + shift)
        word = self.oracles[owner].of(device, self.now)
        expected = {"trusted": None, "revoked": "devices.revoked"}.get(word, "devices.not_trusted")
        if expected is None and abs(shift) > 60:
            expected = "devices.request_stale"
        code = self._code(self.trust.check_call, self.names[owner], call)
        assert code == expected
        if code is None:
            self.oracles[owner].used.append((device, call))

    @rule(owner=owners, pick=st.integers(0, 100))
    def call_from_each_state(self, owner: int, pick: int) -> None:
        """Chance alone rarely meets a revoked device: go through every state there is."""
        for word in ("trusted", "pending", "revoked"):
            in_state = [d for d in range(DEVICES) if self.oracles[owner].of(d, self.now) == word]
            if in_state:
                self.call(owner, in_state[pick % len(in_state)], 0)

    @rule(owner=owners, pick=st.integers(0, 100))
    def link_the_next(self, owner: int, pick: int) -> None:
        strangers = [d for d in range(DEVICES) if d not in self.oracles[owner].state]
        if strangers and len(self.copies[owner][-1].entries) < 20:
            device = strangers[pick % len(strangers)]
            self.enrol(owner, device)
            self.append(owner, device, "root", Kind.CERTIFY)

    @rule(owner=owners, pick=st.integers(0, 100), by_itself=st.booleans())
    def revoke_one(self, owner: int, pick: int, by_itself: bool) -> None:
        trusted = sorted(self.oracles[owner].trusted())
        if trusted:
            device = trusted[pick % len(trusted)]
            self.append(owner, device, device if by_itself else "root", Kind.REVOKE)

    @rule(owner=owners)
    def enrol_everyone(self, owner: int) -> None:
        for device in range(DEVICES):
            self.enrol(owner, device)

    @precondition(lambda self: any(oracle.used for oracle in self.oracles))
    @rule(owner=owners, pick=st.integers(0, 100))
    def replay(self, owner: int, pick: int) -> None:
        used = self.oracles[owner].used
        if not used:
            return
        device, call = used[-1 - pick % min(len(used), 3)]
        code = self._code(self.trust.check_call, self.names[owner], call)
        word = self.oracles[owner].of(device, self.now)
        if word == "revoked":
            assert code == "devices.revoked"
        else:
            assert code in {"devices.request_replayed", "devices.request_stale"}

    @rule(owner=owners, device=devices, forger=devices)
    def forge(self, owner: int, device: int, forger: int) -> None:
        if device == forger:
            return
        posing = SigningKey(KEYS[forger].private, KEYS[device].public)
        call = self._call(device, self.now, posing)
        assert self._code(self.trust.check_call, self.names[owner], call) == "devices.not_trusted"

    @rule(seconds=st.sampled_from([1, 30, 61, 3600, DAY]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(owner=owners)
    def recover(self, owner: int) -> None:
        if len(self.copies[owner][-1].entries) > 20:
            return
        fresh = Ed25519.generate(ENTROPY)
        chain = self.copies[owner][-1]
        entry = chain.by_root(Kind.CERTIFY, fresh.public, ROOTS[owner], self.now)
        brought = RootEntry(ROOTS[owner].public, entry, b"card", bytes([owner]) * 32)
        for _ in range(2):
            self.chains.certify_recovered(self.names[owner], brought)
        self._remember(owner)

    @invariant()
    def the_chain_says_what_the_oracle_says(self) -> None:
        for number, oracle in enumerate(self.oracles):
            if not oracle.state:
                continue
            own = self.chains.own_chain(self.names[number])
            known = {KEYS[device].public for device in range(DEVICES)}
            assert set(own.chain.trusted) & known == {
                KEYS[device].public for device in oracle.trusted()
            }
            assert {waiting.device_public for waiting in own.pending} == {
                KEYS[device].public for device in oracle.waiting(self.now)
            }

    def _remember(self, owner: int) -> None:
        self.copies[owner].append(self.chains.own_chain(self.names[owner]).chain)

    def _entry(
        self, owner: int, chain: DeviceChain, kind: Kind, device: int, issuer: int | str
    ) -> bytes:
        """Sign an entry whether or not it may stand: what may not is for the service to find."""
        unchecked = _Unchecked(chain.root_public, chain.fingerprint, chain.entries)
        if isinstance(issuer, int):
            return unchecked.by_device(kind, KEYS[device].public, KEYS[issuer], self.now)
        return unchecked.by_root(kind, KEYS[device].public, ROOTS[owner], self.now)

    def _call(self, device: int, created: int, key: SigningKey | None = None) -> SignedCall:
        request = SignedRequest("POST", "/x", "Bearer y", b"{}")
        headers = sign_request(
            request,
            key or KEYS[device],
            device_id=device_id_of(KEYS[device].public),
            created=created,
            nonce=ENTROPY.random_bytes(16),
        )
        signature = read_signature({name.lower(): value for name, value in headers.items()})
        return SignedCall(request, signature)

    def _code(self, deed: Any, *arguments: Any) -> str | None:
        try:
            deed(*arguments)
        except Refusal as refusal:
            return refusal.code
        return None


class _Unchecked(DeviceChain):
    """A chain that signs what it is asked to."""

    def _checked(self, entry: Any) -> bytes:
        return entry.encode()


@pytest.mark.requirement("APP-05", "APP-06", "TRU-01")
def test_any_history_of_devices_agrees_with_a_plain_list() -> None:
    run_state_machine_as_test(
        DeviceHistory,
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[
                HealthCheck.too_slow,
                HealthCheck.filter_too_much,
                HealthCheck.data_too_large,
            ],
        ),
    )


def test_an_unchecked_chain_signs_what_a_chain_refuses() -> None:
    # The control of the machine's own tool.
    chain = DeviceChain.empty(ROOTS[0].public)
    unchecked = _Unchecked(chain.root_public, chain.fingerprint)
    entry = unchecked.by_root(Kind.REVOKE, KEYS[0].public, ROOTS[0], 0)
    with pytest.raises(ChainRefusedError):
        chain.append(entry)
