"""Every structure decodes, and encodes to the same bytes (messages.json)."""

from __future__ import annotations

from collections.abc import Callable

from enigm.crypto.mls import proposals
from enigm.crypto.mls.ciphersuite import AES128
from enigm.crypto.mls.codec import read_whole
from enigm.crypto.mls.commit import Commit
from enigm.crypto.mls.group_info import UnverifiedGroupInfo
from enigm.crypto.mls.key_package import UnverifiedKeyPackage
from enigm.crypto.mls.messages import PrivateMessage, PublicMessage, decode_message
from enigm.crypto.mls.ratchet_tree import RatchetTree, UnverifiedTree
from enigm.crypto.mls.welcome import GroupSecrets, Welcome
from tests.vectors.reading import Vector, raw

MESSAGES: dict[str, type] = {
    "mls_welcome": Welcome,
    "mls_group_info": UnverifiedGroupInfo,
    "mls_key_package": UnverifiedKeyPackage,
    "public_message_application": PublicMessage,
    "public_message_proposal": PublicMessage,
    "public_message_commit": PublicMessage,
    "private_message": PrivateMessage,
}
CONTENTS: dict[str, Callable[[bytes], bytes]] = {
    "ratchet_tree": lambda encoded: RatchetTree.of(
        AES128, list(UnverifiedTree.decode(encoded).nodes)
    ).encoded(),
    "group_secrets": lambda encoded: GroupSecrets.decode(encoded).encoded(),
    "commit": lambda encoded: read_whole(encoded, Commit.read).encoded(),
    "add_proposal": lambda encoded: read_whole(encoded, proposals.Add.read).content(),
    "update_proposal": lambda encoded: read_whole(encoded, proposals.Update.read).content(),
    "remove_proposal": lambda encoded: read_whole(encoded, proposals.Remove.read).content(),
    "pre_shared_key_proposal": lambda encoded: read_whole(
        encoded, proposals.PreSharedKey.read
    ).content(),
    "re_init_proposal": lambda encoded: read_whole(encoded, proposals.ReInit.read).content(),
    "external_init_proposal": lambda encoded: read_whole(
        encoded, proposals.ExternalInit.read
    ).content(),
    "group_context_extensions_proposal": lambda encoded: read_whole(
        encoded, proposals.GroupContextExtensions.read
    ).content(),
}
HEADER_BYTES = 4


def check(vector: Vector) -> None:
    assert vector.keys() == MESSAGES.keys() | CONTENTS.keys()
    for name, kind in MESSAGES.items():
        encoded = raw(vector[name])
        message = decode_message(encoded)
        assert isinstance(message, kind), name
        again = message.encoded if isinstance(message.encoded, bytes) else message.encoded()
        assert encoded[:HEADER_BYTES] + again == encoded, name
    for name, round_trip in CONTENTS.items():
        encoded = raw(vector[name])
        assert round_trip(encoded) == encoded, name
