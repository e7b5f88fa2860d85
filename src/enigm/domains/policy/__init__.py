"""May this be done? Facts that others establish, and Cedar policies over them, decide it.

Paying, signing in, being connected and being an administrator are separate facts; none implies
another. What cannot be established denies. The domain keeps policies and, for dry runs, the
facts of past decisions without anybody's name.
"""
