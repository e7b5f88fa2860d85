"""Own commits: built from what this device still wants of a group, as the group stands now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from enigm.app.content import MESSAGE_ID_BYTES, check_title, group_policy
from enigm.app.conversations.groups import (
    extensions_with,
    leaves,
    next_token_hash,
    policy_of,
    policy_with_title,
)
from enigm.app.identity.credentials import DeviceName, read_credential
from enigm.app.vault.queues import Intent, SentCommit
from enigm.crypto.mls.member.committing import CommitOptions
from enigm.crypto.mls.proposals import Add, GroupContextExtensions, Remove
from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    from enigm.app.conversations.groups import Groups
    from enigm.app.conversations.offers import Offers
    from enigm.app.home import Home
    from enigm.crypto.mls.member.group import Group
    from enigm.crypto.mls.member.outcomes import PendingCommit
    from enigm.crypto.mls.proposals import Proposal

_packages = msgspec.msgpack.Decoder(dict[bytes, bytes])


@dataclass(slots=True)
class _Plan:
    """What one commit shall do; ``adds`` by device, so that a bad key package can be left out."""

    adds: dict[bytes, Add] = field(default_factory=dict[bytes, Add])
    removes: set[int] = field(default_factory=set[int])
    policy: bytes | None = None
    renews_keys: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.adds or self.removes or self.policy is not None or self.renews_keys)

    def proposals(self) -> list[Proposal]:
        made: list[Proposal] = [*self.adds.values(), *map(Remove, sorted(self.removes))]
        if self.policy is not None:
            made.append(GroupContextExtensions(extensions_with(self.policy)))
        return made


class Commits:
    """Builds, drops and rebuilds the one commit that a conversation may have on its way."""

    def __init__(self, home: Home, groups: Groups, offers: Offers) -> None:
        """Work on an open profile."""
        self._home = home
        self._groups = groups
        self._offers = offers

    def unresolved(self, thread_id: str) -> list[Intent]:
        """Return the accounts to add whose key packages must be fetched first."""
        intents = self._home.queues.intents(thread_id, self._home.now())
        return [item for item in intents if item.kind == "add_account" and not item.payload]

    def resolve(self, intent: Intent, key_packages: dict[bytes, bytes]) -> None:
        """Remember the key packages by which an account's devices can be added."""
        with self._home.vault.transaction():
            self._home.queues.put_intent(
                intent.thread_id, intent.kind, intent.subject, msgspec.msgpack.encode(key_packages)
            )

    def postpone(self, intent: Intent, not_before: int) -> None:
        """Try an intent again later."""
        with self._home.vault.transaction():
            self._home.queues.put_intent(
                intent.thread_id, intent.kind, intent.subject, intent.payload, not_before
            )

    def build(self, thread_id: str) -> bool:
        """Make a commit of what is still wanted and write it down; False when nothing is."""
        if not self._home.queues.intents(thread_id, self._home.now()):
            return False
        with self._groups.change(thread_id) as group:
            if group.pending is not None:
                group.discard_pending()
            plan = self._plan(thread_id, group)
            if plan.is_empty:
                return False
            pending = self._commit(group, plan)
            if pending is None:
                return False
            commit_id = self._home.entropy.random_bytes(MESSAGE_ID_BYTES)
            self._home.queues.put_commit(
                thread_id,
                SentCommit(
                    commit_id, pending.epoch, pending.message, next_token_hash(group, pending)
                ),
            )
            self._offers.write(thread_id, group, pending)
            return True

    def drop(self, thread_id: str) -> None:
        """Another commit won: forget ours; what it wanted is tried again on top."""
        with self._groups.change(thread_id) as group:
            group.discard_pending()
            self._home.queues.drop_commit(thread_id, won=False)

    def _commit(self, group: Group, plan: _Plan) -> PendingCommit | None:
        try:
            return group.commit(plan.proposals(), _options(plan))
        except Refusal:
            if not plan.adds:
                raise
        # Somebody's key package is bad: leave out those that fail alone, keep the others.
        for device, add in list(plan.adds.items()):
            try:
                group.commit([add], CommitOptions(include_received=False))
            except Refusal:
                del plan.adds[device]
            group.discard_pending()
        return None if plan.is_empty else group.commit(plan.proposals(), _options(plan))

    def _plan(self, thread_id: str, group: Group) -> _Plan:
        plan = _Plan()
        now = leaves(group)
        for intent in self._home.queues.intents(thread_id, self._home.now()):
            size = (len(plan.adds), len(plan.removes), plan.policy, plan.renews_keys)
            self._plan_one(intent, group, now, plan)
            if size == (len(plan.adds), len(plan.removes), plan.policy, plan.renews_keys):
                self._home.queues.drop_intent(intent)
        return plan

    def _plan_one(
        self, intent: Intent, group: Group, now: dict[int, DeviceName], plan: _Plan
    ) -> None:
        """Add to the plan what an intent still lacks; nothing when the group has it."""
        if intent.kind == "add_account":
            packages = _packages.decode(intent.payload) if intent.payload else {}
            self._plan_adds(packages, intent.subject, now, plan)
        elif intent.kind == "add_device":
            package = {intent.subject: intent.payload}
            self._plan_adds(package, self._home.account.fingerprint, now, plan)
        elif intent.kind == "remove_account":
            plan.removes |= {i for i, name in now.items() if name.fingerprint == intent.subject}
        elif intent.kind == "remove_device":
            plan.removes |= {i for i, name in now.items() if name.device_public == intent.subject}
        elif intent.kind == "title":
            title, policy = check_title(intent.payload.decode()), policy_of(group)
            if policy.title != title:
                plan.policy = policy_with_title(policy, title)
        elif intent.kind == "abdicate":
            policy = policy_of(group)
            if policy.admins == (self._home.account.fingerprint,):
                plan.policy = group_policy(policy.title, ())
        else:
            thread = self._home.threads.get(intent.thread_id)
            plan.renews_keys = thread.updated_keys_at < int.from_bytes(intent.payload, "big")
        plan.removes.discard(group.leaf_index)

    def _plan_adds(
        self,
        packages: dict[bytes, bytes],
        fingerprint: bytes,
        now: dict[int, DeviceName],
        plan: _Plan,
    ) -> None:
        present = {name.device_public for name in now.values()}
        chain = self._home.chains.chains.get(fingerprint.hex())
        for device_public, package in packages.items():
            if device_public in present or chain is None or device_public not in chain.trusted:
                continue
            add = _checked_add(package, fingerprint, device_public)
            if add is not None:
                plan.adds[device_public] = add


def _checked_add(package: bytes, fingerprint: bytes, device_public: bytes) -> Add | None:
    """Return the proposal if the key package is the one asked for, not somebody else's."""
    try:
        add = Add.of(package)
        name = read_credential(add.key_package.leaf.credential)
    except Refusal:
        return None
    is_right = name.fingerprint == fingerprint and name.device_public == device_public
    return add if is_right else None


def _options(plan: _Plan) -> CommitOptions:
    return CommitOptions(include_received=False, force_path=plan.renews_keys)
