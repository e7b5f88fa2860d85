"""MLS groups in the vault: loaded when needed, written row by row with what their messages did."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

from enigm.app.content import LOG_HEAD_BYTES, Policy, group_policy, read_policy
from enigm.app.errors import MalformedContentError
from enigm.app.identity.credentials import KIND, DeviceName, read_credential
from enigm.app.vault.threads import MemberDevice
from enigm.crypto.mls.ciphersuite import HYBRID
from enigm.crypto.mls.extensions import (
    POLICY,
    Extension,
    RequiredCapabilities,
    find_extension,
)
from enigm.crypto.mls.member.creation import NewGroup
from enigm.crypto.mls.member.group import Group
from enigm.crypto.mls.member.identity import LeafOptions
from enigm.crypto.mls.member.needs import Settings
from enigm.wire import sizes

if TYPE_CHECKING:
    from collections.abc import Generator

    from enigm.app.home import Home
    from enigm.crypto.mls.member.outcomes import PendingCommit

TOKEN_LABEL = "enigm channel token"
TOKEN_BYTES = 32

# The channel is in order and complete: nothing late is ever read, so no old key is kept.
SETTINGS = Settings(padded_size=sizes.padded_size, past_epochs_max=0, skipped_keys_max=0)
LEAF = LeafOptions(extension_kinds=(POLICY,), credential_kinds=(KIND,))
_REQUIRED = RequiredCapabilities(extension_kinds=(POLICY,), credential_kinds=(KIND,)).extension()


class Groups:
    """Every group of a profile, by conversation."""

    def __init__(self, home: Home) -> None:
        """Work on an open profile."""
        self._home = home
        self._loaded: dict[str, Group] = {}

    def get(self, thread_id: str) -> Group:
        """Return a conversation's group, read from the vault if need be."""
        group = self._loaded.get(thread_id)
        if group is None:
            rows = self._home.group_rows.read(thread_id)
            group = Group.load(self._home.needs, rows, SETTINGS)
            self._loaded[thread_id] = group
        return group

    def create(self, channel: bytes, policy: bytes) -> Group:
        """Make a group of this one device and write it; call inside a transaction."""
        new = NewGroup(HYBRID, channel, self._home.identity, extensions_with(policy), leaf=LEAF)
        group = Group.create(self._home.needs, new, settings=SETTINGS)
        self.adopt(channel.hex(), group)
        return group

    def adopt(self, thread_id: str, group: Group) -> None:
        """Keep a new group in place of whatever was there; call inside a transaction."""
        self.erase(thread_id)
        self._loaded[thread_id] = group
        self.save(thread_id, group)

    @contextlib.contextmanager
    def change(self, thread_id: str) -> Generator[Group]:
        """Give the group to a block that is one transaction; on failure nothing has changed."""
        with self.forgetting(thread_id), self._home.vault.transaction():
            group = self.get(thread_id)
            yield group
            if self._loaded.get(thread_id) is group:
                self.save(thread_id, group)

    @contextlib.contextmanager
    def forgetting(self, thread_id: str) -> Generator[None]:
        """When the block fails, forget the group in memory: the vault is what holds."""
        try:
            yield
        except BaseException:
            self._loaded.pop(thread_id, None)
            raise

    def save(self, thread_id: str, group: Group) -> None:
        """Write what changed since the last time."""
        self._home.group_rows.write(thread_id, group.take_changes())

    def erase(self, thread_id: str) -> None:
        """Destroy a group's secrets; call inside a transaction."""
        self._loaded.pop(thread_id, None)
        self._home.group_rows.erase(thread_id)


def extensions_with(policy: bytes) -> tuple[Extension, ...]:
    """Return the group context's extensions for a policy."""
    return (Extension(POLICY, policy), _REQUIRED)


def channel_token(group: Group) -> bytes:
    """Return what proves membership in the current epoch to the service."""
    return group.export(TOKEN_LABEL, group.group_id, TOKEN_BYTES)


def next_token_hash(group: Group, pending: PendingCommit) -> bytes:
    """Return the hash of the token of the epoch that a pending commit leads to."""
    started = pending.staged.started
    if started is None:
        raise RuntimeError("an own commit always leads to an epoch")
    epoch = started.epoch
    token = epoch.secrets.export(epoch.suite, TOKEN_LABEL.encode(), group.group_id, TOKEN_BYTES)
    return hashlib.sha256(token).digest()


def first_log_head(group: Group) -> bytes:
    """Return how an epoch's empty log looks: something that only its members know."""
    return hashlib.sha256(b"enigm log v1" + group.epoch_authenticator).digest()[:LOG_HEAD_BYTES]


def next_log_head(head: bytes, body: bytes) -> bytes:
    """Return how the log looks after one more record."""
    digest = hashlib.sha256(body).digest()
    return hashlib.sha256(b"enigm log v1" + head + digest).digest()[:LOG_HEAD_BYTES]


def policy_of(group: Group) -> Policy:
    """Return the group's policy; raises MalformedContentError."""
    return policy_in(group.extensions)


def policy_in(extensions: tuple[Extension, ...]) -> Policy:
    """Return the policy in a group context that holds what Enigm's groups hold, and no more.

    An external sender or a lowered requirement, slipped in beside it, would let others in.
    Raises MalformedContentError.
    """
    body = find_extension(extensions, POLICY)
    policy = read_policy(body)
    if body is None or set(extensions) != set(extensions_with(body)):
        raise MalformedContentError
    return policy


def policy_with_title(policy: Policy, title: str) -> bytes:
    """Return the policy's bytes with another title."""
    return group_policy(title, policy.admins)


def leaves(group: Group) -> dict[int, DeviceName]:
    """Return whose device each leaf is, by leaf index."""
    return {item.leaf_index: read_credential(item.credential) for item in group.members()}


def member_devices(group: Group, policy: Policy) -> list[MemberDevice]:
    """Return the leaves as the vault keeps them."""
    is_direct = policy.kind == "direct"
    return [
        MemberDevice(
            name.device_public, name.account, not is_direct and policy.is_admin(name.fingerprint)
        )
        for name in leaves(group).values()
    ]
