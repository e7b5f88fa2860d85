"""A log that outsiders can check: C2SP tlog-tiles over RFC 6962 hashes, signed checkpoints.

``merkle`` computes and verifies roots and proofs, ``tiles`` lays hashes and entries out as
files, ``signed_note`` signs text so that several keys can vouch for it, ``checkpoint`` is the
note that names a tree, ``cosignature`` is what a witness adds to it, and
``verification`` checks a whole log from its files.
"""
