"""The member's half of MLS: everything that touches a group's secrets. No server imports it.

The interface an application uses; import each name from the module in brackets::

    # [enigm.crypto.mls.ciphersuite]
    HYBRID (0xF153, X-Wing, the default)   AES128 (0x0001)   CHACHA (0x0003)
    SuiteTable.standard()                  # lookup by number; .register(suite.renumbered(0x0053))

    # [enigm.crypto.mls.credential]
    Credential(kind: int, body: bytes)     # .basic(identity), .x509(chain); 0xF000+ private
    # [enigm.crypto.mls.extensions]
    Extension(kind: int, body: bytes)      # POLICY = 0xF1E0, APPLICATION_ID, EXTERNAL_SENDERS, ...

    # [enigm.crypto.mls.member.needs]: what the application provides
    Needs(clock, entropy, check_credential, psks=NoPsks(), suites=SuiteTable.standard())
        check_credential(claim: CredentialClaim) -> None     # raise a Refusal to reject
        psks.external(psk_id: bytes) -> bytes | None
        psks.resumption(group_id: bytes, epoch: int) -> bytes | None
    Settings(encrypted_handshakes=True, padded_size=lambda size: size, past_epochs_max=5,
             forward_generations_max=1000, skipped_keys_max=1000, ...)
        padded_size(message_bytes: int) -> int               # size of the WHOLE MLSMessage

    # [enigm.crypto.mls.member.identity]
    Identity(credential, signature_private, signature_public)   # Identity.generate(entropy, cred)
    KeyPackageBundle                       # .message: bytes to publish; .serialize() / .restore()
        .reference: bytes                  # KeyPackageRef: which bundle a Welcome is for
    new_key_package(needs, suite, identity, options=LeafOptions()) -> KeyPackageBundle
    LeafOptions(lifetime_seconds, extensions, extension_kinds, proposal_kinds, credential_kinds)

    # [enigm.crypto.mls.proposals]
    Add.of(key_package_message: bytes)   Remove(leaf_index)   Update: group.propose_update()
    PreSharedKey.external(psk_id, nonce) / .resumption(group_id, epoch, nonce)
    ReInit(group_id, version, suite_number, extensions)   GroupContextExtensions(extensions)

    # [enigm.crypto.mls.member.group]: Group, JoinOptions    [.creation]: NewGroup
    # [.committing]: CommitOptions    [.external]: ExternalJoinOptions    [.outcomes]: the results
    Group.create(needs, NewGroup(suite, group_id, identity, extensions=(), leaf=LeafOptions()),
                 settings=Settings()) -> Group
    Group.join(needs, welcome: bytes, bundle, JoinOptions(ratchet_tree: bytes | None = None,
                 predecessor: Group | None = None), settings=Settings()) -> Group
    Group.join_externally(needs, group_info: bytes, identity, ExternalJoinOptions(
                 ratchet_tree=None, replaces_leaf=None, psks=(), ...), settings=Settings())
                 -> Group    # .pending.message is the commit to send; merge_pending() on accept
    Group.load(needs, rows: Mapping[bytes, bytes], settings=Settings()) -> Group
    welcome_recipients(welcome: bytes) -> tuple[bytes, ...]  # KeyPackageRefs [member.joining]

    group.group_id  group.epoch  group.suite  group.leaf_index  group.is_active  group.extensions
    group.members() -> tuple[Member(leaf_index, credential, signature_key, extensions), ...]
    group.epoch_authenticator: bytes
    group.export(label: str, context: bytes, length_bytes: int) -> bytes
    group.resumption_psk(epoch: int | None = None) -> bytes
    group.group_info(with_ratchet_tree=True) -> bytes        # MLSMessage, for external joiners
    group.ratchet_tree() -> bytes

    group.propose(proposal) -> bytes                         # MLSMessage to send
    group.propose_update(identity=None) -> bytes
    group.commit(proposals=(), options=CommitOptions(include_received=True, force_path=False,
                 accepts=lambda sent: True, ratchet_tree_in_welcome=True, identity=None,
                 ratchet_tree_in_group_info=False, authenticated_data=b""))
                 -> PendingCommit(message, welcome | None, group_info, epoch)
                             # epoch = the one it leaves; nothing changes until it is merged
    group.received_proposals -> tuple[SentProposal, ...]     # what the next commit will cover
    group.pending -> PendingCommit | None
    group.merge_pending() -> CommitSummary                   # the server accepted it
    group.discard_pending() -> None                          # another commit won

    group.encrypt(plaintext: bytes, authenticated_data=b"") -> bytes
    group.process(message: bytes) -> one of
        ApplicationMessage(sender_leaf, credential, epoch, plaintext, authenticated_data)
        ProposalReceived(reference, proposal, sender)        # kept for the next commit
        StagedCommit(summary, ...)                           # not applied yet
        OwnCommit()                                          # ours came back: merge_pending()
    group.apply(staged: StagedCommit) -> CommitSummary(sender, epoch, added, removed, updated,
                 removes_me, is_external, psks, reinit, extensions)   # drops our own pending
    group.branch(NewGroup(...), key_packages) -> Group       # §11.3; .pending holds the Welcome
    group.reinitialise(identity, key_packages) -> Group      # §11.2, after a ReInit was merged

    group.take_changes() -> dict[bytes, bytes | None]        # rows to write (None: delete) since
                                                             # the last call; one small row each
    group.serialize() -> bytes            Group.restore(needs, state: bytes, settings) -> Group

Write the rows of ``take_changes`` in the same transaction as what the message led to, before the
message is acknowledged or the ciphertext sent: a consumed key lives only until that write.

Errors: ``errors.MlsInvalidError`` (malformed, or against a rule), ``errors.MlsUnverifiableError``
(signature, tag or decryption failed); both carry ``.rule`` and ``.code`` such as
``mls.leaf_node.lifetime``. Misuse by our own code (merging with nothing pending) is RuntimeError.
Codes an application meets in normal running: ``mls.message.epoch_past``,
``mls.message.epoch_future``, ``mls.message.own``, ``mls.secret_tree.consumed`` (a replay), and from
``encrypt`` ``mls.commit.required``: proposals were received and must be committed first (§12.4).
"""
