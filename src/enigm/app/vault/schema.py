"""The vault's tables, all in one encrypted file."""

from __future__ import annotations

VERSION = 1

TABLES = """
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- Everyone this profile has met: contacts, members of groups, this account itself.
CREATE TABLE person (
    account TEXT PRIMARY KEY,
    name TEXT NOT NULL DEFAULT '',
    name_checked INTEGER NOT NULL DEFAULT 0,
    card_key BLOB,
    state TEXT NOT NULL DEFAULT 'none',
    verified INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE chain (
    account TEXT PRIMARY KEY,
    root_public BLOB NOT NULL,
    entries BLOB NOT NULL,
    checked_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Where to send letters for a device: opened and verified contact cards.
CREATE TABLE card (
    device_public BLOB PRIMARY KEY,
    account TEXT NOT NULL,
    inbox BLOB NOT NULL,
    hpke_public BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE device_name (
    device_public BLOB PRIMARY KEY,
    name TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE conversation (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    title TEXT NOT NULL DEFAULT '',
    peer TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL,
    is_created INTEGER NOT NULL DEFAULT 0,
    admission BLOB,
    cursor INTEGER NOT NULL DEFAULT 0,
    log_count INTEGER NOT NULL DEFAULT 0,
    log_head BLOB NOT NULL DEFAULT x'',
    is_disputed INTEGER NOT NULL DEFAULT 0,
    changed_at INTEGER NOT NULL,
    updated_keys_at INTEGER NOT NULL
) WITHOUT ROWID;

-- The group's state, in the rows the MLS engine asks for: a message rewrites one small row. Rows
-- have numbers, so that one of the same length is overwritten where it lies: half the time of
-- taking it out and putting it in again among a large group's.
CREATE TABLE mls_row (
    conversation TEXT NOT NULL,
    name BLOB NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (conversation, name)
);

-- Whose devices are in a group, as of the epoch that this device has reached.
CREATE TABLE member (
    conversation TEXT NOT NULL,
    device_public BLOB NOT NULL,
    account TEXT NOT NULL,
    is_admin INTEGER NOT NULL,
    PRIMARY KEY (conversation, device_public)
) WITHOUT ROWID;

-- What an epoch's log looked like after each of its records, to compare with what others saw.
CREATE TABLE log_head (
    conversation TEXT NOT NULL,
    count INTEGER NOT NULL,
    head BLOB NOT NULL,
    PRIMARY KEY (conversation, count)
) WITHOUT ROWID;

CREATE TABLE message (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    conversation TEXT NOT NULL,
    sender TEXT NOT NULL,
    mine INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    seen INTEGER NOT NULL,
    seq INTEGER
);
CREATE INDEX message_by_conversation ON message (conversation, place);
CREATE INDEX message_unseen ON message (conversation) WHERE seen = 0;

CREATE VIRTUAL TABLE message_word USING fts5 (
    text, content = 'message', content_rowid = 'place', tokenize = 'unicode61 remove_diacritics 2'
);
-- Without it, deleted words stay in the index's pages.
INSERT INTO message_word (message_word, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER message_indexed AFTER INSERT ON message BEGIN
    INSERT INTO message_word (rowid, text) VALUES (new.place, new.text);
END;
CREATE TRIGGER message_unindexed AFTER DELETE ON message BEGIN
    INSERT INTO message_word (message_word, rowid, text) VALUES ('delete', old.place, old.text);
END;

CREATE TABLE receipt (
    conversation TEXT NOT NULL,
    account TEXT NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0,
    read INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation, account)
) WITHOUT ROWID;

-- Contents that wait to go into a channel, in order; ``ciphertext`` once it was encrypted.
CREATE TABLE outgoing (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    conversation TEXT NOT NULL,
    content BLOB NOT NULL,
    ciphertext BLOB,
    epoch INTEGER
);

-- Changes to a group that this device wants: tried again on top of whatever others committed.
CREATE TABLE intent (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject BLOB NOT NULL,
    payload BLOB NOT NULL DEFAULT x'',
    not_before INTEGER NOT NULL DEFAULT 0,
    UNIQUE (conversation, kind, subject)
);

-- The commit of this device that is on its way: one per conversation.
CREATE TABLE commit_sent (
    conversation TEXT PRIMARY KEY,
    id BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    message BLOB NOT NULL,
    next_token_hash BLOB NOT NULL
) WITHOUT ROWID;

-- Sealed letters on their way; those of a commit wait until it won (``held_by``).
CREATE TABLE letter (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    account TEXT NOT NULL,
    device_public BLOB NOT NULL,
    body BLOB NOT NULL,
    sealed BLOB,
    admission BLOB,
    held_by TEXT,
    written_at INTEGER NOT NULL,
    not_before INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE request (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    device_public BLOB NOT NULL,
    greeting TEXT NOT NULL,
    at INTEGER NOT NULL,
    shape TEXT NOT NULL,
    title TEXT NOT NULL,
    offer BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE key_package (
    reference BLOB PRIMARY KEY,
    bundle BLOB NOT NULL,
    is_last_resort INTEGER NOT NULL,
    made_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE token (
    place INTEGER PRIMARY KEY,
    token BLOB NOT NULL
);
"""
