"""Command: where people buy and look after an account, on an origin and a session of its own.

It shows what is kept and nothing of what is said: no module here can import what opens content.
"""
