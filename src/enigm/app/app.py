"""The App's door: one profile, each deed of docs/app-api.md as a method, and a feed of events."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from enigm.foundation.clock import Clock, SystemClock
from enigm.foundation.entropy import Entropy, SystemEntropy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from enigm.app import views

PROFILES_FOLDER = Path("~/.local/share/enigm/app")
PROFILE_DEFAULT = "default"
MESSAGES_PAGE_DEFAULT = 50


@dataclass(frozen=True, slots=True)
class Options:
    """Which profile, which service, and what tests replace.

    Args:
        profile: a folder name under ``folder``; one person, one vault.
        service: the address of the service, ``http://127.0.0.1:8080``; None takes the one that
            the profile already uses.
        folder: where the profiles lie.
    """

    profile: str = PROFILE_DEFAULT
    service: str | None = None
    folder: Path = PROFILES_FOLDER
    clock: Clock = field(default_factory=SystemClock)
    entropy: Entropy = field(default_factory=SystemEntropy)


class App:
    """One profile on this machine. Not safe across event loops: one loop owns one App.

    Every method that cannot do what was asked raises a ``foundation.errors.Refusal`` with a
    stable category and code. Accounts, conversations, messages, requests and devices are named by
    the ``id`` and ``account`` strings that the listings hold.
    """

    def __init__(self, options: Options) -> None:
        """Remember the options; nothing is opened before ``start``."""
        self._options = options

    async def start(self) -> views.State:
        """Look at the profile's folder; stage is then ``welcome`` or ``locked``."""
        raise NotImplementedError

    async def close(self) -> None:
        """Lock the vault and end every connection."""
        raise NotImplementedError

    def subscribe(self, callback: Callable[[views.Event], None]) -> Callable[[], None]:
        """Call back with every event, on the loop, in order; return what ends it."""
        raise NotImplementedError

    def events(self) -> AsyncIterator[views.Event]:
        """Yield every event from now on; the subscription begins with the call itself."""
        raise NotImplementedError

    def state(self) -> views.State:
        """Return the profile's stage and connection."""
        raise NotImplementedError

    async def register(
        self, username: str, password: str, invite: str | None = None
    ) -> views.PhraseToConfirm:
        """Make an account and its keys here; the stage is then ``confirm_phrase``."""
        raise NotImplementedError

    async def phrase_to_confirm(self) -> views.PhraseToConfirm:
        """Show the words again in stage ``confirm_phrase`` (after a reload or restart)."""
        raise NotImplementedError

    async def confirm_phrase(self, words: Mapping[int, str]) -> views.State:
        """Compare the asked words, from position 1; after that the App forgets the phrase."""
        raise NotImplementedError

    async def recover(self, phrase: Sequence[str], password: str) -> views.State:
        """Bring an account back by its 24 words alone; ``password`` becomes its new password."""
        raise NotImplementedError

    async def link(self, username: str, password: str) -> views.LinkCode:
        """Sign in on a new device; the stage is then ``awaiting_approval``."""
        raise NotImplementedError

    async def unlock(self, password: str) -> views.State:
        """Open the vault and go online."""
        raise NotImplementedError

    async def lock(self) -> views.State:
        """Drop every key and every plaintext from memory."""
        raise NotImplementedError

    async def change_password(self, password: str, new_password: str) -> None:
        """Wrap the vault's key anew."""
        raise NotImplementedError

    async def delete_account(self, password: str) -> None:
        """Erase the account at the service and the profile on this machine."""
        raise NotImplementedError

    async def conversations(self) -> list[views.Conversation]:
        """List the conversations, newest first."""
        raise NotImplementedError

    async def conversation(self, conversation: str) -> views.ConversationDetail:
        """Return one conversation with its members."""
        raise NotImplementedError

    async def messages(
        self, conversation: str, before: str | None = None, limit: int = MESSAGES_PAGE_DEFAULT
    ) -> list[views.Message]:
        """Return a page of messages, oldest first, ending before the message ``before``."""
        raise NotImplementedError

    async def send(self, conversation: str, text: str) -> views.Message:
        """Queue a message; it is in the vault when this returns and goes out when it can."""
        raise NotImplementedError

    async def retry(self, conversation: str, message: str) -> views.Message:
        """Queue a failed message again."""
        raise NotImplementedError

    async def mark_read(self, conversation: str, up_to: str) -> None:
        """Everything up to this message was seen."""
        raise NotImplementedError

    async def create_group(
        self, title: str, members: Sequence[str]
    ) -> views.ConversationDetail:
        """Make a group with these accounts, each an accepted contact."""
        raise NotImplementedError

    async def rename(self, conversation: str, title: str) -> views.ConversationDetail:
        """Give a group another title, authenticated to all members."""
        raise NotImplementedError

    async def add_member(self, conversation: str, account: str) -> views.ConversationDetail:
        """Add every trusted device of a contact to a group."""
        raise NotImplementedError

    async def remove_member(self, conversation: str, account: str) -> views.ConversationDetail:
        """Remove every device of an account from a group."""
        raise NotImplementedError

    async def leave(self, conversation: str) -> None:
        """Leave a conversation; what was received stays readable here."""
        raise NotImplementedError

    async def contacts(self) -> list[views.Contact]:
        """List the contacts by name."""
        raise NotImplementedError

    async def add_contact(
        self, *, username: str | None = None, invite: str | None = None, greeting: str = ""
    ) -> views.Contact:
        """Ask someone to talk, found by user name or by an invite link."""
        raise NotImplementedError

    async def block(self, account: str) -> views.Contact:
        """Show nothing more from this account."""
        raise NotImplementedError

    async def unblock(self, account: str) -> views.Contact:
        """Undo ``block``."""
        raise NotImplementedError

    async def requests(self) -> list[views.Request]:
        """List what waits for an answer, newest first."""
        raise NotImplementedError

    async def accept_request(self, request: str) -> views.ConversationDetail:
        """Join the conversation that was offered."""
        raise NotImplementedError

    async def refuse_request(self, request: str) -> None:
        """Forget the request; the asker learns nothing."""
        raise NotImplementedError

    async def invite(self) -> views.Invite:
        """Return this account's invite link."""
        raise NotImplementedError

    async def devices(self) -> list[views.Device]:
        """List this account's devices: trusted, waiting, revoked."""
        raise NotImplementedError

    async def approve_device(self, device: str) -> views.Device:
        """Certify a waiting device, whose code the user compared."""
        raise NotImplementedError

    async def refuse_device(self, device: str) -> None:
        """Turn a waiting device away."""
        raise NotImplementedError

    async def revoke_device(self, device: str) -> views.Device:
        """End the trust in a device and remove it from every conversation."""
        raise NotImplementedError

    async def safety(self, account: str) -> views.Safety:
        """Return the numbers to compare with this contact."""
        raise NotImplementedError

    async def set_verified(self, account: str, *, verified: bool) -> views.Safety:
        """Remember that the numbers were compared, or take it back."""
        raise NotImplementedError

    async def search(self, words: str) -> list[views.SearchHit]:
        """Find messages that hold all these words, best first."""
        raise NotImplementedError
