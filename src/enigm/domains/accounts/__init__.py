"""Accounts: who may sign in, for how long, and how a person gets back in with the phrase alone.

It never holds a user name, password, phrase, e-mail address, telephone number or device. A name
is known by a keyed hash, a password by an OPAQUE record (RFC 9807) that checks and cannot show it.
Session, recovery and sign-in attempts are states apart, each in its own table; device trust is
another domain's.
"""
