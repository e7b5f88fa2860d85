"""The primitives Enigm stands on, one small interface each, over vetted libraries.

``kdf`` derives and compares, ``hpke`` seals to a key (``kem`` holds the key kinds),
``signatures`` sign, ``sealed`` closes a letter for one reader, ``tokens`` are unlinkable
one-use permissions, and ``mls`` is the group protocol (RFC 9420). Our own protocol code
here is unaudited.
"""
