"""Who may change a conversation: decided by every member, from what every member sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.app.content import Policy
    from enigm.app.identity.credentials import DeviceName
    from enigm.wire.device_chain import Fingerprint

DIRECT_ACCOUNTS_MAX = 2


@dataclass(frozen=True, slots=True)
class MembershipChange:
    """What a commit does, in terms of accounts.

    Args:
        sender: the committer's account.
        before: the accounts of the group before it.
        added, removed: the devices that join and leave.
        is_policy_changed: the group's policy is another one after it.
        is_external: the committer invited itself.
    """

    sender: Fingerprint
    before: frozenset[Fingerprint]
    added: tuple[DeviceName, ...]
    removed: tuple[DeviceName, ...]
    is_policy_changed: bool
    is_external: bool


def objection(
    policy: Policy, change: MembershipChange, may_go: Callable[[DeviceName], bool]
) -> str | None:
    """Return why the conversation's rules forbid a commit, or None.

    Everybody may add and remove devices of the own account, and remove devices that their
    account revoked (``may_go``). The rest is for the administrators of a group, removing who asks
    to leave included; a direct conversation stays between two.
    """
    if change.is_external:
        return "somebody invited themselves"
    if policy.kind == "direct":
        return _direct_objection(change, may_go)
    if policy.is_admin(change.sender):
        return None
    if change.is_policy_changed:
        return "only an administrator may change the title"
    if any(item.fingerprint != change.sender for item in change.added):
        return "only an administrator may add members"
    if any(_is_foreign(item, change, may_go) for item in change.removed):
        return "only an administrator may remove members"
    return None


def _direct_objection(change: MembershipChange, may_go: Callable[[DeviceName], bool]) -> str | None:
    if change.is_policy_changed:
        return "a conversation between two has no title"
    after = change.before | {item.fingerprint for item in change.added}
    if len(after) > DIRECT_ACCOUNTS_MAX:
        return "a conversation between two admits no third"
    is_first = len(change.before) == 1
    if not is_first and any(item.fingerprint != change.sender for item in change.added):
        return "each side adds its own devices"
    if any(_is_foreign(item, change, may_go) for item in change.removed):
        return "each side removes its own devices"
    return None


def _is_foreign(
    item: DeviceName, change: MembershipChange, may_go: Callable[[DeviceName], bool]
) -> bool:
    return item.fingerprint != change.sender and not may_go(item)
