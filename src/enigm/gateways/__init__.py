"""Processes that must not know accounts, each with its own keys and its own store."""
