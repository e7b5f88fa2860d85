"""The Trust Security Center: looks for its user, and tells the service only what was agreed to."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import pytest

from enigm.app.app import App
from enigm.app.options import Options
from enigm.app.security.errors import NoAgentError, NothingAskedError
from enigm.app.security.needs import MachineSeen, SignalSeen
from enigm.assembly.evidence import build_evidence
from enigm.assembly.stores import open_stores
from enigm.assembly.surroundings import Surroundings
from enigm.assembly.trust import build_trust
from enigm.domains.policy.actions.governing import LOOK_SECONDS
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.keyfile import load_or_create_keys
from enigm.foundation.log import EventLog
from enigm.wire.posture_report import Signal, State
from tests.support.app_world import PASSWORD, World, register, until
from tests.support.evidence import Operator
from tests.support.service import settings_of_tests

pytestmark = pytest.mark.requirement("TSC-02", "TSC-03", "OSM-01")

ASKS = """
permit (principal, action, resource);
forbid (principal, action == Action::"devices.card.replace", resource)
unless { context.disk_encryption == "true" && context.firewall == "true" };
"""
ASKS_MORE = ASKS.replace("context.firewall", 'context.screen_lock == "true" && context.firewall')


@dataclass
class ScriptedAgent:
    """A machine whose signals a test sets."""

    states: dict[Signal, State] = field(
        default_factory=lambda: dict.fromkeys(Signal, State.TRUE) | {Signal.FIREWALL: State.UNKNOWN}
    )
    wish: bool = False

    def look(self) -> MachineSeen:
        seen = tuple(
            SignalSeen(each, state, each.word, "found", "promise", "why", "do")
            for each, state in self.states.items()
        )
        return MachineSeen(seen, self.clock_seconds, 7)

    clock_seconds: int = 0

    def is_on(self) -> bool:
        return self.wish

    def turn_on(self) -> None:
        self.wish = True

    def turn_off(self) -> None:
        self.wish = False


@pytest.fixture
def agent(world: World) -> ScriptedAgent:
    return ScriptedAgent(clock_seconds=world.service.clock.now_seconds())


async def opened(world: World, agent: ScriptedAgent | None) -> App:
    clock, folder = world.service.clock, world.folder / "profiles"
    app = App(Options("alice", world.service.address, folder, clock=clock, agent=agent))
    await app.start()
    world.apps.append(app)
    return app


@pytest.fixture
async def alice(world: World, agent: ScriptedAgent) -> App:
    app = await opened(world, agent)
    await register(app, "alice")
    return app


@pytest.fixture
def operator(world: World) -> Operator:
    """The operator, with connections of their own to the stores."""
    settings, entropy = settings_of_tests(world.service.folder), SystemEntropy()
    keys = load_or_create_keys(settings.key_file, entropy)
    names = ["attestation", "audit", "handles", "policy", "posture"]
    databases = open_stores(settings, keys, names)
    log = EventLog(io.StringIO(), world.service.clock, strict=True)
    around = Surroundings(settings, keys, world.service.clock, entropy, log)
    trust = build_trust(around, databases)
    return Operator(trust, build_evidence(around, databases, trust))


async def asked(operator: Operator, alice: App, policy: str, count: int) -> None:
    operator.enforce(policy)

    async def is_known() -> bool:
        view = await alice.security()
        return view.sending.asked is not None and len(view.sending.asked) == count

    await until(is_known, LOOK_SECONDS + 10)


def kept(operator: Operator) -> list[dict[str, str]]:
    rows = operator.evidence.posture_review.overview(b"o" * 20).rows
    return [{s.word: state.word for s, state in row.states.items()} for row in rows]


async def test_the_page_shows_every_signal_and_nothing_leaves_by_itself(
    alice: App, operator: Operator, agent: ScriptedAgent
) -> None:
    await asked(operator, alice, ASKS, 2)
    view = await alice.security()
    assert [each.signal for each in view.signals] == [each.word for each in Signal]
    assert {each.signal: each.state for each in view.signals}["firewall"] == "unknown"
    assert view.sending.asked == ("disk_encryption", "firewall")
    assert (view.sending.on, view.sending.agreed, view.sending.sent) == (False, (), None)
    assert kept(operator) == []


async def test_turned_on_it_sends_what_is_asked_and_turned_off_the_service_forgets(
    alice: App, operator: Operator, agent: ScriptedAgent
) -> None:
    await asked(operator, alice, ASKS, 2)
    sending = (await alice.set_sending(on=True)).sending
    assert sending.sent is not None
    assert sending.sent.states == {"disk_encryption": "true", "firewall": "unknown"}
    assert (sending.sent.standing, sending.problem, sending.on) == ("unknown", "", True)
    assert kept(operator) == [sending.sent.states]
    agent.states[Signal.FIREWALL] = State.TRUE
    await alice.security()

    async def is_good() -> bool:
        sent = (await alice.security()).sending.sent
        return sent is not None and sent.standing == "good"

    await until(is_good)
    sending = (await alice.set_sending(on=False)).sending
    assert (sending.on, sending.agreed, sending.sent) == (False, (), None)
    assert kept(operator) == []


async def test_what_is_asked_later_does_not_leave_before_its_user_agrees(
    alice: App, operator: Operator, agent: ScriptedAgent
) -> None:
    await asked(operator, alice, ASKS, 2)
    await alice.set_sending(on=True)
    await asked(operator, alice, ASKS_MORE, 3)
    agent.states[Signal.FIREWALL] = State.TRUE
    await alice.security()

    async def is_sent_again() -> bool:
        return any(row.get("firewall") == "true" for row in kept(operator))

    await until(is_sent_again)
    assert kept(operator)[0]["screen_lock"] == "unknown"
    await alice.set_sending(on=True)
    assert kept(operator)[0]["screen_lock"] == "true"


async def test_a_wish_that_was_taken_back_while_closed_is_followed_when_next_open(
    world: World, alice: App, operator: Operator, agent: ScriptedAgent
) -> None:
    await asked(operator, alice, ASKS, 2)
    await alice.set_sending(on=True)
    await alice.lock()
    agent.turn_off()
    await alice.unlock(PASSWORD)
    await until(lambda: kept(operator) == [])


async def test_where_nothing_is_asked_there_is_nothing_to_turn_on(
    alice: App, agent: ScriptedAgent
) -> None:
    with pytest.raises(NothingAskedError):
        await alice.set_sending(on=True)
    assert not agent.is_on()


async def test_without_an_agent_the_app_works_the_same(world: World) -> None:
    app = await opened(world, None)
    await register(app, "alice")
    with pytest.raises(NoAgentError):
        await app.security()
    assert await app.devices()
