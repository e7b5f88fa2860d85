"""How a tree log says no: text that is no note, and proofs that do not hold."""

from __future__ import annotations

from enigm.foundation.errors import InvalidError, UnverifiableError


class MalformedNoteError(InvalidError):
    """Bytes that are no signed note, checkpoint, key or tile."""

    def __init__(self, detail: str) -> None:
        """Say which part is not well-formed."""
        super().__init__("tree_log.format", detail)


class NoteUnsignedError(UnverifiableError):
    """A note that no trusted key signed, or whose signature by a trusted key fails."""

    def __init__(self, detail: str = "No trusted key signed this note.") -> None:
        """Say whether a signature was absent or wrong."""
        super().__init__("tree_log.signature", detail)


class ProofFailedError(UnverifiableError):
    """An entry is not in the tree, or one tree does not continue another."""

    def __init__(self, detail: str) -> None:
        """Say which of the two was claimed."""
        super().__init__("tree_log.proof", detail)
