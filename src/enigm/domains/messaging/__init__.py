"""Delivery of sealed messages: channels and inboxes as append-only logs of padded ciphertext.

Holds no account, device, session, sender, address or content: whoever presents the secret of a
log's epoch is a member of it, and that is all there is to know.
"""
