"""What devices say of their own state: the least that a policy asks, under a handle, for a while.

A device reports only if its user turned that on. Nothing here names a person, an account or a
device: rows stand under a handle of one purpose, and what they say is sealed.
"""
