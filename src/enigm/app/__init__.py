"""Enigm App: the vault, the identity and the conversations of one profile on the user's machine.

The only place where content is open. ``app.App`` is the door: the loopback page and the command
line call it and nothing beneath it. No server code imports this package.
"""
