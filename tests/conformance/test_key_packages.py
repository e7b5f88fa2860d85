"""RFC 9420 §10.1 and §7.3: key packages and their leaves, as the others judge them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from enigm.crypto.mls.credential import BASIC, X509, Credential
from enigm.crypto.mls.errors import Rule
from enigm.crypto.mls.extensions import (
    APPLICATION_ID,
    EXTERNAL_SENDERS,
    RATCHET_TREE,
    REQUIRED_CAPABILITIES,
    Extension,
)
from enigm.crypto.mls.leaf_node import LeafNode, LeafOrigin, LeafSource, Lifetime
from enigm.crypto.mls.member.identity import LeafOptions
from enigm.crypto.mls.proposals import Add
from tests.conformance.conftest import Trio, person
from tests.support.frankenstein import forged_key_package, refused, refuses, resigned
from tests.support.mls import Person

UNKNOWN_KIND = 0xF123
DAY = 24 * 3600


@pytest.fixture
def dave() -> Person:
    return person("dave")


def leaf_of(dave: Person) -> LeafNode:
    dave.key_package()
    assert dave.bundle is not None
    return dave.bundle.package.leaf


def changed_leaf(dave: Person, **changes: Any) -> LeafNode:
    private = changes.pop("private", dave.identity.signature_private)
    return resigned(dave.suite, leaf_of(dave), private, **changes)


def judged(trio: Trio, package: bytes, rule: Rule) -> None:
    """Alice commits the Add and Bob refuses it; honest Alice would not have proposed it."""
    add = Add.of(package)
    refused(trio.bob, trio.forger.commits(add, path=False), rule)
    refuses(lambda: trio.alice.group.commit([add]), rule)


def test_rfc9420_10_1_another_protocol_version_is_refused(trio: Trio, dave: Person) -> None:
    judged(trio, forged_key_package(dave, version=2), Rule.KEY_PACKAGE_VERSION)


def test_rfc9420_10_1_another_cipher_suite_is_refused(trio: Trio, dave: Person) -> None:
    judged(trio, forged_key_package(dave, suite_number=3), Rule.KEY_PACKAGE_SUITE)


def test_rfc9420_10_1_a_wrong_signature_is_refused(trio: Trio, dave: Person) -> None:
    key = trio.alice.identity.signature_private
    judged(trio, forged_key_package(dave, private=key), Rule.KEY_PACKAGE_SIGNATURE)


@pytest.mark.parametrize("source", [LeafSource.UPDATE, LeafSource.COMMIT])
def test_rfc9420_10_1_a_leaf_of_another_source_is_refused(
    trio: Trio, dave: Person, source: LeafSource
) -> None:
    leaf = changed_leaf(dave, origin=LeafOrigin(source, parent_hash=b""))
    judged(trio, forged_key_package(dave, leaf=leaf), Rule.KEY_PACKAGE_SOURCE)


def test_rfc9420_10_1_an_init_key_that_is_the_encryption_key_is_refused(
    trio: Trio, dave: Person
) -> None:
    leaf = leaf_of(dave)
    package = forged_key_package(dave, leaf=leaf, init_key=leaf.encryption_key)
    judged(trio, package, Rule.KEY_PACKAGE_INIT_KEY)


def test_rfc9420_10_an_extension_that_the_leaf_does_not_support_is_refused(
    trio: Trio, dave: Person
) -> None:
    package = forged_key_package(dave, extensions=(Extension(UNKNOWN_KIND, b""),))
    judged(trio, package, Rule.KEY_PACKAGE_EXTENSION)


@pytest.mark.parametrize("kind", [RATCHET_TREE, APPLICATION_ID, EXTERNAL_SENDERS])
def test_rfc9420_13_4_extensions_that_do_not_belong_in_a_key_package_are_refused(
    trio: Trio, dave: Person, kind: int
) -> None:
    package = forged_key_package(dave, extensions=(Extension(kind, b""),))
    judged(trio, package, Rule.EXTENSION_PLACE)


def test_rfc9420_13_4_an_extension_that_occurs_twice_is_refused(dave: Person) -> None:
    extension = Extension(APPLICATION_ID, b"")
    package = forged_key_package(dave, extensions=(extension, extension))
    refuses(lambda: Add.of(package), Rule.EXTENSION_REPEATED)


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33)])
def test_rfc9420_5_1_3_malformed_encryption_keys_are_refused(
    trio: Trio, dave: Person, key: bytes
) -> None:
    judged(trio, forged_key_package(dave, init_key=key), Rule.HPKE_KEY)
    leaf = changed_leaf(dave, encryption_key=key)
    judged(trio, forged_key_package(dave, leaf=leaf), Rule.HPKE_KEY)


def test_rfc9420_7_3_leaf_node_with_a_wrong_signature_is_refused(trio: Trio, dave: Person) -> None:
    leaf = changed_leaf(dave, private=trio.alice.identity.signature_private)
    judged(trio, forged_key_package(dave, leaf=leaf), Rule.LEAF_SIGNATURE)


def test_rfc9420_7_3_leaf_node_without_our_version_is_refused(trio: Trio, dave: Person) -> None:
    capabilities = replace(leaf_of(dave).capabilities, versions=(2,))
    leaf = changed_leaf(dave, capabilities=capabilities)
    judged(trio, forged_key_package(dave, leaf=leaf), Rule.LEAF_VERSION)


def test_rfc9420_7_3_leaf_node_without_the_groups_suite_is_refused(
    trio: Trio, dave: Person
) -> None:
    capabilities = replace(leaf_of(dave).capabilities, suites=(3,))
    leaf = changed_leaf(dave, capabilities=capabilities)
    judged(trio, forged_key_package(dave, leaf=leaf), Rule.LEAF_SUITE)


def test_rfc9420_7_3_leaf_node_that_does_not_support_its_own_credential_is_refused(
    trio: Trio, dave: Person
) -> None:
    capabilities = replace(leaf_of(dave).capabilities, credential_kinds=(X509,))
    leaf = changed_leaf(dave, capabilities=capabilities)
    judged(trio, forged_key_package(dave, leaf=leaf), Rule.LEAF_CREDENTIAL_UNSUPPORTED)


def test_rfc9420_7_3_leaf_node_whose_credential_the_others_do_not_support_is_refused(
    trio: Trio, dave: Person
) -> None:
    kind = 0xF00D
    capabilities = replace(leaf_of(dave).capabilities, credential_kinds=(BASIC, kind))
    leaf = changed_leaf(dave, capabilities=capabilities, credential=Credential(kind, b"dave"))
    judged(trio, forged_key_package(dave, leaf=leaf), Rule.LEAF_CREDENTIAL_UNSUPPORTED)


def test_rfc9420_7_3_leaf_node_that_does_not_support_the_others_credentials_is_refused(
    trio: Trio, dave: Person
) -> None:
    kind = 0xF00D
    capabilities = replace(leaf_of(dave).capabilities, credential_kinds=(kind,))
    leaf = changed_leaf(dave, capabilities=capabilities, credential=Credential(kind, b"dave"))
    judged(trio, forged_key_package(dave, leaf=leaf), Rule.LEAF_CREDENTIAL_UNSUPPORTED)


def test_rfc9420_7_3_leaf_node_extension_that_it_does_not_support_is_refused(
    trio: Trio, dave: Person
) -> None:
    leaf = changed_leaf(dave, extensions=(Extension(UNKNOWN_KIND, b""),))
    judged(trio, forged_key_package(dave, leaf=leaf), Rule.LEAF_EXTENSION_UNSUPPORTED)


@pytest.mark.parametrize("kind", [RATCHET_TREE, REQUIRED_CAPABILITIES])
def test_rfc9420_13_4_extensions_that_do_not_belong_in_a_leaf_are_refused(
    trio: Trio, dave: Person, kind: int
) -> None:
    leaf = changed_leaf(dave, extensions=(Extension(kind, b""),))
    judged(trio, forged_key_package(dave, leaf=leaf), Rule.EXTENSION_PLACE)


@pytest.mark.parametrize(("start", "end"), [(-9 * DAY, -DAY), (DAY, 9 * DAY)])
def test_rfc9420_7_3_leaf_node_with_expired_lifetime_is_refused(
    trio: Trio, dave: Person, start: int, end: int
) -> None:
    now = dave.needs.clock.now_seconds()
    origin = LeafOrigin(LeafSource.KEY_PACKAGE, Lifetime(now + start, now + end))
    package = forged_key_package(dave, leaf=changed_leaf(dave, origin=origin))
    refuses(lambda: trio.alice.group.commit([Add.of(package)]), Rule.LEAF_LIFETIME)


def test_rfc9420_7_2_leaf_node_with_a_lifetime_beyond_our_limit_is_refused(
    trio: Trio, dave: Person
) -> None:
    now = dave.needs.clock.now_seconds()
    origin = LeafOrigin(LeafSource.KEY_PACKAGE, Lifetime(now - DAY, now + 1000 * DAY))
    package = forged_key_package(dave, leaf=changed_leaf(dave, origin=origin))
    refuses(lambda: trio.alice.group.commit([Add.of(package)]), Rule.LEAF_LIFETIME_LENGTH)


def test_rfc9420_7_3_leaf_node_with_a_members_encryption_key_is_refused(
    trio: Trio, dave: Person
) -> None:
    key = trio.carol.group.state.epoch.own_leaf.encryption_key
    leaf = changed_leaf(dave, encryption_key=key)
    judged(trio, forged_key_package(dave, leaf=leaf), Rule.LEAF_ENCRYPTION_KEY_REPEATED)


def test_rfc9420_12_2_adding_a_member_is_refused(trio: Trio) -> None:
    judged(trio, trio.carol.key_package(), Rule.ADD_ALREADY_MEMBER)


def test_rfc9420_12_2_adding_one_client_twice_is_refused(trio: Trio, dave: Person) -> None:
    adds = [Add.of(dave.key_package()), Add.of(dave.key_package())]
    refused(trio.bob, trio.forger.commits(*adds, path=False), Rule.ADD_MEMBER_TWICE)
    refuses(lambda: trio.alice.group.commit(adds), Rule.ADD_MEMBER_TWICE)


def test_rfc9420_7_3_two_new_leaves_with_one_encryption_key_are_refused(
    trio: Trio, dave: Person
) -> None:
    erin = person("erin")
    first = dave.key_package()
    assert dave.bundle is not None
    leaf = changed_leaf(erin, encryption_key=dave.bundle.package.leaf.encryption_key)
    adds = [Add.of(first), Add.of(forged_key_package(erin, leaf=leaf))]
    refused(trio.bob, trio.forger.commits(*adds, path=False), Rule.LEAF_ENCRYPTION_KEY_REPEATED)


def test_a_proper_key_package_is_accepted_after_all_this(trio: Trio) -> None:
    frank = person("frank", leaf=LeafOptions(extensions=(Extension(APPLICATION_ID, b"f"),)))
    pending = trio.alice.group.commit([Add.of(frank.key_package())])
    trio.alice.group.merge_pending()
    trio.bob.follow(pending.message)
    assert pending.welcome is not None
    frank.join(pending.welcome)
    assert frank.group.epoch_authenticator == trio.bob.group.epoch_authenticator
