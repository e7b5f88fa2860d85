"""Reads an encrypted store as an examiner with the key would: every page, the freed ones too."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

# SQLCipher 4's page: content, 16 bytes of IV, 64 bytes of HMAC-SHA-512.
_IV_BYTES = 16
_RESERVED_BYTES = 80
_SALT_BYTES = 16
_LOG_HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24


def decrypted_pages(path: Path, raw_key: bytes, page_bytes: int = 4096) -> bytes:
    """Return every page of the file and of its log in the clear, one after another."""
    stored = path.read_bytes()
    pages = [stored[start : start + page_bytes] for start in range(0, len(stored), page_bytes)]
    clear = [_decrypted(page, raw_key, first=number == 0) for number, page in enumerate(pages)]
    log = path.with_name(path.name + "-wal")
    if log.exists():
        frames = log.read_bytes()[_LOG_HEADER_BYTES:]
        step = _FRAME_HEADER_BYTES + page_bytes
        for start in range(0, len(frames), step):
            number = int.from_bytes(frames[start : start + 4], "big")
            page = frames[start + _FRAME_HEADER_BYTES : start + step]
            clear.append(_decrypted(page, raw_key, first=number == 1))
    return b"".join(clear)


def _decrypted(page: bytes, raw_key: bytes, *, first: bool) -> bytes:
    content = page[_SALT_BYTES if first else 0 : -_RESERVED_BYTES]
    iv = page[-_RESERVED_BYTES:][:_IV_BYTES]
    decryptor = Cipher(AES256(raw_key), CBC(iv)).decryptor()
    return decryptor.update(content) + decryptor.finalize()
