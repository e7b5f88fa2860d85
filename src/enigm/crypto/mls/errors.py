"""Every reason for which the engine refuses bytes, each with its code and the clause it keeps."""

from __future__ import annotations

from enum import Enum

from enigm.foundation.errors import InvalidError, UnverifiableError


class Rule(Enum):
    """One check of RFC 9420: a stable code, the clause, and a sentence for the caller."""

    # Codes are public: applications and tests match on them. Never change one.
    CODEC_TRUNCATED = ("mls.codec.truncated", "§2.1", "The message ends too early.")
    CODEC_TRAILING = ("mls.codec.trailing", "§2.1", "Bytes follow the end of the message.")
    CODEC_LENGTH = ("mls.codec.length", "§2.1.2", "A length is not in its shortest form.")
    CODEC_VALUE = ("mls.codec.value", "§2.1", "A field holds a value that is not defined.")
    CODEC_OPTIONAL = ("mls.codec.optional", "§2.1.1", "A presence octet is neither 0 nor 1.")

    SUITE_UNKNOWN = ("mls.suite.unknown", "§5.1", "This cipher suite is not supported.")
    VERSION_UNKNOWN = ("mls.version.unknown", "§6", "This protocol version is not supported.")
    HPKE_OPEN = ("mls.hpke.open", "§5.1.3", "An encrypted secret does not open.")
    HPKE_KEY = ("mls.hpke.key", "§5.1.3", "An encryption key is malformed.")

    KEY_PACKAGE_VERSION = ("mls.key_package.version", "§10.1", "Wrong protocol version.")
    KEY_PACKAGE_SUITE = ("mls.key_package.suite", "§10.1", "Wrong cipher suite.")
    KEY_PACKAGE_SIGNATURE = ("mls.key_package.signature", "§10.1", "The signature is wrong.")
    KEY_PACKAGE_SOURCE = ("mls.key_package.source", "§10.1", "The leaf is not for a key package.")
    KEY_PACKAGE_INIT_KEY = (
        "mls.key_package.init_key",
        "§10.1",
        "The init key equals the encryption key.",
    )
    KEY_PACKAGE_EXTENSION = (
        "mls.key_package.extension",
        "§10",
        "An extension is not among the leaf's capabilities.",
    )
    KEY_PACKAGE_MISMATCH = (
        "mls.key_package.mismatch",
        "§12.4.3.1",
        "No secret in the Welcome is for this key package.",
    )

    LEAF_SIGNATURE = ("mls.leaf_node.signature", "§7.3", "The leaf's signature is wrong.")
    LEAF_LIFETIME = ("mls.leaf_node.lifetime", "§7.3", "The leaf is outside its lifetime.")
    LEAF_LIFETIME_LENGTH = ("mls.leaf_node.lifetime_length", "§7.2", "The lifetime is too long.")
    LEAF_SOURCE = ("mls.leaf_node.source", "§7.3", "The leaf's source does not fit its place.")
    LEAF_VERSION = ("mls.leaf_node.version", "§7.3", "The leaf does not support this version.")
    LEAF_SUITE = ("mls.leaf_node.suite", "§7.3", "The leaf does not support this cipher suite.")
    LEAF_CREDENTIAL_UNSUPPORTED = (
        "mls.leaf_node.credential_unsupported",
        "§7.3",
        "A member does not support the credential type of another.",
    )
    LEAF_REQUIRED_CAPABILITY = (
        "mls.leaf_node.required_capability",
        "§7.3",
        "The leaf lacks a capability that the group requires.",
    )
    LEAF_EXTENSION_UNSUPPORTED = (
        "mls.leaf_node.extension_unsupported",
        "§7.3",
        "A leaf extension is not among the leaf's capabilities.",
    )
    LEAF_GROUP_EXTENSION = (
        "mls.leaf_node.group_extension",
        "§7.3",
        "The leaf does not support an extension of the group.",
    )
    LEAF_ENCRYPTION_KEY_REPEATED = (
        "mls.leaf_node.encryption_key_repeated",
        "§7.3",
        "Two leaves share an encryption key.",
    )
    LEAF_SIGNATURE_KEY_REPEATED = (
        "mls.leaf_node.signature_key_repeated",
        "§7.3",
        "Two leaves share a signature key.",
    )
    LEAF_KEY_UNCHANGED = (
        "mls.leaf_node.key_unchanged",
        "§7.3",
        "An updated leaf keeps its old encryption key.",
    )
    EXTENSION_REPEATED = ("mls.extension.repeated", "§13.4", "An extension occurs twice.")
    EXTENSION_PLACE = ("mls.extension.place", "§13.4", "An extension stands in a wrong place.")

    TREE_EMPTY = ("mls.tree.empty", "§12.4.3.3", "The tree is empty or ends in a blank node.")
    TREE_NODE_PLACE = ("mls.tree.node_place", "§12.4.3.3", "A node's type does not fit its place.")
    TREE_HASH = ("mls.tree.hash", "§12.4.3.1", "The tree is not the one the group agreed on.")
    TREE_PARENT_HASH = ("mls.tree.parent_hash", "§7.9.2", "A parent node is not parent-hash valid.")
    TREE_UNMERGED = ("mls.tree.unmerged", "§12.4.3.1", "A list of unmerged leaves is wrong.")
    TREE_KEY_REPEATED = ("mls.tree.key_repeated", "§12.4.3.1", "Two nodes share a key.")
    TREE_MISSING = ("mls.tree.missing", "§12.4.3.3", "No ratchet tree came with the message.")
    TREE_LEAF_ABSENT = ("mls.tree.leaf_absent", "§7.7", "There is no member at that leaf.")

    PATH_LENGTH = ("mls.path.length", "§7.5", "The path has a wrong number of nodes.")
    PATH_CIPHERTEXTS = ("mls.path.ciphertexts", "§7.5", "A path node has wrong ciphertexts.")
    PATH_KEY_MISMATCH = ("mls.path.key_mismatch", "§7.5", "A path secret gives another key.")
    PATH_KEY_REPEATED = ("mls.path.key_repeated", "§12.4.2", "A path key is already in the tree.")
    PATH_PARENT_HASH = ("mls.path.parent_hash", "§7.5", "The path's parent hash is wrong.")
    PATH_MISSING = ("mls.path.missing", "§12.4", "This commit needs a path and has none.")
    PATH_SECRET = ("mls.path.secret", "§12.4.3.1", "The Welcome's path secret fits no node.")

    PSK_UNKNOWN = ("mls.psk.unknown", "§8.4", "A pre-shared key is not known here.")
    PSK_NONCE = ("mls.psk.nonce", "§12.1.4", "A pre-shared key's nonce has a wrong length.")
    PSK_USAGE = ("mls.psk.usage", "§12.1.4", "This use of a resumption key is not allowed here.")
    PSK_REPEATED = ("mls.psk.repeated", "§12.2", "A pre-shared key occurs twice.")

    FRAME_SENDER = ("mls.frame.sender", "§6.1", "This sender may not send this content.")
    FRAME_PUBLIC_APPLICATION = (
        "mls.frame.public_application",
        "§6",
        "Application content must be encrypted.",
    )
    MESSAGE_KIND = ("mls.message.kind", "§6", "This kind of message does not belong here.")
    MESSAGE_GROUP = ("mls.message.group", "§6.1", "The message is for another group.")
    MESSAGE_EPOCH_PAST = ("mls.message.epoch_past", "§6", "The message's epoch is over.")
    MESSAGE_EPOCH_FUTURE = ("mls.message.epoch_future", "§6", "The message's epoch is to come.")
    MESSAGE_OWN = ("mls.message.own", "§6.3", "The message is our own.")
    MESSAGE_SIGNATURE = ("mls.message.signature", "§6.1", "The message's signature is wrong.")
    MESSAGE_MEMBERSHIP = ("mls.message.membership", "§6.2", "The membership tag is wrong.")
    MESSAGE_SENDER_LEAF = ("mls.message.sender_leaf", "§6.3.2", "The sender's leaf is blank.")
    MESSAGE_SENDER_CIPHERTEXT = (
        "mls.message.sender_ciphertext",
        "§6.3.2",
        "The encrypted sender does not open.",
    )
    MESSAGE_CIPHERTEXT = ("mls.message.ciphertext", "§6.3.1", "The message does not open.")
    MESSAGE_PADDING = ("mls.message.padding", "§6.3.1", "The padding is not all zeros.")
    MESSAGE_EXTERNAL_INDEX = (
        "mls.message.external_index",
        "§12.1.8.1",
        "The group does not list this external sender.",
    )
    SECRET_TREE_CONSUMED = (
        "mls.secret_tree.consumed",
        "§9.2",
        "The key of this message was used or dropped.",
    )
    SECRET_TREE_TOO_FAR = (
        "mls.secret_tree.too_far",
        "§9.2",
        "The message is too far ahead of what was received.",
    )

    PROPOSAL_UNKNOWN = ("mls.proposal.unknown", "§12.4.2", "A referenced proposal is not here.")
    PROPOSAL_UNSUPPORTED = (
        "mls.proposal.unsupported",
        "§12.2",
        "Not every member supports this type of proposal.",
    )
    PROPOSAL_TOO_MANY = ("mls.proposal.too_many", "own", "Too many proposals wait already.")
    PROPOSAL_SENDER = ("mls.proposal.sender", "§12.1.8", "This sender may not propose this.")
    ADD_MEMBER_TWICE = ("mls.proposal_list.add_twice", "§12.2", "One client is added twice.")
    ADD_ALREADY_MEMBER = (
        "mls.proposal_list.add_member",
        "§12.2",
        "The client to add is a member already.",
    )
    LIST_UPDATE_BY_COMMITTER = (
        "mls.proposal_list.update_by_committer",
        "§12.2",
        "The committer's own Update is in the list.",
    )
    LIST_REMOVES_COMMITTER = (
        "mls.proposal_list.removes_committer",
        "§12.2",
        "The commit removes its own sender.",
    )
    LIST_LEAF_TWICE = (
        "mls.proposal_list.leaf_twice",
        "§12.2",
        "Two proposals update or remove one leaf.",
    )
    LIST_EXTENSIONS_TWICE = (
        "mls.proposal_list.extensions_twice",
        "§12.2",
        "The group's extensions are set twice.",
    )
    LIST_REINIT_NOT_ALONE = (
        "mls.proposal_list.reinit_not_alone",
        "§12.2",
        "A ReInit does not stand alone.",
    )
    LIST_EXTERNAL_INIT = (
        "mls.proposal_list.external_init",
        "§12.2",
        "An ExternalInit stands where it may not.",
    )
    REMOVE_BLANK = ("mls.proposal.remove_blank", "§12.1.3", "There is no member to remove.")
    REINIT_VERSION = ("mls.proposal.reinit_version", "§12.1.5", "ReInit goes to an older version.")
    EXTERNAL_INIT_COUNT = (
        "mls.external_commit.init_count",
        "§12.2",
        "An external commit needs exactly one ExternalInit.",
    )
    EXTERNAL_REMOVE_COUNT = (
        "mls.external_commit.remove_count",
        "§12.2",
        "An external commit removes more than one leaf.",
    )
    EXTERNAL_PROPOSAL_KIND = (
        "mls.external_commit.proposal_kind",
        "§12.2",
        "An external commit holds a proposal it may not.",
    )
    EXTERNAL_BY_REFERENCE = (
        "mls.external_commit.by_reference",
        "§12.4.3.2",
        "An external commit holds a proposal by reference.",
    )
    COMMIT_CONFIRMATION = (
        "mls.commit.confirmation",
        "§12.4.2",
        "The confirmation tag is wrong.",
    )
    COMMIT_CONFIRMATION_MISSING = (
        "mls.commit.confirmation_missing",
        "§6.1",
        "The commit has no confirmation tag.",
    )
    COMMIT_REQUIRED = (
        "mls.commit.required",
        "§12.4",
        "Proposals wait: commit them before sending.",
    )
    COMMIT_REINITIALISED = (
        "mls.commit.reinitialised",
        "§11.2",
        "The group was closed by a ReInit.",
    )

    GROUP_LEFT = ("mls.group.left", "§12.3", "We are no longer a member of this group.")
    GROUP_INFO_SIGNATURE = ("mls.group_info.signature", "§12.4.3", "The signature is wrong.")
    GROUP_INFO_SIGNER = ("mls.group_info.signer", "§12.4.3", "The signer's leaf is blank.")
    GROUP_INFO_CONFIRMATION = (
        "mls.group_info.confirmation",
        "§12.4.3.1",
        "The confirmation tag is wrong.",
    )
    GROUP_INFO_EXTERNAL_KEY = (
        "mls.group_info.external_key",
        "§12.4.3.2",
        "The group gives no key for external commits.",
    )
    WELCOME_SUITE = ("mls.welcome.suite", "§12.4.3.1", "The Welcome's cipher suite is another.")
    WELCOME_SECRETS = ("mls.welcome.secrets", "§12.4.3.1", "The group secrets do not open.")
    WELCOME_GROUP_INFO = ("mls.welcome.group_info", "§12.4.3.1", "The group info does not open.")
    WELCOME_LEAF = ("mls.welcome.leaf", "§12.4.3.1", "Our leaf is not in the tree.")
    WELCOME_PSKS = ("mls.welcome.psks", "§12.4.3.1", "The Welcome's resumption keys conflict.")
    REINIT_MISMATCH = (
        "mls.reinit.mismatch",
        "§11.2",
        "The new group is not what the ReInit announced.",
    )
    REINIT_EPOCH = ("mls.reinit.epoch", "§11.2", "The new group is not at its first epoch.")
    REINIT_MEMBERS = ("mls.reinit.members", "§11.2", "The old group's members are not all there.")
    BRANCH_MISMATCH = (
        "mls.branch.mismatch",
        "§11.3",
        "The subgroup's version or suite is another.",
    )
    BRANCH_EPOCH = ("mls.branch.epoch", "§11.3", "The subgroup is not at its first epoch.")
    BRANCH_MEMBERS = ("mls.branch.members", "§11.3", "The subgroup holds a stranger.")
    STATE_FORMAT = ("mls.state.format", "own", "The stored state cannot be read.")

    def __init__(self, code: str, clause: str, sentence: str) -> None:
        """Keep the code that clients match on, the clause and the sentence."""
        self.code = code
        self.clause = clause
        self.sentence = sentence


# Failed signatures, tags and decryptions: the source is to be distrusted. All other rules
# are about form or state.
_UNVERIFIABLE = frozenset(
    {
        Rule.HPKE_OPEN,
        Rule.KEY_PACKAGE_SIGNATURE,
        Rule.LEAF_SIGNATURE,
        Rule.TREE_HASH,
        Rule.TREE_PARENT_HASH,
        Rule.PATH_KEY_MISMATCH,
        Rule.PATH_PARENT_HASH,
        Rule.PATH_SECRET,
        Rule.MESSAGE_SIGNATURE,
        Rule.MESSAGE_MEMBERSHIP,
        Rule.MESSAGE_SENDER_CIPHERTEXT,
        Rule.MESSAGE_CIPHERTEXT,
        Rule.COMMIT_CONFIRMATION,
        Rule.GROUP_INFO_SIGNATURE,
        Rule.GROUP_INFO_CONFIRMATION,
        Rule.WELCOME_SECRETS,
        Rule.WELCOME_GROUP_INFO,
    }
)


class MlsInvalidError(InvalidError):
    """Malformed bytes, or bytes that break a rule of the protocol."""

    def __init__(self, rule: Rule, trace: str = "") -> None:
        """Keep the rule that was broken."""
        super().__init__(rule.code, rule.sentence, trace=trace)
        self.rule = rule


class MlsUnverifiableError(UnverifiableError):
    """A signature, tag or decryption that failed."""

    def __init__(self, rule: Rule, trace: str = "") -> None:
        """Keep the rule that was broken."""
        super().__init__(rule.code, rule.sentence, trace=trace)
        self.rule = rule


def refusal(rule: Rule, trace: str = "") -> MlsInvalidError | MlsUnverifiableError:
    """Return the error for a broken rule, ready to raise."""
    if rule in _UNVERIFIABLE:
        return MlsUnverifiableError(rule, trace)
    return MlsInvalidError(rule, trace)
