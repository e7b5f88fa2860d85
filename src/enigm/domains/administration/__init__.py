"""Administrators: a passkey, one role, and a short session; no name, no address, no account.

Nothing here belongs to a person who uses Enigm, and a person's account is no way in.
"""
