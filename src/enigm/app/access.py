"""Who may get in, and how far: the stages of a profile and the ways between them."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import enigm
from enigm.app import views
from enigm.app.changes import Change, Changes
from enigm.app.conversations.engine import Engine
from enigm.app.entrance import Entered, Entrance
from enigm.app.errors import (
    LockedError,
    WrongPasswordError,
    WrongStageError,
    WrongWordsError,
)
from enigm.app.farewell import say_farewell
from enigm.app.faults import wait_awhile
from enigm.app.feed import Feed
from enigm.app.home import IS_UNCERTAIN, PHRASE_TO_CONFIRM, SIGN_IN_SECRET, Home, read_identity
from enigm.app.identity import phrase as phrases
from enigm.app.identity.link_code import link_code
from enigm.app.letters import Contacts
from enigm.app.options import SERVICE_DEFAULT
from enigm.app.pins import ACCOUNT_DELETE, PASSWORD_CHANGE
from enigm.app.service import opaque
from enigm.app.service.accounts import AccountPath, SignIn
from enigm.app.service.http import check_service
from enigm.app.unlocked import Unlocked
from enigm.app.vault.profile import Profile
from enigm.app.vault.wrapping import check_password
from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from enigm.app.options import Options
    from enigm.app.vault.file import VaultFile

ASKED_POSITIONS = "phrase_ask"
# How often a waiting device asks whether it was approved: somebody looks at both screens.
APPROVAL_SECONDS = 2.0
# A service that is slow or gone must not hold up the screen longer.
REACHABLE_SECONDS_MAX = 5.0
SETTLE_LOOK_SECONDS = 0.02


class Access:
    """Opens and closes one profile."""

    def __init__(self, options: Options) -> None:
        """Remember the options; nothing is opened."""
        self._options = options
        self._profile = Profile(options.folder, options.profile)
        self.feed = Feed()
        self._changes = Changes(self._show)
        self._accounts: AccountPath | None = None
        self._engine: Engine | None = None
        self._unlocked: Unlocked | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    async def start(self) -> views.State:
        """Take hold of the profile; raises ProfileInUseError, DamagedVaultError."""
        self._profile.hold()
        return self.state()

    async def close(self) -> None:
        """Lock, and let other processes in."""
        async with self._turn:
            await self._stop()
        self._profile.release()

    def state(self) -> views.State:
        """Tell the stage and the connection."""
        home = self._home
        return views.State(
            profile=self._options.profile,
            stage=self._stage(),
            username="" if home is None else home.account.username,
            fingerprint="" if home is None else home.me,
            service=self._address(),
            connection=self._connection(),
            version=enigm.__version__,
        )

    def unlocked(self) -> Unlocked:
        """Return the ready profile; raises LockedError, WrongStageError."""
        stage = self._stage()
        if stage == "locked":
            raise LockedError
        if stage != "ready" or self._unlocked is None:
            raise WrongStageError("The profile is not ready for this yet.")
        return self._unlocked

    async def register(
        self, username: str, password: str, invite: str | None
    ) -> views.PhraseToConfirm:
        """Make an account; the stage is then ``confirm_phrase``."""
        async with self._turn:
            entered = await self._enter(
                lambda entrance: entrance.register(username, password, invite)
            )
            positions = phrases.positions_to_ask(self._options.entropy)
            with entered.vault.transaction():
                entered.vault.set_setting(ASKED_POSITIONS, bytes(positions))
            self._open(entered)
            return self.phrase_to_confirm()

    def phrase_to_confirm(self) -> views.PhraseToConfirm:
        """Show the words until they were confirmed."""
        home = self._home
        if home is None or self._stage() != "confirm_phrase":
            raise WrongStageError("There is no phrase to confirm.")
        phrase = self._phrase(home)
        positions = home.vault.get_setting(ASKED_POSITIONS) or b""
        return views.PhraseToConfirm(phrase=phrase.words, ask=tuple(positions))

    async def confirm_phrase(self, words: Mapping[int, str]) -> views.State:
        """Compare the asked words; then the phrase is forgotten and work begins."""
        async with self._turn:
            shown = self.phrase_to_confirm()
            if set(words) != set(shown.ask):
                raise WrongWordsError
            for position, word in words.items():
                if word.strip().casefold() != shown.phrase[position - 1]:
                    raise WrongWordsError
            home = self._home
            if home is not None:
                with home.vault.transaction():
                    home.vault.set_setting(PHRASE_TO_CONFIRM, None)
                    home.vault.set_setting(ASKED_POSITIONS, None)
                home.vault.truncate_log()
            self._go_on()
            await self._wait_reachable()
            return self.state()

    async def recover(self, words: Sequence[str], password: str) -> views.State:
        """Bring an account back by its phrase."""
        async with self._turn:
            typed = list(words)
            self._open(await self._enter(lambda entrance: entrance.recover(typed, password)))
            await self._wait_reachable()
            return self.state()

    async def link(self, username: str, password: str) -> views.LinkCode:
        """Sign in on a new device and wait for approval."""
        async with self._turn:
            entered = await self._enter(lambda entrance: entrance.link(username, password))
            self._open(entered)
            return await self.link_code()

    async def link_code(self) -> views.LinkCode:
        """Show the code of a waiting device: made of its keys, so it outlives every restart."""
        home = self._home
        if home is None or self._stage() != "awaiting_approval":
            raise WrongStageError("This device waits for no approval.")
        return views.LinkCode(
            await asyncio.to_thread(link_code, home.account.fingerprint, home.device.device_public)
        )

    async def unlock(self, password: str) -> views.State:
        """Open the vault and go on where it stopped."""
        async with self._turn:
            if self._home is not None:
                self._profile.check(password)
                return self.state()
            if not self._profile.exists:
                raise WrongStageError("There is no account in this profile yet.")
            vault = await asyncio.to_thread(self._profile.open, password)
            account, device = read_identity(vault)
            secret = (vault.get_setting(SIGN_IN_SECRET) or b"").decode()
            self._accounts = self._account_path()
            sign_in = SignIn(account.lookup_id, secret)
            self._accounts.use(sign_in, device)
            await self._make_certain(vault, self._accounts)
            self._open(Entered(vault, account, device, sign_in))
            return self.state()

    async def _make_certain(self, vault: VaultFile, accounts: AccountPath) -> None:
        """Find out whether a registration that was cut short had reached the service."""
        if vault.get_setting(IS_UNCERTAIN) is None:
            return
        try:
            await accounts.session()
        except WrongPasswordError as error:
            vault.close()
            await self._stop()
            self._profile.empty()
            raise WrongStageError("The registration did not get through: register again.") from (
                error
            )
        except BaseException:
            vault.close()
            await self._stop()
            raise
        with vault.transaction():
            vault.set_setting(IS_UNCERTAIN, None)

    async def lock(self) -> views.State:
        """Drop every key and every plaintext."""
        async with self._turn:
            await self._stop()
        self._changes.state()
        return self.state()

    async def settle(self, seconds_max: float, *, sent: bool) -> bool:
        """Wait until all was read, and sent if asked; tell whether it was so in time."""
        engine = self.unlocked().engine
        for _ in range(max(1, int(seconds_max / SETTLE_LOOK_SECONDS))):
            if engine.is_idle if sent else engine.is_caught_up:
                return True
            await asyncio.sleep(SETTLE_LOOK_SECONDS)
        return False

    async def set_pin(self, password: str, pin: str) -> None:
        """Set a first PIN, for which the password is asked again."""
        async with self._turn:
            unlocked = self.unlocked()
            await asyncio.to_thread(self._profile.check, password)
            await unlocked.pins.set(pin)

    async def change_password(self, password: str, new_password: str, pin: str) -> None:
        """Change the password of the account and of this vault."""
        check_password(new_password)
        async with self._turn:
            unlocked, accounts = self.unlocked(), self._require_accounts()
            await asyncio.to_thread(self._profile.check, password)
            secret = opaque.sign_in_secret(new_password)
            record = await accounts.password_record(secret)
            grant = await unlocked.pins.enter(pin, PASSWORD_CHANGE, record)
            await accounts.change_password(secret, record, grant)
            with unlocked.home.vault.transaction():
                unlocked.home.vault.set_setting(SIGN_IN_SECRET, secret.encode())
                unlocked.engine.siblings.tell(Contacts(sign_in_secret=secret))
            unlocked.engine.post.wake()
            await asyncio.to_thread(
                self._profile.rewrap, password, new_password, self._options.entropy
            )

    async def delete_account(self, password: str, pin: str) -> None:
        """Erase the account at the service, then this profile."""
        async with self._turn:
            unlocked, accounts = self.unlocked(), self._require_accounts()
            await asyncio.to_thread(self._profile.check, password)
            # First: a goodbye that is not followed by the end would be a lie.
            grant = await unlocked.pins.enter(pin, ACCOUNT_DELETE)
            await say_farewell(unlocked)
            await accounts.delete_account(grant)
            await self._stop()
            self._profile.erase()
            self._profile.hold()
        self._changes.state()

    @property
    def _home(self) -> Home | None:
        return None if self._engine is None else self._engine.home

    def _stage(self) -> views.Stage:
        home = self._home
        if home is None:
            return "locked" if self._profile.exists else "welcome"
        if home.vault.get_setting(PHRASE_TO_CONFIRM) is not None:
            return "confirm_phrase"
        chain = home.own_chain
        is_waiting = not home.is_trusted and home.device.device_public not in chain.revoked
        return "awaiting_approval" if is_waiting else "ready"

    def _connection(self) -> views.Connection:
        if self._engine is None:
            return "offline"
        path = self._engine.path
        if path.is_online:
            return "online"
        return "offline" if path.is_tried else "connecting"

    async def _enter(self, way: Callable[[Entrance], Awaitable[Entered]]) -> Entered:
        if self._stage() != "welcome":
            raise WrongStageError("This profile has an account: use another profile.")
        self._profile.hold()
        self._accounts = accounts = self._account_path()
        options = self._options
        entrance = Entrance(
            self._profile, accounts, self._service(), options.clock, options.entropy
        )
        try:
            return await way(entrance)
        except BaseException:
            await accounts.close()
            self._accounts = None
            raise

    def _open(self, entered: Entered) -> None:
        options = self._options
        home = Home(
            entered.vault,
            entered.account,
            entered.device,
            options.clock,
            options.entropy,
            self._changes,
        )
        self._engine = Engine(home, self._require_accounts(), self._service())
        self._unlocked = Unlocked(self._engine, self._options.agent)
        self._go_on()

    def _go_on(self) -> None:
        """Begin what the stage allows."""
        self._changes.state()
        engine = self._engine
        if engine is None:
            return
        if self._stage() == "ready":
            engine.start()
            if self._unlocked is not None:
                self._unlocked.security.start()
        elif self._stage() == "awaiting_approval":
            self._waiting = asyncio.create_task(self._wait_for_approval(engine))

    async def _wait_reachable(self) -> None:
        """Wait a moment until others can find this device: people say their name at once."""
        if self._engine is not None:
            await wait_awhile(self._engine.upkeep.is_reachable, REACHABLE_SECONDS_MAX)

    async def _wait_for_approval(self, engine: Engine) -> None:
        """Ask until this device is certified, or turned away."""
        home = engine.home
        while True:
            with contextlib.suppress(Refusal):
                own = await engine.accounts.own_chain()
                home.accept_chain(own.chain.verify(home.account.fingerprint))
                if home.is_trusted:
                    self._go_on()
                    return
                waiting = {item.device_public for item in own.pending}
                if home.device.device_public not in waiting:
                    await self._turn_away()
                    return
            await asyncio.sleep(APPROVAL_SECONDS)

    async def _turn_away(self) -> None:
        """A trusted device refused this one: nothing of the attempt stays."""
        self._waiting = None
        await self._stop()
        self._profile.erase()
        self._profile.hold()
        self._changes.state()

    async def _stop(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            await asyncio.gather(self._waiting, return_exceptions=True)
            self._waiting = None
        if self._unlocked is not None:
            await self._unlocked.security.stop()
        engine, self._engine, self._unlocked = self._engine, None, None
        if engine is not None:
            await engine.stop()
            engine.home.vault.close()
        if self._accounts is not None:
            await self._accounts.close()
            self._accounts = None

    def _service(self) -> str:
        return check_service(self._address())

    def _address(self) -> str:
        return self._options.service or self._profile.service or SERVICE_DEFAULT

    def _account_path(self) -> AccountPath:
        return AccountPath(self._service(), self._options.clock, self._options.entropy)

    def _require_accounts(self) -> AccountPath:
        if self._accounts is None:
            raise LockedError
        return self._accounts

    def _phrase(self, home: Home) -> phrases.Phrase:
        octets = home.vault.get_setting(PHRASE_TO_CONFIRM)
        if octets is None:
            raise WrongStageError("There is no phrase to confirm.")
        return phrases.phrase_of(octets)

    def _show(self, batch: list[Change]) -> None:
        for change in batch:
            if change[0] == "state":
                self.feed.publish(views.Event("state", self.state()))
            elif self._unlocked is not None:
                event = self._unlocked.event(change)
                if event is not None:
                    self.feed.publish(event)
