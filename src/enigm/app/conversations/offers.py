"""Offers of a place in a conversation: written for those who are added, judged by them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.app.content import MESSAGE_ID_BYTES, Hello, Policy
from enigm.app.conversations.epochs import want_revoked_gone
from enigm.app.conversations.groups import (
    SETTINGS,
    first_log_head,
    leaves,
    member_devices,
    policy_of,
)
from enigm.app.errors import MalformedContentError
from enigm.app.identity.credentials import (
    CredentialRefusedError,
    DeviceName,
    account_name,
    read_credential,
)
from enigm.app.letters import ChainCopy, Offer, chains_that_fit, copy_of, write_letter
from enigm.app.vault.queues import LetterOut
from enigm.app.vault.threads import Thread
from enigm.crypto.mls.member.group import Group
from enigm.crypto.mls.member.identity import KeyPackageBundle
from enigm.crypto.mls.member.joining import welcome_recipients

if TYPE_CHECKING:
    from enigm.app.conversations.groups import Groups
    from enigm.app.conversations.told import Told
    from enigm.app.home import Home
    from enigm.crypto.mls.member.outcomes import PendingCommit
    from enigm.wire.device_chain import Fingerprint

# How long a leaf keeps its keys before this device commits fresh ones (RFC 9420 §16.6). The
# keys of a key package, which lay at the service, are replaced sooner.
KEYS_SECONDS_MAX = 7 * 24 * 3600
JOINED_KEYS_SECONDS_MAX = 6 * 3600


@dataclass(frozen=True, slots=True)
class ReceivedOffer:
    """An offer whose writer is proved; whether to take it is the user's to say."""

    sender: Fingerprint
    device_public: bytes
    offer: Offer = field(repr=False)

    @property
    def thread_id(self) -> str:
        """The conversation that is offered."""
        return self.offer.channel.hex()


class Offers:
    """Writes and takes offers; callers hold the transaction."""

    def __init__(self, home: Home, groups: Groups, told: Told) -> None:
        """Work on an open profile."""
        self._home = home
        self._groups = groups
        self._told = told

    def write(self, thread_id: str, group: Group, pending: PendingCommit) -> None:
        """Write a letter for every device that a pending commit adds; held until it won."""
        if pending.welcome is None:
            return
        home = self._home
        added = [read_credential(item.credential) for item in pending.staged.summary.added]
        inside = {name.account for name in (*leaves(group).values(), *added)}
        greeting = home.vault.get_setting(f"greeting {thread_id}") or b""
        policy = policy_of(group)
        for name in added:
            offer = Offer(
                channel=group.group_id,
                welcome=pending.welcome,
                shape=policy.kind,
                title=policy.title,
                chains=self._chains(inside - {name.account, home.me}),
                names=self._names(inside),
                greeting=greeting.decode(),
                at=home.now(),
            )
            self._queue(name, offer, held_by=thread_id)

    def take(self, received: ReceivedOffer, *, say_hello: bool) -> Thread:
        """Join the conversation that is offered.

        Raises ChainNeededError, or a Refusal when the offer is not what it seems; nothing has
        changed then.
        """
        home, offer = self._home, received.offer
        self._learn(offer)
        self._check_writer(received)
        bundle = self._bundle(offer.welcome)
        group = Group.join(home.needs, offer.welcome, bundle, settings=SETTINGS)
        policy = policy_of(group)
        self._check(received, group, policy)
        thread = self._thread(received, group, policy)
        home.threads.put(thread)
        self._groups.adopt(thread.id, group)
        home.threads.begin_epoch(thread.id, first_log_head(group))
        home.threads.set_members(thread.id, member_devices(group, policy))
        want_revoked_gone(home, thread.id, group)
        home.vault.run(
            "DELETE FROM key_package WHERE reference = ? AND is_last_resort = 0", bundle.reference
        )
        if say_hello:
            self._told.queue(thread.id, Hello(home.account.username))
        home.changes.conversation(thread.id)
        return thread

    def _queue(self, name: DeviceName, offer: Offer, held_by: str) -> None:
        home = self._home
        body = write_letter(
            offer, device=home.device, chain=home.own_chain, reader_public=name.device_public
        )
        letter = LetterOut(
            id=home.entropy.random_bytes(MESSAGE_ID_BYTES),
            account=name.account,
            device_public=name.device_public,
            body=body,
            sealed=None,
            admission=None,
            written_at=home.now(),
        )
        home.queues.put_letter(letter, held_by)

    def _chains(self, accounts: set[str]) -> tuple[ChainCopy, ...]:
        known = self._home.chains.chains
        copies = (copy_of(known[account]) for account in sorted(accounts) if account in known)
        return chains_that_fit(copies)

    def _names(self, accounts: set[str]) -> dict[str, str]:
        home = self._home
        names = {account: home.people.find(account) for account in accounts - {home.me}}
        known = {account: item.name for account, item in names.items() if item.is_name_checked}
        return known | {home.me: home.account.username}

    def _learn(self, offer: Offer) -> None:
        """Take in what proves itself, and claims that are checked before they are shown."""
        for copy in offer.chains:
            self._home.accept_chain(copy.unverified().verify())
        for account, name in offer.names.items():
            self._home.people.claim_name(account, name)

    def _bundle(self, welcome: bytes) -> KeyPackageBundle:
        home = self._home
        for reference in welcome_recipients(welcome):
            row = home.vault.row("SELECT bundle FROM key_package WHERE reference = ?", reference)
            if row is not None:
                return KeyPackageBundle.restore(row[0], home.needs.suites)
        raise MalformedContentError

    def _check_writer(self, received: ReceivedOffer) -> None:
        """See that the writer's account trusts the writing device, as far as is known by now."""
        chain = self._home.chains.chains.get(account_name(received.sender))
        if chain is None or received.device_public not in chain.trusted:
            raise CredentialRefusedError("The offer's writer is not trusted by its account.")

    def _check(self, received: ReceivedOffer, group: Group, policy: Policy) -> None:
        """See that the group is the one offered, by one of its members, and holds who it says."""
        home = self._home
        accounts = {name.fingerprint for name in leaves(group).values()}
        offer = received.offer
        if group.group_id != offer.channel or received.sender not in accounts:
            raise CredentialRefusedError("The offer's writer is not in the conversation.")
        if policy.kind != offer.shape:
            raise CredentialRefusedError("The conversation is of another kind than was offered.")
        if policy.kind == "direct" and (
            len(accounts) != 2 or home.account.fingerprint not in accounts  # noqa: PLR2004
        ):
            raise CredentialRefusedError("A conversation between two holds others.")
        known = home.threads.find(received.thread_id)
        if known is not None and known.state in {"active", "requested"}:
            raise CredentialRefusedError("This device is in that conversation already.")

    def _thread(self, received: ReceivedOffer, group: Group, policy: Policy) -> Thread:
        home = self._home
        others = {account_name(name.fingerprint) for name in leaves(group).values()} - {home.me}
        old = home.threads.find(received.thread_id)
        is_direct = policy.kind == "direct"
        return Thread(
            id=received.thread_id,
            kind=policy.kind,
            title=policy.title,
            peer=others.pop() if is_direct else "",
            state="active",
            is_created=True,
            cursor=0 if old is None else old.cursor,
            log_count=0,
            log_head=b"",
            is_disputed=False,
            changed_at=home.now(),
            updated_keys_at=home.now() - KEYS_SECONDS_MAX + JOINED_KEYS_SECONDS_MAX,
        )
