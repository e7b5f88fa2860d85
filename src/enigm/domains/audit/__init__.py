"""Decisions that must be provable later, as commitments in a log that outsiders can check.

Each record is sealed under the key of its category and month; the log holds only a commitment
to it. When a key is destroyed the record cannot be read again, and every proof still holds.
The domain never holds protected content, names, addresses or free text.
"""
