"""Messaging Layer Security (RFC 9420), laid out by the RFC's chapters. Unaudited.

The folder has two halves. Everything here but ``member`` is what an outsider may know and
verify: the formats, the tree of public keys, the rules for proposals and commits
(``public_group`` follows a group without its secrets). ``member`` holds the secrets; servers
must not import it.

Bytes from the network become ``Unverified…`` objects first. Only a check turns one into the
type that the rest of the engine accepts. A commit is staged beside the state and then merged;
a refused message leaves the state byte for byte as it was. Every refusal is one row of
``errors.Rule`` with a stable code and the clause it enforces.
"""
