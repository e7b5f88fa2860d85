"""What is stored must be what we stored; all else is refused, never half read."""

from __future__ import annotations

import pytest

from enigm.crypto.mls.errors import Rule
from enigm.crypto.mls.member.group import Group
from enigm.crypto.mls.member.identity import KeyPackageBundle
from enigm.foundation.errors import Refusal
from tests.conformance.conftest import Trio, person
from tests.support.frankenstein import refuses


def test_a_state_of_another_format_is_refused(trio: Trio) -> None:
    needs = trio.bob.needs
    rows = trio.bob.group.take_changes()
    epoch = next(name for name in rows if name.startswith(b"e"))
    content = rows[epoch]
    assert content is not None
    changed = {k: v for k, v in rows.items() if v is not None} | {epoch: b"\xff\xff" + content[2:]}
    refuses(lambda: Group.load(needs, changed), Rule.STATE_FORMAT)


def test_a_key_package_bundle_of_another_format_is_refused() -> None:
    dave = person("dave")
    dave.key_package()
    assert dave.bundle is not None
    stored = dave.bundle.serialize()
    suites = dave.needs.suites
    refuses(lambda: KeyPackageBundle.restore(b"\xff\xff" + stored[2:], suites), Rule.STATE_FORMAT)
    assert KeyPackageBundle.restore(stored, suites).message == dave.bundle.message


@pytest.mark.parametrize("keep", [0, 1, 2, 10, 100, 500, -1])
def test_a_truncated_state_is_refused(trio: Trio, keep: int) -> None:
    stored = trio.bob.group.serialize()
    with pytest.raises(Refusal):
        Group.restore(trio.bob.needs, stored[:keep])


def test_a_state_goes_through_storage_unchanged(trio: Trio) -> None:
    trio.bob.follow(trio.carol.group.propose_update())
    trio.bob.group.commit()
    stored = trio.bob.group.serialize()
    again = Group.restore(trio.bob.needs, stored, trio.bob.settings)
    assert again.serialize() == stored
    trio.bob.group = again
    message = again.pending
    assert message is not None
    trio.bob.group.merge_pending()
    trio.alice.follow(trio.carol.group.propose_update())
