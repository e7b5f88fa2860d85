"""Joining by a Welcome (RFC 9420 §12.4.3.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto.mls import tree_math
from enigm.crypto.mls.credential import CredentialClaim, Purpose
from enigm.crypto.mls.errors import MlsInvalidError, MlsUnverifiableError, Rule, refusal
from enigm.crypto.mls.group_info import UnverifiedGroupInfo
from enigm.crypto.mls.key_schedule import epoch_secrets, welcome_key, welcome_secret
from enigm.crypto.mls.member.epoch import OwnKeys, check_confirmation, start_epoch
from enigm.crypto.mls.messages import decode_welcome
from enigm.crypto.mls.psk import ResumptionUsage
from enigm.crypto.mls.transition import check_group_extensions
from enigm.crypto.mls.treekem import PathSecrets, check_path_keys
from enigm.crypto.mls.welcome import GroupSecrets, Welcome

if TYPE_CHECKING:
    from enigm.crypto.mls.ciphersuite import Suite
    from enigm.crypto.mls.credential import CredentialCheck
    from enigm.crypto.mls.group_info import GroupInfo
    from enigm.crypto.mls.member.epoch import StartedEpoch
    from enigm.crypto.mls.member.identity import KeyPackageBundle
    from enigm.crypto.mls.member.needs import Needs
    from enigm.crypto.mls.member.pre_shared_keys import KnownPsks
    from enigm.crypto.mls.psk import ResumptionPsk
    from enigm.crypto.mls.ratchet_tree import RatchetTree


def welcome_recipients(welcome: bytes) -> tuple[bytes, ...]:
    """Return the KeyPackageRefs of those whom a Welcome is for."""
    return tuple(part.new_member for part in decode_welcome(welcome).secrets)


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """The epoch a Welcome led to, and the group it continues, if it does."""

    started: StartedEpoch = field(repr=False)
    continues: ResumptionPsk | None


def open_group_secrets(welcome: Welcome, bundle: KeyPackageBundle) -> GroupSecrets:
    """Find and open our part of a Welcome."""
    suite = bundle.suite
    if welcome.suite_number != suite.number:
        raise refusal(Rule.WELCOME_SUITE)
    reference = bundle.reference
    part = next((part for part in welcome.secrets if part.new_member == reference), None)
    if part is None:
        raise refusal(Rule.KEY_PACKAGE_MISMATCH)
    try:
        opened = suite.decrypt_with_label(
            bundle.init_private, b"Welcome", welcome.encrypted_group_info, part.sealed.parts()
        )
    except MlsUnverifiableError as error:
        raise refusal(Rule.WELCOME_SECRETS) from error
    return GroupSecrets.decode(opened)


def open_group_info(
    suite: Suite, welcome: Welcome, joiner: bytes, psk: bytes
) -> UnverifiedGroupInfo:
    """Open a Welcome's group info."""
    key, nonce = welcome_key(suite, welcome_secret(suite, joiner, psk))
    opened = suite.open(key, nonce, b"", welcome.encrypted_group_info)
    if opened is None:
        raise refusal(Rule.WELCOME_GROUP_INFO)
    return UnverifiedGroupInfo.decode(opened)


def continued_group(secrets: GroupSecrets) -> ResumptionPsk | None:
    """Return the group that a Welcome re-initialises or branches from; at most one (§12.4.3.1)."""
    continued = [
        psk.resumption
        for psk in secrets.psks
        if psk.resumption is not None and psk.resumption.usage is not ResumptionUsage.APPLICATION
    ]
    if len(continued) > 1:
        raise refusal(Rule.WELCOME_PSKS)
    return continued[0] if continued else None


def join(
    needs: Needs,
    welcome_message: bytes,
    bundle: KeyPackageBundle,
    known_psks: KnownPsks,
    ratchet_tree: bytes | None,
) -> Joined:
    """Verify a Welcome and everything in it, and compute the epoch we join."""
    welcome = decode_welcome(welcome_message)
    suite = bundle.suite
    secrets = open_group_secrets(welcome, bundle)
    continues = continued_group(secrets)
    psk = known_psks.secret(suite, secrets.psks)
    unverified = open_group_info(suite, welcome, secrets.joiner_secret, psk)
    if unverified.context.suite_number != suite.number:
        raise refusal(Rule.WELCOME_SUITE)
    info = unverified.verify(suite, ratchet_tree)
    check_members(info, needs.check_credential)
    own = _own_keys(info, bundle, secrets.path_secret)
    context = info.context
    keys = epoch_secrets(suite, secrets.joiner_secret, psk, context.encoded())
    started = start_epoch(suite, context, info.tree, own, keys)
    check_confirmation(started.epoch, info.confirmation_tag, Rule.GROUP_INFO_CONFIRMATION)
    return Joined(started, continues)


def check_members(info: GroupInfo, check_credential: CredentialCheck) -> None:
    """Let the application judge every member and external sender of a group we enter (§5.3.1)."""
    for _, leaf in info.tree.members():
        check_credential(CredentialClaim(leaf.credential, leaf.signature_key, Purpose.MEMBER))
    check_group_extensions(info.context.extensions, check_credential)


def _own_keys(info: GroupInfo, bundle: KeyPackageBundle, path_secret: bytes | None) -> OwnKeys:
    own_leaf = bundle.package.leaf.encoded
    index = next((at for at, leaf in info.tree.members() if leaf.encoded == own_leaf), None)
    if index is None:
        raise refusal(Rule.WELCOME_LEAF)
    nodes = {2 * index: bundle.encryption_private}
    if path_secret is not None:
        nodes |= _path_keys(info.tree, info.signer, index, path_secret)
    return OwnKeys(index, bundle.signature_private, nodes)


def _path_keys(
    tree: RatchetTree, signer: int, leaf_index: int, path_secret: bytes
) -> dict[int, bytes]:
    """Derive the keys above the lowest node that we share with the committer."""
    if signer == leaf_index:
        raise refusal(Rule.PATH_SECRET)
    path = tree.filtered_direct_path(signer)
    shared = [pair for pair in path if tree_math.is_below(2 * leaf_index, pair[0])]
    derived = PathSecrets.derive(tree.suite, shared, path_secret)
    try:
        check_path_keys(tree, derived)
    except (MlsInvalidError, MlsUnverifiableError) as error:
        raise refusal(Rule.PATH_SECRET) from error
    return derived.private_keys()
