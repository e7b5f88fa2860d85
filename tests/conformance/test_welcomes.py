"""RFC 9420 §12.4.3.1: the Welcome and the group info that a newcomer gets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from enigm.crypto.mls.errors import Rule
from enigm.crypto.mls.extensions import (
    APPLICATION_ID,
    EXTERNAL_SENDERS,
    Extension,
    RequiredCapabilities,
)
from enigm.crypto.mls.psk import ExternalPsk, PskId, ResumptionPsk, ResumptionUsage
from tests.conformance.conftest import Trio, person, welcome
from tests.support.frankenstein import OpenedWelcome
from tests.support.mls import agree

if TYPE_CHECKING:
    pass

UNKNOWN_KIND = 0xF123


def test_a_welcome_laid_open_and_closed_again_is_accepted(opened: OpenedWelcome) -> None:
    opened.joiner.join(opened.with_tree(opened.nodes))
    agree(opened.signer, opened.joiner)


# The Welcome itself


def test_rfc9420_12_4_3_1_a_welcome_for_another_key_package_is_refused(
    opened: OpenedWelcome,
) -> None:
    opened.refused(opened.sealed(new_member=bytes(32)), Rule.KEY_PACKAGE_MISMATCH)


def test_rfc9420_12_4_3_1_a_welcome_of_another_suite_is_refused(opened: OpenedWelcome) -> None:
    opened.refused(opened.sealed(suite_number=3), Rule.WELCOME_SUITE)


def test_rfc9420_12_4_3_1_a_group_of_another_suite_is_refused(opened: OpenedWelcome) -> None:
    context = replace(opened.info.context, suite_number=3)
    message = opened.sealed(info=opened.signed_info(context=context))
    opened.refused(message, Rule.WELCOME_SUITE)


def test_rfc9420_12_4_3_1_group_secrets_that_do_not_open_are_refused(
    opened: OpenedWelcome,
) -> None:
    opened.joiner.key_package()
    assert opened.joiner.bundle is not None
    # Sealed to Dave's newest key package, which is not the one whose keys he uses.
    other = replace(opened.joiner.bundle, init_private=bytes(31) + b"\x01")
    message = opened.sealed()
    opened.joiner.bundle = other
    opened.refused(message, Rule.WELCOME_SECRETS)


def test_rfc9420_12_4_3_1_a_group_info_that_does_not_open_is_refused(
    opened: OpenedWelcome,
) -> None:
    secrets = replace(opened.secrets, joiner_secret=bytes(32))
    opened.refused(opened.sealed(secrets=secrets), Rule.WELCOME_GROUP_INFO)


def test_rfc9420_12_4_3_1_a_message_that_is_no_welcome_is_refused(opened: OpenedWelcome) -> None:
    opened.refused(opened.signer.group.group_info(), Rule.MESSAGE_KIND)


def test_rfc9420_8_4_an_unknown_key_in_a_welcome_is_refused(opened: OpenedWelcome) -> None:
    psk = PskId(ExternalPsk(b"nobody knows"), bytes(32))
    secrets = replace(opened.secrets, psks=(psk,))
    opened.refused(opened.sealed(secrets=secrets), Rule.PSK_UNKNOWN)


def test_rfc9420_12_4_3_1_a_welcome_that_continues_two_groups_is_refused(
    opened: OpenedWelcome,
) -> None:
    psks = tuple(
        PskId(ResumptionPsk(usage, b"old group", 1), bytes(32))
        for usage in (ResumptionUsage.BRANCH, ResumptionUsage.REINIT)
    )
    secrets = replace(opened.secrets, psks=psks)
    opened.refused(opened.sealed(secrets=secrets), Rule.WELCOME_PSKS)


# The group info


def test_rfc9420_12_4_3_a_group_info_signed_by_another_is_refused(opened: OpenedWelcome) -> None:
    message = opened.sealed(info=opened.signed_info(signer=1))
    opened.refused(message, Rule.GROUP_INFO_SIGNATURE)


@pytest.mark.parametrize("signer", [4, 2**32 - 1])
def test_rfc9420_12_4_3_a_group_info_signed_by_nobody_is_refused(
    opened: OpenedWelcome, signer: int
) -> None:
    message = opened.sealed(info=opened.signed_info(signer=signer))
    opened.refused(message, Rule.GROUP_INFO_SIGNER)


@pytest.mark.parametrize("tag", [b"", bytes(32)])
def test_rfc9420_12_4_3_1_a_wrong_confirmation_tag_is_refused(
    opened: OpenedWelcome, tag: bytes
) -> None:
    message = opened.sealed(info=opened.signed_info(tag=tag))
    opened.refused(message, Rule.GROUP_INFO_CONFIRMATION)


def test_rfc9420_12_4_3_1_another_transcript_is_refused(opened: OpenedWelcome) -> None:
    context = replace(opened.info.context, confirmed_transcript_hash=bytes(32))
    message = opened.sealed(info=opened.signed_info(context=context))
    opened.refused(message, Rule.GROUP_INFO_CONFIRMATION)


@pytest.mark.parametrize("kind", [APPLICATION_ID, EXTERNAL_SENDERS])
def test_rfc9420_13_4_extensions_that_do_not_belong_in_a_group_info_are_refused(
    opened: OpenedWelcome, kind: int
) -> None:
    extensions = [*opened.info.extensions, Extension(kind, b"")]
    message = opened.sealed(info=opened.signed_info(extensions=extensions))
    opened.refused(message, Rule.EXTENSION_PLACE)


def test_rfc9420_12_4_3_1_a_group_with_extensions_that_a_member_lacks_is_refused(
    opened: OpenedWelcome,
) -> None:
    context = replace(opened.info.context, extensions=(Extension(UNKNOWN_KIND, b""),))
    message = opened.with_tree(opened.nodes, context=context)
    opened.refused(message, Rule.LEAF_GROUP_EXTENSION)


def test_rfc9420_12_4_3_1_a_group_that_requires_what_a_member_lacks_is_refused(
    opened: OpenedWelcome,
) -> None:
    required = RequiredCapabilities(proposal_kinds=(UNKNOWN_KIND,)).extension()
    context = replace(opened.info.context, extensions=(required,))
    message = opened.with_tree(opened.nodes, context=context)
    opened.refused(message, Rule.LEAF_REQUIRED_CAPABILITY)


def test_rfc9420_6_a_group_of_another_version_is_refused(opened: OpenedWelcome) -> None:
    info = b"\x00\x02" + opened.info.encoded[2:]
    opened.refused(opened.sealed(info=info), Rule.VERSION_UNKNOWN)


# The path secret


def test_rfc9420_12_4_3_1_a_path_secret_that_gives_other_keys_is_refused(trio: Trio) -> None:
    opened = welcome(trio, person("dave"), force_path=True)
    assert opened.secrets.path_secret is not None
    secrets = replace(opened.secrets, path_secret=bytes(32))
    opened.refused(opened.sealed(secrets=secrets), Rule.PATH_SECRET)


def test_rfc9420_12_4_3_1_a_path_secret_without_a_path_is_refused(trio: Trio) -> None:
    opened = welcome(trio, person("dave"))
    assert opened.secrets.path_secret is None
    secrets = replace(opened.secrets, path_secret=bytes(32))
    opened.refused(opened.sealed(secrets=secrets), Rule.PATH_SECRET)
