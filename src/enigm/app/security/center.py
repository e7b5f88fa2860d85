"""Looks at the machine for its user, and reports to the service what the user agreed to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec

from enigm.app.faults import keep_going, wait_awhile
from enigm.app.security.errors import NoAgentError, NothingAskedError
from enigm.app.security.views import SecurityView, Sending, SentReport, SignalView, StateWord
from enigm.app.service.evidence import EvidencePath
from enigm.foundation.encoding import base64url_decode
from enigm.foundation.errors import Refusal
from enigm.wire.posture_report import PostureReport, State, sign_report, signal_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.app.home import Home
    from enigm.app.security.needs import LocalAgent, MachineSeen
    from enigm.app.service.accounts import AccountPath

# Four times in the day for which the service takes a report for fresh.
REPORT_SECONDS: Final = 6 * 3600
# How often the App looks whether a report is due.
ROUND_SECONDS: Final = 600.0
_WORDS: Final[dict[State, StateWord]] = {
    State.TRUE: "true",
    State.FALSE: "false",
    State.UNKNOWN: "unknown",
}
# Vault settings: the signals that may leave, the last report that left, and whether a TPM's
# evidence did.
AGREED: Final = "posture_agreed"
SENT: Final = "posture_sent"
ATTESTED: Final = "machine_attested"


class SecurityCenter:
    """One open profile's view of the machine, and what it tells of it. Off until turned on."""

    def __init__(self, home: Home, accounts: AccountPath, agent: LocalAgent | None) -> None:
        """Keep who looks; nothing is read or sent yet."""
        self.path = EvidencePath(accounts)
        self._home = home
        self._agent = agent
        self._problem = ""
        self._is_changed = False
        self._woken = asyncio.Event()
        self._sending = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    @property
    def device_public(self) -> bytes:
        """The key that this device is known by, to which evidence is bound."""
        return self._home.device.device_public

    def start(self) -> None:
        """Report from now on where that is turned on."""
        if self._agent is not None and self._task is None:
            self._task = asyncio.create_task(keep_going(self._run))

    async def stop(self) -> None:
        """End; nothing is sent any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def view(self) -> SecurityView:
        """Look at the machine now, and say what leaves it; raises NoAgentError."""
        agent = self._require_agent()
        seen = await asyncio.to_thread(agent.look)
        try:
            asked = await self.path.signals_asked()
        except Refusal:
            asked = None
        self._notice(seen)
        return self._shown(seen, asked)

    async def turn_on(self) -> SecurityView:
        """Agree to what is asked now, and report it at once.

        Raises:
            NothingAskedError: the service wants no report.
            Refusal: the service cannot be asked.
        """
        agent = self._require_agent()
        asked = await self.path.signals_asked()
        if not asked:
            raise NothingAskedError
        self._keep(AGREED, msgspec.json.encode(asked))
        agent.turn_on()
        await self._report()
        return await self.view()

    async def turn_off(self) -> SecurityView:
        """Send nothing any more, and have the service forget what it was told."""
        self._require_agent().turn_off()
        await self._withdraw()
        return await self.view()

    def note_attested(self) -> None:
        """Remember that the service knows this machine's TPM, to have it forgotten one day."""
        self._keep(ATTESTED, b"1")

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            agent = self._require_agent()
            if not agent.is_on():
                await self._withdraw()
            elif self._is_due() and self._agreed():
                await self._report()
            await wait_awhile(self._woken, ROUND_SECONDS)

    async def _report(self) -> None:
        """Send one report; why it did not go is shown on the page."""
        async with self._sending:
            # Asked again under the lock: it may have been turned off meanwhile.
            if not self._require_agent().is_on():
                return
            try:
                await self._send_report()
                self._problem = ""
            except Refusal as refusal:
                self._problem = refusal.detail

    async def _send_report(self) -> None:
        challenge = await self.path.report_challenge()
        agreed = set(self._agreed())
        named = {word: signal_named(word) for word in challenge.signals if word in agreed}
        wanted = {word: signal for word, signal in named.items() if signal is not None}
        if not wanted:
            await self._forget_report()
            return
        seen = await asyncio.to_thread(self._require_agent().look)
        states = {each.signal: each.state for each in seen.signals}
        told = {signal: states.get(signal, State.UNKNOWN) for signal in wanted.values()}
        report = PostureReport(
            base64url_decode(challenge.handle),
            base64url_decode(challenge.nonce),
            seen.taken_at,
            told,
        )
        standing = await self.path.send_report(sign_report(report, self._home.device.signing))
        words = {signal.word: state.word for signal, state in sorted(told.items())}
        sent = SentReport(at=self._home.now(), states=words, standing=standing)
        self._keep(SENT, msgspec.json.encode(sent))
        self._is_changed = False

    async def _withdraw(self) -> None:
        """Have the service forget; where it cannot be told now, it is told later."""
        async with self._sending:
            try:
                await self._forget_report()
                if self._home.vault.get_setting(ATTESTED) is not None:
                    await self.path.forget_device()
                    self._keep(ATTESTED, None)
            except Refusal as refusal:
                self._problem = refusal.detail
                return
            self._problem = ""
            if self._agreed():
                self._keep(AGREED, None)

    async def _forget_report(self) -> None:
        if self._sent() is not None:
            await self.path.forget_report()
            self._keep(SENT, None)

    def _shown(self, seen: MachineSeen, asked: tuple[str, ...] | None) -> SecurityView:
        signals = tuple(
            SignalView(
                signal=each.signal.word,
                state=_WORDS[each.state],
                title=each.title,
                found=each.found,
                promise=each.promise,
                why=each.why,
                to_do=each.to_do,
            )
            for each in seen.signals
        )
        sending = Sending(
            on=self._require_agent().is_on(),
            asked=asked,
            agreed=tuple(self._agreed()),
            sent=self._sent(),
            problem=self._problem,
        )
        return SecurityView(signals, seen.taken_at, seen.took_milliseconds, sending)

    def _is_due(self) -> bool:
        sent = self._sent()
        is_old = sent is None or self._home.now() - sent.at >= REPORT_SECONDS
        return is_old or bool(self._problem) or self._is_changed

    def _notice(self, seen: MachineSeen) -> None:
        """Report soon where what was last sent is no longer so."""
        sent = self._sent()
        now = {each.signal.word: each.state.word for each in seen.signals}
        self._is_changed = sent is not None and any(
            now.get(word) != state for word, state in sent.states.items()
        )
        if self._is_changed:
            self._woken.set()

    def _agreed(self) -> Sequence[str]:
        kept = self._home.vault.get_setting(AGREED)
        return () if kept is None else msgspec.json.decode(kept, type=tuple[str, ...])

    def _sent(self) -> SentReport | None:
        kept = self._home.vault.get_setting(SENT)
        return None if kept is None else msgspec.json.decode(kept, type=SentReport)

    def _keep(self, name: str, value: bytes | None) -> None:
        with self._home.vault.transaction():
            self._home.vault.set_setting(name, value)

    def _require_agent(self) -> LocalAgent:
        if self._agent is None:
            raise NoAgentError
        return self._agent
