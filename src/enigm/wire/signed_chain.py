"""A public list that can only grow: each line is bound to all before it, and signed.

Whoever remembers one head of the list sees whether a later copy still contains the same past.
Two people who compare heads see whether they are shown the same list.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NewType

from enigm.crypto.signatures import Ed25519
from enigm.foundation.errors import InvalidError, UnverifiableError

if TYPE_CHECKING:
    from collections.abc import Sequence

ChainHead = NewType("ChainHead", bytes)
"""32 bytes that stand for a whole list."""

EMPTY: Final = ChainHead(bytes(32))
# A list of a thousand lines a year lasts for decades; longer is nobody's of ours.
LINES_MAX: Final = 100_000
_LINE_CHARACTERS_MAX: Final = 1024


class ChainBrokenError(UnverifiableError):
    """A line was changed, dropped, moved or signed by another key; or the past is another one."""

    def __init__(self, position: int) -> None:
        """Name the first line that does not hold, counted from 0."""
        super().__init__(
            "wire.chain", f"Line {position} of the list does not continue the lines before it."
        )
        self.position = position


class ChainForkedError(UnverifiableError):
    """The list is whole, and is not a continuation of the one that was seen before."""

    def __init__(self) -> None:
        """Say what that means."""
        super().__init__(
            "wire.chain_forked",
            "This list has another past than the one that was seen before: somebody is shown a "
            "list of their own.",
        )


@dataclass(frozen=True, slots=True)
class ChainLine:
    """One line: what it says, and the signature on all up to here."""

    text: str
    signature: bytes


def head_after(label: str, before: ChainHead, text: str) -> ChainHead:
    """Return the head of a list that was ``before`` and has one line more."""
    said = text.encode()
    if len(text) > _LINE_CHARACTERS_MAX or "\x00" in text:
        raise InvalidError("wire.chain_line", "A line of the list is too long or malformed.")
    return ChainHead(hashlib.sha256(_name(label) + before + said).digest())


def sign_line(private: bytes, label: str, before: ChainHead, text: str) -> ChainLine:
    """Return the next line of a list."""
    head = head_after(label, before, text)
    return ChainLine(text, Ed25519.sign(private, _name(label) + head))


def check_chain(
    public: bytes, label: str, lines: Sequence[ChainLine], seen: ChainHead = EMPTY
) -> ChainHead:
    """Return the list's head, if every line holds and ``seen`` is among its past.

    Raises:
        ChainBrokenError: a line does not hold.
        ChainForkedError: the list never had the head that was seen before.
    """
    if len(lines) > LINES_MAX:
        raise InvalidError("wire.chain_length", "The list is longer than any of ours.")
    head, was_seen = EMPTY, seen == EMPTY
    for position, line in enumerate(lines):
        try:
            head = head_after(label, head, line.text)
            Ed25519.verify(public, _name(label) + head, line.signature)
        except (InvalidError, UnverifiableError) as error:
            raise ChainBrokenError(position) from error
        was_seen = was_seen or head == seen
    if not was_seen:
        raise ChainForkedError
    return head


def _name(label: str) -> bytes:
    """Two lists under one key never share a signature: each has its label in front."""
    said = label.encode()
    return len(said).to_bytes(2) + said
